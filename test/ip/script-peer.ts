// The peer of a script: frames that it sends, and what the stack has sent to it.
import assert from "node:assert/strict";
import { be16, be32, tcpFrame, type Ends } from "./forge.js";
import { flagsOf, numbersAfter, readSegmentLine } from "./script-line.js";

export const peerPort = 5000;
export const stackPort = 80;
const peerIss = 0xfffff000;

export interface Sent {
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
  readonly window: number;
  readonly length: number;
  readonly options: ReadonlyMap<number, readonly number[]>;
  readonly from: number;
  readonly hopLimit: number;
  readonly trafficClass: number;
}

export interface Peer {
  readonly v6: boolean;
  readonly ends: Ends;
  /** What the stack has sent and the script has not yet taken. */
  readonly sent: Sent[];
  /** Of the stack's last SYN. */
  stackIss: number | undefined;
  stackLocal: number;
}

const transportAt = ({ v6 }: Peer): number => (v6 ? 54 : 34);
export const isTcp = ({ v6 }: Peer, frame: Uint8Array): boolean =>
  v6 ? frame[12] === 0x86 && frame[20] === 6 : frame[12] === 8 && frame[13] === 0 && frame[23] === 6;

export const peerSeq = (relative: number): number => (peerIss + relative) >>> 0;
export const stackSeq = ({ stackIss }: Peer, relative: number): number => ((stackIss ?? 0) + relative) >>> 0;

/** Of the stack, in a frame of TCP. */
export function readSent(peer: Peer, frame: Uint8Array): Sent {
  const { v6 } = peer;
  const at = transportAt(peer);
  const view = new DataView(frame.buffer);
  const dataAt = at + (view.getUint8(at + 12) >> 4) * 4;
  const options = new Map<number, readonly number[]>();
  for (let i = at + 20; i < dataAt;) {
    const kind = view.getUint8(i);
    if (kind === 0) break;
    const size = kind === 1 ? 1 : view.getUint8(i + 1);
    if (kind !== 1) options.set(kind, [...frame.subarray(i + 2, i + size)]);
    i += size;
  }
  const flags = view.getUint8(at + 13);
  if ((flags & 2) !== 0) {
    peer.stackIss = view.getUint32(at + 4);
    peer.stackLocal = view.getUint16(at);
  }
  return {
    flags,
    seq: (view.getUint32(at + 4) - (peer.stackIss ?? 0)) | 0,
    ack: (view.getUint32(at + 8) - peerIss) | 0,
    window: view.getUint16(at + 14),
    length: frame.length - dataAt,
    options,
    from: at,
    hopLimit: frame[v6 ? 21 : 22] ?? 0,
    trafficClass: v6 ? (((frame[14] ?? 0) & 15) << 4) | ((frame[15] ?? 0) >> 4) : (frame[15] ?? 0),
  };
}

/** Of the peer, as a line has it. */
export function segmentFrom(peer: Peer, text: string): Uint8Array {
  const { ends, stackLocal } = peer;
  const { flags, seq, length, rest } = readSegmentLine(text);
  const one = (name: string): number | undefined => numbersAfter(rest, name, 1)?.[0];
  const ts = numbersAfter(rest, "ts", 2);
  const sack = numbersAfter(rest, "sack", 2);
  const raw = rest.indexOf("raw");
  const options = [
    ...(one("mss") === undefined ? [] : [2, 4, ...be16(one("mss") ?? 0)]),
    ...(one("ws") === undefined ? [] : [3, 3, one("ws") ?? 0]),
    ...(rest.includes("sackok") ? [4, 2] : []),
    ...(ts === undefined ? [] : [8, 10, ...be32(ts[0] ?? 0), ...be32(ts[1] ?? 0)]),
    ...(sack === undefined
      ? []
      : [5, 10, ...be32(stackSeq(peer, sack[0] ?? 0)), ...be32(stackSeq(peer, sack[1] ?? 0))]),
    ...(raw < 0 ? [] : rest.slice(raw + 1).map(Number)),
  ];
  const frame = tcpFrame(ends, { sourcePort: peerPort, destinationPort: stackLocal, seq: peerSeq(seq), ack: (flags & 16) === 0 ? 0 : stackSeq(peer, one("ack") ?? 0), flags, window: one("win") ?? 65_535, options, data: new Uint8Array(length).fill(65) }); // prettier-ignore
  const urgent = one("urg");
  if (urgent !== undefined) {
    // Set afterwards, and the checksum by the difference (RFC 1624).
    const at = transportAt(peer);
    frame.set(be16(urgent), at + 18);
    const old = ((frame[at + 16] ?? 0) << 8) | (frame[at + 17] ?? 0);
    const sum = (~old & 0xffff) + urgent;
    frame.set(be16(~((sum & 0xffff) + (sum >> 16)) & 0xffff), at + 16);
  }
  return frame;
}

/** The next that was sent, against the line. */
export function expectSent({ sent }: Peer, text: string): void {
  if (text === "nothing") {
    assert.deepEqual(sent, []);
    return;
  }
  const next = sent.shift();
  assert.ok(next !== undefined, "nothing was sent");
  if (text.startsWith("* ")) {
    assert.equal(next.flags, flagsOf(text.slice(2)));
    return;
  }
  const { flags, seq, length, rest } = readSegmentLine(text);
  // PSH is the sender's choice unless the script asks for it.
  const mask = flags & 8 ? 0xff : 0xf7;
  const wanted: Record<string, unknown> = { flags: flags & mask, seq, length };
  const actual: Record<string, unknown> = { flags: next.flags & mask, seq: next.seq, length: next.length };
  for (const [name, got] of [
    ["ack", next.ack],
    ["win", next.window],
    ["ttl", next.hopLimit],
    ["tos", next.trafficClass],
  ] as const) {
    const value = numbersAfter(rest, name, 1);
    if (value !== undefined) [wanted[name], actual[name]] = [value[0], got];
  }
  const word = (bytes: readonly number[] | undefined): number | undefined =>
    bytes?.reduce((sum, byte) => sum * 256 + byte, 0);
  for (const [name, kind] of [
    ["mss", 2],
    ["ws", 3],
  ] as const) {
    const value = numbersAfter(rest, name, 1);
    if (value !== undefined) [wanted[name], actual[name]] = [value[0], word(next.options.get(kind))];
  }
  const sack = numbersAfter(rest, "sack", 2);
  if (sack !== undefined) {
    wanted["sack"] = sack;
    actual["sack"] = [0, 4].map((at) => ((word(next.options.get(5)?.slice(at, at + 4)) ?? 0) - peerIss) | 0);
  }
  const echo = numbersAfter(rest, "echo", 1);
  if (echo !== undefined) [wanted["echo"], actual["echo"]] = [echo[0], word(next.options.get(8)?.slice(4))];
  for (const [name, kind] of [["nosack", 4], ["nots", 8], ["nows", 3]] as const) if (rest.includes(name)) [wanted[name], actual[name]] = [undefined, next.options.get(kind)]; // prettier-ignore
  assert.deepEqual(actual, wanted);
}
