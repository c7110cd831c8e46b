// Packets made by hand, with checksums as they should be, for tests that are not to trust the stack's own writing.

/** RFC 1071, byte by byte. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i] ?? 0) * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
  return 0xffff - sum;
}

export const be16 = (value: number): number[] => [(value >>> 8) & 255, value & 255];
export const be32 = (value: number): number[] => [...be16(value >>> 16), ...be16(value & 0xffff)];

export interface Ends {
  readonly fromMac: Uint8Array;
  readonly toMac: Uint8Array;
  /** 4 or 16 bytes. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** A frame with an IP packet; of IPv4 `fragment` is the field of flags and offset. */
export function ipFrame(
  { fromMac, toMac, from, to }: Ends,
  protocol: number,
  payload: Uint8Array,
  { ttl = 64, identification = 1, fragment = 0 } = {},
): Uint8Array {
  // prettier-ignore
  const ethernet = [...toMac, ...fromMac];
  if (from.length === 16)
    return Uint8Array.from([...ethernet, 0x86, 0xdd, 0x60, 0, 0, 0, ...be16(payload.length), protocol, ttl, ...from, ...to, ...payload]); // prettier-ignore
  const header = Uint8Array.from([0x45, 0, ...be16(20 + payload.length), ...be16(identification), ...be16(fragment), ttl, protocol, 0, 0, ...from, ...to]); // prettier-ignore
  header.set(be16(internetChecksum(header)), 10);
  return Uint8Array.from([...ethernet, 8, 0, ...header, ...payload]);
}

const pseudoHeader = (from: Uint8Array, to: Uint8Array, protocol: number, length: number): Uint8Array =>
  Uint8Array.from([...from, ...to, ...be32(length), ...be32(protocol)]);

export interface ForgedSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack?: number;
  readonly flags: number;
  readonly window?: number;
  readonly options?: readonly number[];
  readonly data?: Uint8Array;
}

/** A TCP segment in a frame; options are padded to whole words. */
export function tcpFrame(
  ends: Ends,
  {
    sourcePort,
    destinationPort,
    seq,
    ack = 0,
    flags,
    window = 65_535,
    options = [],
    data = new Uint8Array(0),
  }: ForgedSegment,
): Uint8Array {
  // prettier-ignore
  const padded = [...options, ...Array<number>((4 - (options.length % 4)) % 4).fill(0)];
  const segment = Uint8Array.from([...be16(sourcePort), ...be16(destinationPort), ...be32(seq), ...be32(ack), ((20 + padded.length) / 4) << 4, flags, ...be16(window), 0, 0, 0, 0, ...padded, ...data]); // prettier-ignore
  segment.set(be16(internetChecksum(pseudoHeader(ends.from, ends.to, 6, segment.length), segment)), 16);
  return ipFrame(ends, 6, segment);
}

/** Mends lengths and checksums of a frame that was changed, so that it gets further in. */
export function mended(frame: Uint8Array): Uint8Array {
  const out = frame.slice();
  const type = (out[12] ?? 0) * 256 + (out[13] ?? 0);
  const isV4 = type === 0x0800;
  if ((!isV4 && type !== 0x86dd) || out.length < (isV4 ? 34 : 54)) return out;
  const at = 14 + (isV4 ? Math.max(20, ((out[14] ?? 0) & 15) * 4) : 40);
  if (at > out.length) return out;
  if (isV4) {
    out[14] = 0x40 | ((at - 14) / 4);
    out.set(be16(out.length - 14), 16);
    out.set([0, 0], 24);
    out.set(be16(internetChecksum(out.subarray(14, at))), 24);
  } else {
    out[14] = 0x60;
    out.set(be16(out.length - 54), 18);
  }
  const protocol = out[isV4 ? 23 : 20] ?? 0;
  const field = ({ 1: 2, 6: 16, 17: 6, 58: 2 } as Record<number, number>)[protocol];
  if (field === undefined || at + field + 2 > out.length) return out;
  if (protocol === 17 && out.length >= at + 8) out.set(be16(out.length - at), at + 4);
  const addresses = isV4
    ? [out.subarray(26, 30), out.subarray(30, 34)]
    : [out.subarray(22, 38), out.subarray(38, 54)];
  const [from = out, to = out] = addresses;
  const pseudo = protocol === 1 ? new Uint8Array(0) : pseudoHeader(from, to, protocol, out.length - at);
  out.set([0, 0], at + field);
  out.set(be16(internetChecksum(pseudo, out.subarray(at))), at + field);
  return out;
}
