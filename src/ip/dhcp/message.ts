// DHCP messages (RFC 2131, 2) and their options (RFC 2132), read and written.
import { concat, get16, get32, set16, set32 } from "../wire.js";
import type { Address, Mac } from "../address.js";

export const dhcpPort = { server: 67, client: 68 } as const;
/** RFC 2132, 9.6. */
export const dhcpType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;
export type DhcpType = (typeof dhcpType)[keyof typeof dhcpType];
/** RFC 2132; the classless routes are RFC 3442's, the search list RFC 3397's. */
export const dhcpOption = {
  subnetMask: 1,
  router: 3,
  dnsServers: 6,
  hostName: 12,
  domainName: 15,
  interfaceMtu: 26,
  broadcast: 28,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterList: 55,
  message: 56,
  maximumSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  clientIdentifier: 61,
} as const;

export interface DhcpMessage {
  /** 1 from a client, 2 from a server. */
  readonly op: 1 | 2;
  readonly xid: number;
  readonly secs: number;
  /** The client cannot take unicast yet. */
  readonly broadcast: boolean;
  readonly ciaddr: Address;
  readonly yiaddr: Address;
  readonly siaddr: Address;
  readonly giaddr: Address;
  /** Hardware address; Ethernet alone. */
  readonly chaddr: Mac;
  readonly type: DhcpType;
  /** Without the message type. */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

const cookie = 0x63825363;
const headerSize = 240;
const field = { xid: 4, secs: 8, flags: 10, ciaddr: 12, yiaddr: 16, siaddr: 20, giaddr: 24, chaddr: 28, sname: 44, file: 108, cookie: 236 } as const; // prettier-ignore
/** RFC 1542, 2.1: some relays want BOOTP's size. */
const sizeMin = 300;

export function writeDhcp(message: DhcpMessage): Uint8Array {
  const header = new Uint8Array(headerSize);
  header.set([message.op, 1, 6, 0]);
  set32(header, field.xid, message.xid);
  set16(header, field.secs, message.secs);
  set16(header, field.flags, message.broadcast ? 0x8000 : 0);
  for (const name of ["ciaddr", "yiaddr", "siaddr", "giaddr", "chaddr"] as const)
    header.set(message[name], field[name]);
  set32(header, field.cookie, cookie);
  const options = [
    ...new Map([[dhcpOption.messageType as number, Uint8Array.of(message.type)], ...message.options]),
  ]
    // RFC 3396: what is longer than an option goes in several.
    .flatMap(([code, data]) =>
      Array.from({ length: Math.max(1, Math.ceil(data.length / 255)) }, (_, i) => {
        const part = data.subarray(i * 255, i * 255 + 255);
        return Uint8Array.of(code, part.length, ...part);
      }),
    );
  const whole = concat(header, ...options, Uint8Array.of(255));
  return whole.length < sizeMin ? concat(whole, new Uint8Array(sizeMin - whole.length)) : whole;
}

/** The message in `data`, or undefined where it is none of DHCP over Ethernet. */
export function readDhcp(data: Uint8Array): DhcpMessage | undefined {
  if (data.length < headerSize || get32(data, field.cookie) !== cookie || data[1] !== 1 || data[2] !== 6)
    return undefined;
  const options = new Map<number, Uint8Array>();
  if (!readOptions(data.subarray(headerSize), options)) return undefined;
  // RFC 2131, 4.1: options may go on in the fields for names.
  const overload = options.get(dhcpOption.overload)?.[0] ?? 0;
  if ((overload & 1) !== 0 && !readOptions(data.subarray(field.file, field.cookie), options))
    return undefined;
  if ((overload & 2) !== 0 && !readOptions(data.subarray(field.sname, field.file), options)) return undefined;
  const type = options.get(dhcpOption.messageType)?.[0] ?? 0;
  const [op] = data;
  if ((op !== 1 && op !== 2) || type < 1 || type > 8) return undefined;
  options.delete(dhcpOption.messageType);
  const address = (at: number): Address => data.slice(at, at + 4);
  return {
    op,
    xid: get32(data, field.xid),
    secs: get16(data, field.secs),
    broadcast: (get16(data, field.flags) & 0x8000) !== 0,
    ciaddr: address(field.ciaddr),
    yiaddr: address(field.yiaddr),
    siaddr: address(field.siaddr),
    giaddr: address(field.giaddr),
    chaddr: data.slice(field.chaddr, field.chaddr + 6),
    type: type as DhcpType,
    options,
  };
}

/** False where an option goes beyond the end. Of options that come again the parts are joined (RFC 3396, 5). */
function readOptions(data: Uint8Array, into: Map<number, Uint8Array>): boolean {
  for (let at = 0; at < data.length;) {
    const code = data[at] as number;
    if (code === 255) return true;
    if (code === 0) {
      at++;
      continue;
    }
    const size = data[at + 1];
    if (size === undefined || at + 2 + size > data.length) return false;
    const before = into.get(code);
    const value = data.slice(at + 2, at + 2 + size);
    into.set(code, before === undefined ? value : concat(before, value));
    at += 2 + size;
  }
  return true;
}

export const u32 = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  set32(bytes, 0, value);
  return bytes;
};
export const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value);

/** Bytes of a text whose characters are those of ASCII; others become question marks. */
export const ascii = (text: string): Uint8Array =>
  Uint8Array.from(text, (char) => (char.charCodeAt(0) < 128 ? char.charCodeAt(0) : 63));

/** The addresses that follow each other in an option. */
export const addressesIn = (data: Uint8Array | undefined): Address[] =>
  data === undefined ? [] : Array.from({ length: data.length >> 2 }, (_, i) => data.slice(i * 4, i * 4 + 4));

/** 255.255.255.0 for 24. */
export const maskOf = (length: number): Uint8Array => u32(length === 0 ? 0 : -1 << (32 - length));
/** 24 for 255.255.255.0. */
export const lengthOf = (mask: Uint8Array): number => Math.clz32(~get32(mask, 0));
