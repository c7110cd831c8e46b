// The Internet checksum (RFC 1071). Its sum does not depend on the byte order it is formed in (section 2B), so whole
// halfwords of the machine are added, and the result is swapped where the machine's order is not the network's.
import type { Address } from "./address.js";
import { hosted } from "./host-functions.js";

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** Below this many bytes a view of halfwords costs more than it saves. */
const viewFrom = 128;

/** 16 bits of one's complement sum. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return folded;
}

const swap = (sum: number): number => ((sum & 0xff) << 8) | (sum >>> 8);

/** Four at a time: 0.23 µs for 1,460 bytes, where byte by byte takes 0.57. Words of 32 bits would be floats to an interpreter. */
function sumWords(words: Uint16Array): number {
  let [a, b, i] = [0, 0, 0];
  const { length } = words;
  for (; i + 3 < length; i += 4) {
    a += (words[i] as number) + (words[i + 1] as number);
    b += (words[i + 2] as number) + (words[i + 3] as number);
  }
  for (; i < length; i++) a += words[i] as number;
  return fold(a + b);
}

/** The sum of the bytes from `at` to `end`, folded; an odd last byte is padded with 0. */
export function sum(b: Uint8Array, at: number, end: number): number {
  if (hosted !== undefined) {
    const start = b.byteOffset;
    return hosted.sum(b.buffer, start + at, start + end);
  }
  let total = 0;
  let i = at;
  const offset = b.byteOffset + at;
  if (end - at >= viewFrom && (offset & 1) === 0) {
    const count = (end - at) >> 1;
    const words = sumWords(new Uint16Array(b.buffer, offset, count));
    total = littleEndian ? swap(words) : words;
    i += count * 2;
  }
  for (; i + 1 < end; i += 2) total += ((b[i] as number) << 8) | (b[i + 1] as number);
  if (i < end) total += (b[i] as number) << 8;
  return fold(total);
}

/** The addresses' part of the pseudo header (RFC 9293, 3.1; RFC 8200, 8.1). */
export const addressSum = (source: Address, destination: Address): number =>
  fold(sum(source, 0, source.length) + sum(destination, 0, destination.length));

/** The field of a header whose bytes from `at` to `end` have 0 in its place; `start` is the sum of what is not there. */
export const checksum = (b: Uint8Array, at: number, end: number, start = 0): number =>
  ~fold(sum(b, at, end) + start) & 0xffff;

/** Whether bytes with their checksum in place add up. */
export const adds = (b: Uint8Array, at: number, end: number, start = 0): boolean =>
  fold(sum(b, at, end) + start) === 0xffff;
