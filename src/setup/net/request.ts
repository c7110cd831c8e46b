// What `solo5 net` is asked for: an interface that is to be there, or not to be there. Names and addresses are checked here, before
// anything runs as root.
import { Solo5Error } from "../../bytes/error.js";
import { formatAddress, isLoopback, isMulticast, parsePrefix, type Prefix } from "../../ip/index.js";

/** Systems whose interfaces can be set up. */
export const systems = ["linux", "freebsd", "openbsd"] as const;
export type SetUpSystem = (typeof systems)[number];

export const isSystem = (name: string): name is SetUpSystem => (systems as readonly string[]).includes(name);

export interface AddRequest {
  readonly tap: string;
  /** Who may open the tap: a name or a number. */
  readonly user: string;
  /** Bytes. By default the system's own, 1500. */
  readonly mtu?: number | undefined;
  /** The host's addresses on the link, at the bridge where there is one. */
  readonly addresses: readonly Prefix[];
  readonly bridge?: string | undefined;
  /** The interface that packets leave by, where their senders are to be hidden behind it. */
  readonly nat?: Nat | undefined;
}

/** FreeBSD's filter must be told the interface; the others find it. */
export interface Nat {
  readonly out?: string | undefined;
}

/** What an interface that was made here has as its description: nothing else is ever changed or removed. */
export const mark = "solo5 net";

/** The table or anchor with the rules of an interface. */
export const filterName = (tap: string, separator: string): string => `solo5${separator}${tap}`;

const netError = (name: string, reason: string): Solo5Error => new Solo5Error("NET", `${name}: ${reason}`);

/** IFNAMSIZ less the NUL, on all three. */
const longestName = 15;

type Kind = "tap" | "bridge";
const bsdNames = {
  freebsd: { tap: /^tap(?:0|[1-9]\d{0,3})$/, bridge: /^bridge(?:0|[1-9]\d{0,3})$/ },
  openbsd: { tap: /^tap(?:0|[1-9]\d{0,3})$/, bridge: /^veb(?:0|[1-9]\d{0,3})$/ },
} as const satisfies Record<Exclude<SetUpSystem, "linux">, Record<Kind, RegExp>>;
const bsdExample = { tap: "tap0", bridge: { freebsd: "bridge0", openbsd: "veb0" } } as const;

/** A name that any system takes, and no line or path makes more of. Throws Solo5Error `NET`. */
export function checkName(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9_.-]*$/.test(name) && name.length <= longestName) return name;
  throw netError(
    JSON.stringify(name),
    `not the name of an interface: a letter, then letters, digits and _.-, ${longestName} at most`,
  );
}

/** `name` as `system` has to have it. Throws Solo5Error `NET`. */
export function checkNameOf(system: SetUpSystem, kind: Kind, name: string): string {
  checkName(name);
  if (system === "linux" || bsdNames[system][kind].test(name)) return name;
  const example = kind === "tap" ? bsdExample.tap : bsdExample.bridge[system];
  throw netError(name, `${system} calls a ${kind} ${example}, or by another number`);
}

/** The name or number of a user, as chown(8) takes it. Throws Solo5Error `NET`. */
export function checkUser(user: string): string {
  if (/^(?:[A-Za-z_][A-Za-z0-9_.-]{0,31}|\d{1,9})$/.test(user)) return user;
  throw netError(JSON.stringify(user), "not the name or number of a user");
}

/** Smallest and largest MTU of an Ethernet that can have one. RFC 791, 3.2; linux/if_ether.h. */
const mtuRange = { least: 68, most: 65_521 } as const;

/** Throws Solo5Error `NET`. */
export function checkMtu(text: string): number {
  const mtu = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (mtu >= mtuRange.least && mtu <= mtuRange.most) return mtu;
  throw netError(JSON.stringify(text), `not an MTU from ${mtuRange.least} to ${mtuRange.most}`);
}

/** Whether the bits behind the network's are all ones: IPv4's broadcast, where the network has more than two addresses. */
const isBroadcast = ({ address, length }: Prefix): boolean =>
  address.length === 4 &&
  length < 31 &&
  address.every((byte, i) => (byte | (0xff00 >> Math.min(8, Math.max(0, length - 8 * i)))) % 256 === 255);

/** `10.0.0.1/24`. Throws Solo5Error `ADDRESS`. */
export function checkAddress(text: string): Prefix {
  if (!text.includes("/"))
    throw new Solo5Error("ADDRESS", `${text}: an address has its network's length behind it: ${text}/24`);
  const prefix = parsePrefix(text);
  const { address } = prefix;
  if (
    isMulticast(address) ||
    isLoopback(address) ||
    address.every((byte) => byte === 0) ||
    isBroadcast(prefix)
  )
    throw new Solo5Error("ADDRESS", `${text}: no interface has that address`);
  return prefix;
}

export const formatPrefix = ({ address, length }: Prefix): string => `${formatAddress(address)}/${length}`;

/** The network that an address is of. */
export function networkOf({ address, length }: Prefix): Prefix {
  const network = address.map(
    (byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))) & 0xff,
  );
  return { address: network, length };
}

/** The interface that has the addresses. */
export const addressed = ({ tap, bridge }: AddRequest): string => bridge ?? tap;

export const familyOf = ({ address }: Prefix): 4 | 6 => (address.length === 16 ? 6 : 4);
