// A segment's header and options as they come (RFC 9293, 3.1 and 3.2; RFC 7323, 2.2 and 3.2; RFC 2018, 2 and 3). One record
// serves all segments of a stack.
import { get16, get32 } from "../wire.js";

export const flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 } as const;
export const optionKind = { end: 0, noOperation: 1, mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8 } as const; // prettier-ignore
export const headerSize = 20;
/** More are not used; a header has room for four. */
export const sackMax = 4;

export interface Segment {
  frame: Uint8Array;
  sourcePort: number;
  destinationPort: number;
  seq: number;
  ack: number;
  flags: number;
  /** The field, not scaled. */
  window: number;
  urgent: number;
  /** Where the data lies in the frame. */
  at: number;
  length: number;
  /** 0: none was given. */
  mss: number;
  /** -1: not given. */
  windowScale: number;
  sackPermitted: boolean;
  hasTimestamps: boolean;
  timestamp: number;
  echo: number;
  /** Pairs of left and right edges. */
  readonly sacks: Int32Array;
  sackCount: number;
}

export const createSegment = (): Segment => ({
  frame: new Uint8Array(0),
  sourcePort: 0,
  destinationPort: 0,
  seq: 0,
  ack: 0,
  flags: 0,
  window: 0,
  urgent: 0,
  at: 0,
  length: 0,
  mss: 0,
  windowScale: -1,
  sackPermitted: false,
  hasTimestamps: false,
  timestamp: 0,
  echo: 0,
  sacks: new Int32Array(sackMax * 2),
  sackCount: 0,
});

/** Reads the segment from `at` to `end`; false where its lengths contradict each other. */
export function readSegment(into: Segment, frame: Uint8Array, at: number, end: number): boolean {
  if (end - at < headerSize) return false;
  const dataAt = at + ((frame[at + 12] as number) >> 4) * 4;
  if (dataAt < at + headerSize || dataAt > end) return false;
  into.frame = frame;
  into.sourcePort = get16(frame, at);
  into.destinationPort = get16(frame, at + 2);
  into.seq = get32(frame, at + 4);
  into.ack = get32(frame, at + 8);
  into.flags = (frame[at + 13] as number) & 0x3f;
  into.window = get16(frame, at + 14);
  into.urgent = get16(frame, at + 18);
  into.at = dataAt;
  into.length = end - dataAt;
  into.mss = 0;
  into.windowScale = -1;
  into.sackPermitted = false;
  into.hasTimestamps = false;
  into.sackCount = 0;
  const options = at + headerSize;
  // RFC 7323, appendix A: as everybody lays out timestamps alone.
  if (dataAt - options === 12 && get32(frame, options) === 0x0101080a) {
    into.hasTimestamps = true;
    into.timestamp = get32(frame, options + 4);
    into.echo = get32(frame, options + 8);
  } else if (dataAt > options) readOptions(into, frame, options, dataAt);
  return true;
}

/** Options that are malformed end the list: what was read before them counts (RFC 9293, 3.1, MUST-7). */
function readOptions(into: Segment, frame: Uint8Array, from: number, to: number): void {
  const isSyn = (into.flags & flag.syn) !== 0;
  for (let at = from; at < to;) {
    const kind = frame[at] as number;
    if (kind === optionKind.end) return;
    if (kind === optionKind.noOperation) {
      at++;
      continue;
    }
    const size = at + 1 < to ? (frame[at + 1] as number) : 0;
    if (size < 2 || at + size > to) return;
    if (kind === optionKind.mss && size === 4 && isSyn) into.mss = get16(frame, at + 2);
    // RFC 7323, 2.3: more than 14 is 14.
    else if (kind === optionKind.windowScale && size === 3 && isSyn)
      into.windowScale = Math.min(frame[at + 2] as number, 14);
    else if (kind === optionKind.sackPermitted && size === 2 && isSyn) into.sackPermitted = true;
    else if (kind === optionKind.timestamps && size === 10) {
      into.hasTimestamps = true;
      into.timestamp = get32(frame, at + 2);
      into.echo = get32(frame, at + 6);
    } else if (kind === optionKind.sack && (size - 2) % 8 === 0) {
      const count = Math.min((size - 2) >> 3, sackMax);
      for (let i = 0; i < count * 2; i++) into.sacks[i] = get32(frame, at + 2 + i * 4);
      into.sackCount = count;
    }
    at += size;
  }
}
