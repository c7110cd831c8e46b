// The options of a network without root, checked, and how a command line says them:
// user[,tcp:[ADDR:]HOST:GUEST][,udp:…][,restrict][,allow=…][,ip=CIDR][,mtu=N].
import type { Solo5Error } from "../../bytes/error.js";
import {
  formatAddress,
  isBroadcast,
  parsePrefix,
  tryParseAddress,
  type Address,
  type Prefix,
} from "../../ip/address.js";
import { netError, type NetScheme } from "../scheme.js";
import { ethernetMtu } from "../contract.js";
import type { NetMtu } from "../opener.js";
import type { Forward, UserOptions, UserSource } from "./source.js";

/** `allow`, read. */
export interface Allowed {
  readonly prefix: Prefix;
  /** Any where absent. */
  readonly port: number | undefined;
}

/** The options, read and checked. */
export interface UserNetwork {
  readonly guest: Address;
  readonly gateway: Address;
  /** Bits of the network's prefix. */
  readonly prefixLength: number;
  readonly forwards: readonly Forward[];
  readonly restrict: boolean;
  readonly allowed: readonly Allowed[];
  readonly mtu: number;
}

const name = "user";
const defaultIp = "10.0.0.2/24";
export const defaultListen = "127.0.0.1";
/** IPv6 asks for 1280 (RFC 8200, 5), frames end at 64 KiB. */
const mtuRange = { least: 1280, most: 65_000 } as const;

const refuse = (what: string, why: string): Solo5Error => netError(`${name},${what}`, why);
const port = (text: string): number | undefined =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;

/** `[ADDR:]HOST:GUEST` behind `tcp:` or `udp:`. */
function parseForward(item: string): Forward | undefined {
  const [, protocol, address, host = "", guest = ""] =
    /^(tcp|udp):(?:(\[[^\]]*\]|[^:[\]]*):)?(\d+):(\d+)$/.exec(item) ?? [];
  const [hostPort, guestPort] = [port(host), port(guest)];
  if (protocol === undefined || hostPort === undefined || guestPort === undefined) return undefined;
  return {
    protocol: protocol as Forward["protocol"],
    address: address?.replace(/^\[|\]$/g, ""),
    hostPort,
    guestPort,
  };
}

const formatForward = ({ protocol, address, hostPort, guestPort }: Forward): string => {
  const shown = address?.includes(":") === true ? `[${address}]` : address;
  return `${protocol}:${shown === undefined ? "" : `${shown}:`}${hostPort}:${guestPort}`;
};

export function parseAllowed(text: string): Allowed {
  const [, bracketed, plain = "", portText] =
    /^(?:\[([^\]]*)\]|([^:]*(?::[^:]*:.*)?))(?::(\d+))?$/.exec(text) ?? [];
  const allowedPort = portText === undefined ? undefined : port(portText);
  if (portText !== undefined && allowedPort === undefined) throw refuse(`allow=${text}`, "no port");
  try {
    return { prefix: parsePrefix(bracketed ?? plain), port: allowedPort };
  } catch (cause) {
    throw netError(`${name},allow=${text}`, (cause as Error).message, cause);
  }
}

/** The first address of the network that can be a host's, or the second where the unikernel has that. */
function gatewayOf(guest: Address, length: number): Address {
  const bits = 32 - length;
  const base = (toNumber(guest) >>> bits) * 2 ** bits;
  const first = base + 1 === toNumber(guest) ? base + 2 : base + 1;
  return fromNumber(first);
}
const toNumber = (address: Address): number => address.reduce((value, byte) => value * 256 + byte, 0);
const fromNumber = (value: number): Address =>
  Uint8Array.of(value / 2 ** 24, (value / 2 ** 16) & 255, (value / 2 ** 8) & 255, value & 255);

/** Checks what a user says. Throws Solo5Error `NET`. */
export function readUserOptions({
  forwards = [],
  restrict = false,
  allow = [],
  ip = defaultIp,
  mtu = ethernetMtu,
}: UserOptions): UserNetwork {
  for (const forward of forwards) {
    const { address, hostPort, guestPort } = forward;
    if (![hostPort, guestPort].every((n) => port(`${n}`) !== undefined) || guestPort === 0)
      throw refuse(
        formatForward(forward),
        "ports are numbers from 1 to 65535; the host's may be 0, any that is free",
      );
    if (address !== undefined && tryParseAddress(address) === undefined)
      throw refuse(formatForward(forward), `not an IP address: ${address}`);
  }
  if (!Number.isInteger(mtu) || mtu < mtuRange.least || mtu > mtuRange.most)
    throw refuse(`mtu=${mtu}`, `from ${mtuRange.least} to ${mtuRange.most}`);
  let prefix: Prefix;
  try {
    prefix = parsePrefix(ip);
  } catch (cause) {
    throw netError(`${name},ip=${ip}`, (cause as Error).message, cause);
  }
  const { address, length } = prefix;
  if (address.length !== 4 || length > 29 || length < 1)
    throw refuse(`ip=${ip}`, "an IPv4 address and a prefix of 29 bits at most, such as 10.0.0.2/24");
  // The network's own address stands for its second host.
  const bits = 32 - length;
  const guest = toNumber(address) % 2 ** bits === 0 ? fromNumber(toNumber(address) + 2) : address;
  if (isBroadcast(guest, prefix)) throw refuse(`ip=${ip}`, "the network's broadcast address");
  return {
    guest,
    gateway: gatewayOf(guest, length),
    prefixLength: length,
    forwards,
    restrict,
    allowed: allow.map(parseAllowed),
    mtu,
  };
}

export const userScheme: NetScheme<UserSource> = {
  form: `${name}[,OPTION…]`,
  help: [
    "a network that needs no root: the unikernel reaches the Internet through this process;",
    "tcp:[ADDR:]HOST:GUEST, udp:[ADDR:]HOST:GUEST: a port of the host's (at 127.0.0.1) leads to",
    "the unikernel; restrict: no way out; allow=ADDR[/BITS][:PORT]: a way to what is denied;",
    `ip=ADDR/BITS: the unikernel's address (default ${defaultIp}); mtu=N`,
  ],
  parse(value) {
    const [first, ...items] = value.split(",");
    if (first !== name) return undefined;
    const forwards: Forward[] = [];
    const allow: string[] = [];
    const options: { restrict?: boolean; ip?: string; mtu?: number } = {};
    for (const item of items) {
      const [, key = "", text = ""] = /^([a-z]+)=(.+)$/.exec(item) ?? [];
      const forward = parseForward(item);
      if (forward !== undefined) forwards.push(forward);
      else if (item === "restrict") options.restrict = true;
      else if (key === "allow") allow.push(text);
      else if (key === "ip") options.ip = text;
      else if (key === "mtu" && /^\d+$/.test(text)) options.mtu = Number(text);
      else
        throw refuse(
          item,
          `not one of tcp:[ADDR:]HOST:GUEST, udp:[ADDR:]HOST:GUEST, restrict, allow=…, ip=…, mtu=N`,
        );
    }
    const source: UserSource = { kind: "user", ...options, forwards, allow };
    readUserOptions(source);
    return source;
  },
  guestOptions: (source) => mirageOptions(readUserOptions(source)),
  format: ({ forwards = [], restrict = false, allow = [], ip, mtu }) =>
    [
      name,
      ...forwards.map(formatForward),
      ...(restrict ? ["restrict"] : []),
      ...allow.map((one) => `allow=${one}`),
      ...(ip === undefined ? [] : [`ip=${ip}`]),
      ...(mtu === undefined ? [] : [`mtu=${mtu}`]),
    ].join(","),
};

/** What MirageOS takes on its command line for the unikernel's address. */
export const mirageOptions = ({ guest, gateway, prefixLength }: UserNetwork): string =>
  `--ipv4=${formatAddress(guest)}/${prefixLength} --ipv4-gateway=${formatAddress(gateway)}`;

export const userMtu: NetMtu<UserSource> = (source) => readUserOptions(source).mtu;
