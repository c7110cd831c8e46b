// Addresses of IPv4 and IPv6 as bytes in network order, 4 or 16 of them: their text (RFC 4291, 2.2; RFC 5952) and their kinds.
import { Solo5Error } from "../bytes/error.js";
import { equal, get16, get32 } from "./wire.js";

/** 4 bytes of IPv4 or 16 of IPv6. Never changed once made. */
export type Address = Uint8Array;
/** 6 bytes. */
export type Mac = Uint8Array;
export type Family = 4 | 6;

export interface Prefix {
  readonly address: Address;
  /** Of the address's bits, those that name the link. */
  readonly length: number;
}

export const familyOf = (address: Address): Family => (address.length === 4 ? 4 : 6);
export const unspecified = { 4: new Uint8Array(4), 6: new Uint8Array(16) } as const;
export const limitedBroadcast: Address = Uint8Array.of(255, 255, 255, 255);
/** ff02::1 and ff02::2 (RFC 4291, 2.7.1). */
export const allNodes = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
export const allRouters = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);

function parse4(text: string): Address | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^(?:0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255))
    return undefined;
  return Uint8Array.from(parts, Number);
}

function parse6(text: string): Address | undefined {
  const dotted = /^(.*:)(\d+\.[\d.]+)$/.exec(text);
  const last = dotted === null ? undefined : parse4(dotted[2] ?? "");
  if (dotted !== null && last === undefined) return undefined;
  const hex =
    last === undefined ? text : `${dotted?.[1]}${get16(last, 0).toString(16)}:${get16(last, 2).toString(16)}`;
  const halves = hex.split("::");
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")));
  const count = groups.reduce((sum, { length }) => sum + length, 0);
  if (halves.length > 2 || (halves.length === 1 ? count !== 8 : count > 7)) return undefined;
  const filled = [...(groups[0] ?? []), ...Array<string>(8 - count).fill("0"), ...(groups[1] ?? [])];
  if (filled.some((group) => !/^[\da-f]{1,4}$/i.test(group))) return undefined;
  return Uint8Array.from(
    filled.map((group) => Number.parseInt(group, 16)).flatMap((value) => [value >> 8, value & 255]),
  );
}

/** The address that `text` spells, or undefined. */
export const tryParseAddress = (text: string): Address | undefined =>
  text.includes(":") ? parse6(text) : parse4(text);

/** Throws Solo5Error `ADDRESS`. */
export function parseAddress(text: string): Address {
  const address = tryParseAddress(text);
  if (address === undefined) throw new Solo5Error("ADDRESS", `not an IP address: ${text}`);
  return address;
}

/** `10.0.2.2/24`; without a length the prefix is the address alone. Throws Solo5Error `ADDRESS`. */
export function parsePrefix(text: string): Prefix {
  const [ip = "", bits, ...rest] = text.split("/");
  const address = parseAddress(ip);
  const length = bits === undefined ? address.length * 8 : Number(bits);
  if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits)) || length > address.length * 8)
    throw new Solo5Error("ADDRESS", `not an IP prefix: ${text}`);
  return { address, length };
}

/** As RFC 5952, 4 has it: lower case, the longest run of zeros shortened. */
export function formatAddress(address: Address): string {
  if (address.length === 4) return address.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => get16(address, i * 2));
  if (get32(address, 0) === 0 && get32(address, 4) === 0 && get32(address, 8) === 0xffff)
    return `::ffff:${address.subarray(12).join(".")}`;
  let [start, size] = [0, 1];
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > size) [start, size] = [i, end - i];
  }
  const hex = groups.map((group) => group.toString(16));
  return size < 2 ? hex.join(":") : `${hex.slice(0, start).join(":")}::${hex.slice(start + size).join(":")}`;
}

/** A string that is the same for the same bytes: a key of maps. */
export function keyOf(bytes: Uint8Array, at = 0, size = bytes.length): string {
  let key = "";
  for (let i = at; i < at + size; i += 2) key += String.fromCharCode(get16(bytes, i));
  return key;
}

export function inPrefix(address: Address, prefix: Prefix): boolean {
  if (address.length !== prefix.address.length) return false;
  return commonBits(address, prefix.address) >= prefix.length;
}

/** How many first bits two addresses of one family share. */
export function commonBits(a: Address, b: Address): number {
  for (let i = 0; i < a.length; i++) {
    const differing = (a[i] as number) ^ (b[i] as number);
    if (differing !== 0) return i * 8 + Math.clz32(differing) - 24;
  }
  return a.length * 8;
}

export const isUnspecified = (address: Address): boolean => address.every((byte) => byte === 0);
/** 224/4 (RFC 1112, 4) or ff00::/8. */
export const isMulticast = (address: Address): boolean =>
  address.length === 4 ? ((address[0] as number) & 0xf0) === 0xe0 : address[0] === 0xff;
/** 127/8 or ::1: never on a link (RFC 1122, 3.2.1.3g; RFC 4291, 2.5.3). */
export const isLoopback = (address: Address): boolean =>
  address.length === 4
    ? address[0] === 127
    : address[15] === 1 && address.subarray(0, 15).every((byte) => byte === 0);
/** fe80::/10, or 169.254/16 (RFC 3927). */
export const isLinkLocal = (address: Address): boolean =>
  address.length === 4
    ? address[0] === 169 && address[1] === 254
    : address[0] === 0xfe && ((address[1] as number) & 0xc0) === 0x80;

/** The last address of an IPv4 prefix as a number of 32 bits (RFC 1122, 3.2.1.3d); 0: /31 and /32 have none (RFC 3021). */
export const broadcastOf = ({ address, length }: Prefix): number =>
  length > 30 ? 0 : get32(address, 0) | (length === 0 ? -1 : ~(-1 << (32 - length)));

/** Whether that is the address. */
export const isBroadcast = (address: Address, prefix: Prefix): boolean =>
  address.length === 4 &&
  prefix.length <= 30 &&
  inPrefix(address, prefix) &&
  get32(address, 0) === broadcastOf(prefix);

/** ff02::1:ffXX:XXXX (RFC 4291, 2.7.1). */
export const solicitedNode = (address: Address): Address =>
  Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...address.subarray(13));

/** fe80::/64 with the modified EUI-64 of a MAC (RFC 4291, 2.5.1 and appendix A), or another prefix with it. */
export function interfaceAddress(mac: Mac, prefix: Address = Uint8Array.of(0xfe, 0x80)): Address {
  const address = new Uint8Array(16);
  address.set(prefix.subarray(0, 8));
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac;
  address.set([a ^ 2, b, c, 0xff, 0xfe, d, e, f], 8);
  return address;
}

/** Whether a list of addresses has this one. */
export const includesAddress = (list: readonly Address[], address: Address): boolean =>
  list.some((other) => equal(other, address));
