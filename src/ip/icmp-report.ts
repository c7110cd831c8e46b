// Errors that come (RFC 1122, 3.2.2; RFC 4443, 2.4): what they say of a packet that was sent.
import type { Address, Family } from "./address.js";
import { protocol, type Packet } from "./packet.js";
import { get16, get32 } from "./wire.js";

/** An error about a packet that was sent: what it quotes. */
export interface IcmpReport {
  readonly error: "unreachable" | "port" | "tooBig" | "expired";
  readonly protocol: number;
  readonly local: Address;
  readonly remote: Address;
  readonly localPort: number;
  readonly remotePort: number;
  /** TCP's sequence number. */
  readonly sequence: number;
  /** Of `tooBig`: the largest packet that passes; 0 where it does not say. */
  readonly mtu: number;
}

/** Whether a packet is itself an ICMP error, or may be one. */
export function isError({ frame, at, end, family, protocol: kind }: Packet): boolean {
  if (kind !== protocol.icmp && kind !== protocol.icmp6) return false;
  if (at >= end) return true;
  const type = frame[at] as number;
  return family === 6 ? type < 128 : ![0, 8, 13, 14, 15, 16, 17, 18].includes(type);
}

/** What an error says of the packet it quotes (RFC 1122, 3.2.2; RFC 4443, 2.4c). Of IPv6 with extension headers: nothing. */
export function readError({ frame, at, end, family }: Packet): IcmpReport | undefined {
  const [type, code] = [frame[at] as number, frame[at + 1] as number];
  const error = kindOf(family, type, code);
  const ip = at + 8;
  if (error === undefined || ip + (family === 4 ? 28 : 48) > end || (frame[ip] as number) >> 4 !== family)
    return undefined;
  const transport = ip + (family === 4 ? ((frame[ip] as number) & 15) * 4 : 40);
  if (transport + 8 > end) return undefined;
  const [source, size] = family === 4 ? [ip + 12, 4] : [ip + 8, 16];
  return {
    error,
    protocol: frame[ip + (family === 4 ? 9 : 6)] as number,
    local: frame.slice(source, source + size),
    remote: frame.slice(source + size, source + 2 * size),
    localPort: get16(frame, transport),
    remotePort: get16(frame, transport + 2),
    sequence: get32(frame, transport + 4),
    // RFC 1191, 4: the low half of the word; RFC 4443, 3.2: all of it.
    mtu: error !== "tooBig" ? 0 : family === 4 ? get16(frame, at + 6) : get32(frame, at + 4) >>> 0,
  };
}

function kindOf(family: Family, type: number, code: number): IcmpReport["error"] | undefined {
  if (family === 6)
    return type === 1
      ? code === 4
        ? "port"
        : "unreachable"
      : type === 2
        ? "tooBig"
        : type === 3
          ? "expired"
          : undefined;
  if (type === 3) return code === 4 ? "tooBig" : code === 3 || code === 2 ? "port" : "unreachable";
  return type === 11 ? "expired" : undefined;
}
