// The headers of a connection's frames, which differ in a few fields from one to the next: what stays is kept as bytes, to be
// compared with (header prediction: V. Jacobson, 1990) and to be sent.
import { fold, sum } from "../checksum.js";
import { hosted, type Buffered } from "../host-functions.js";
import { set16, set32 } from "../wire.js";
import { flag, headerSize } from "./segment.js";
import type { Tcb } from "./tcb.js";

const protocolTcp = 6;
const timestampOption = 0x0101080a;

/** Of the TCP header in a frame: behind 20 bytes of IPv4 or 40 of IPv6. */
const transportAt = (head: Uint8Array): number => (head[12] === 8 ? 34 : 54);
/** Both addresses stand in front of it. */
const addressesAt = (at: number): number => (at === 34 ? 26 : 22);

/** Bytes, then as many of which bits count. */
export function patternOf(mac: Uint8Array, tcb: Tcb): Buffered {
  const { family, source, destination, localPort, remotePort, timestamps } = tcb;
  const is4 = family === 4;
  const at = is4 ? 34 : 54;
  const size = at + headerSize + (timestamps ? 12 : 0);
  const bytes = new Uint8Array(size * 2);
  const mask = bytes.subarray(size);
  const expect = (from: number, values: ArrayLike<number>): void => {
    bytes.set(values, from);
    mask.fill(255, from, from + values.length);
  };
  const word = (from: number, value: number, bits: number): void => {
    set16(bytes, from, value & bits);
    set16(mask, from, bits);
  };
  expect(0, mac);
  if (is4) {
    // No options, no fragment, TCP.
    expect(12, [8, 0, 0x45]);
    word(20, 0, 0xbfff);
    expect(23, [protocolTcp]);
  } else {
    expect(12, [0x86, 0xdd]);
    word(14, 0x6000, 0xf000);
    expect(20, [protocolTcp]);
  }
  expect(addressesAt(at), [...destination, ...source]);
  word(at, remotePort, 0xffff);
  word(at + 2, localPort, 0xffff);
  // An acknowledgement, with PSH or without.
  word(at + 12, ((size - at) << 10) | flag.ack, 0xffff & ~flag.psh);
  if (timestamps) {
    const option = new Uint8Array(4);
    set32(option, 0, timestampOption);
    expect(at + headerSize, option);
  }
  return { bytes, buffer: bytes.buffer };
}

/** Whether a frame whose packet ends at `end` begins as the pattern says, and its checksums hold. */
export function agrees(frame: Buffered, end: number, pattern: Buffered): boolean {
  if (hosted !== undefined) return hosted.agrees(frame, end, pattern);
  const { bytes } = frame;
  const wanted = pattern.bytes;
  const size = wanted.length / 2;
  for (let i = 0; i < size; i++)
    if ((((bytes[i] as number) ^ (wanted[i] as number)) & (wanted[size + i] as number)) !== 0) return false;
  const at = transportAt(wanted);
  if (at === 34 && sum(bytes, 14, 34) !== 0xffff) return false;
  return fold(sum(bytes, addressesAt(at), end) + protocolTcp + end - at) === 0xffff;
}

/** A frame's beginning up to the data, as it has been sent; its lengths and checksums are of no account. */
export function headOf(frame: Uint8Array, length: number): Buffered {
  const bytes = frame.slice(0, length);
  return { bytes, buffer: bytes.buffer };
}

/** Writes a head in front of `length` bytes of data that are there, with what is new in it. */
export function compose(
  frame: Buffered,
  head: Buffered,
  seq: number,
  ack: number,
  flagsAndWindow: number,
  timestamp: number,
  echo: number,
  length: number,
): void {
  if (hosted !== undefined) {
    hosted.compose(frame, head, seq, ack, flagsAndWindow, timestamp, echo, length);
    return;
  }
  const { bytes } = frame;
  bytes.set(head.bytes);
  const at = transportAt(bytes);
  const size = head.bytes.length - at + length;
  set32(bytes, at + 4, seq);
  set32(bytes, at + 8, ack);
  bytes[at + 13] = flagsAndWindow >>> 16;
  set16(bytes, at + 14, flagsAndWindow & 0xffff);
  set16(bytes, at + 16, 0);
  if (head.bytes.length > at + headerSize) {
    set32(bytes, at + headerSize + 4, timestamp);
    set32(bytes, at + headerSize + 8, echo);
  }
  set16(bytes, at + 16, ~fold(sum(bytes, addressesAt(at), at + size) + protocolTcp + size) & 0xffff);
  if (at === 54) {
    set16(bytes, 18, size);
    return;
  }
  set16(bytes, 16, 20 + size);
  set16(bytes, 24, 0);
  set16(bytes, 24, ~sum(bytes, 14, 34) & 0xffff);
}
