// Taps and bridges of FreeBSD and OpenBSD, by their own programs, none of them a shell. tap(4), if_bridge(4), veb(4), ifconfig(8),
// pfctl(8) of each.
import { Solo5Error } from "../../bytes/error.js";
import { familyOf, filterName, formatPrefix, mark, networkOf, type AddRequest } from "./request.js";

export type Bsd = "freebsd" | "openbsd";

/** A program with its arguments and, for pfctl, its input. */
export interface Step {
  readonly argv: readonly string[];
  readonly input?: string;
  /** Makes an interface: left out where that is there already. */
  readonly makes?: string;
  /** Left out where ifconfig says this of `of` already. */
  readonly unless?: { readonly of: string; readonly says: string };
  /** That it cannot be done says that there is nothing to do. */
  readonly mayFail?: true;
}

const ifconfig = (...args: readonly string[]): Step => ({ argv: ["ifconfig", ...args] });
const sysctl = (setting: string): Step => ({ argv: ["sysctl", setting] });

const make = (name: string): readonly Step[] => [
  { ...ifconfig(name, "create"), makes: name },
  ifconfig(name, "description", mark),
];

/** What a bridge needs beside itself: OpenBSD's have their addresses at a vport(4) of the same number. */
const addressedOf = (system: Bsd, { tap, bridge }: AddRequest): string => {
  if (bridge === undefined) return tap;
  return system === "freebsd" ? bridge : bridge.replace(/^veb/, "vport");
};

const perSystem = {
  freebsd: {
    /** A tap that is opened comes up, and is opened by whom its device belongs to. */
    before: ({ bridge }: AddRequest): readonly Step[] => [
      { argv: ["kldload", "-n", "if_tuntap"] },
      ...(bridge === undefined ? [] : [{ argv: ["kldload", "-n", "if_bridge"] }]),
      sysctl("net.link.tap.up_on_open=1"),
      sysctl("net.link.tap.user_open=1"),
    ],
    bridge: (bridge: string, tap: string): readonly Step[] => [
      ...make(bridge),
      { ...ifconfig(bridge, "addm", tap), unless: { of: bridge, says: `member: ${tap} ` } },
      ifconfig(bridge, "up"),
    ],
    address: (name: string, prefix: string, isV6: boolean): Step =>
      ifconfig(name, isV6 ? "inet6" : "inet", prefix, "alias"),
    forwarding: { 4: "net.inet.ip.forwarding=1", 6: "net.inet6.ip6.forwarding=1" },
    nat: (network: string, isV6: boolean, out = ""): string =>
      `nat on ${out} ${isV6 ? "inet6" : "inet"} from ${network} to any -> (${out})\n`,
  },
  openbsd: {
    before: (): readonly Step[] => [],
    bridge: (bridge: string, tap: string): readonly Step[] => {
      const port = bridge.replace(/^veb/, "vport");
      return [
        ...make(bridge),
        ...make(port),
        ...[port, tap].map((one) => ({
          ...ifconfig(bridge, "add", one),
          unless: { of: bridge, says: `${one} flags` },
        })),
        ifconfig(port, "up"),
        ifconfig(bridge, "up"),
      ];
    },
    address: (name: string, prefix: string, isV6: boolean): Step =>
      ifconfig(name, isV6 ? "inet6" : "inet", "alias", prefix),
    forwarding: { 4: "net.inet.ip.forwarding=1", 6: "net.inet6.ip6.forwarding=1" },
    nat: (network: string, isV6: boolean, out = "egress"): string =>
      `match out on ${out} ${isV6 ? "inet6" : "inet"} from ${network} to any nat-to (${out})\n`,
  },
} as const;

const anchorOf = (tap: string): string => filterName(tap, "/");

function natSteps(system: Bsd, request: AddRequest): readonly Step[] {
  const { addresses, nat, tap } = request;
  if (nat === undefined) return [];
  const { forwarding, nat: rule } = perSystem[system];
  if (system === "freebsd" && nat.out === undefined)
    throw new Solo5Error("NET", `${tap}: FreeBSD's filter must be told where packets leave: --out=em0`);
  const rules = addresses.map((one) => rule(formatPrefix(networkOf(one)), familyOf(one) === 6, nat.out));
  return [
    ...[...new Set(addresses.map(familyOf))].map((family) => sysctl(forwarding[family])),
    { argv: ["pfctl", "-a", anchorOf(tap), "-f", "-"], input: rules.join("") },
  ];
}

/** What has `request` be there, in order. Throws Solo5Error `NET`. */
export function addSteps(system: Bsd, request: AddRequest): readonly Step[] {
  const { tap, user, mtu, addresses, bridge } = request;
  const { before, address, bridge: bridgeSteps } = perSystem[system];
  const name = addressedOf(system, request);
  return [
    ...before(request),
    ...make(tap),
    ...(mtu === undefined ? [] : [ifconfig(tap, "mtu", `${mtu}`)]),
    { argv: ["chown", user, `/dev/${tap}`] },
    ifconfig(tap, "up"),
    ...(bridge === undefined ? [] : bridgeSteps(bridge, tap)),
    ...addresses.map((one) => address(name, formatPrefix(one), familyOf(one) === 6)),
    ...natSteps(system, request),
  ];
}

/** What takes the interface `name` away. */
export function removeSteps(system: Bsd, name: string): readonly Step[] {
  const port = system === "openbsd" && name.startsWith("veb") ? [name.replace(/^veb/, "vport")] : [];
  return [
    ...[name, ...port].map((one) => ifconfig(one, "destroy")),
    ...(name.startsWith("tap")
      ? [{ argv: ["pfctl", "-a", anchorOf(name), "-F", "all"], mayFail: true as const }]
      : []),
  ];
}

/** A word as sh takes it: names and addresses are checked, the rest has no quotes. */
const quoted = (word: string): string => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word}'`);

export const lineOf = ({ argv, input }: Step): string => {
  const line = argv.map(quoted).join(" ");
  return input === undefined ? line : `printf '%s\\n' '${input.trimEnd().replaceAll("\n", "' '")}' | ${line}`;
};
