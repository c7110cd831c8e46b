// Header prediction (V. Jacobson, 1990): on a connection where nothing is lost the next segment is known but for a few fields. A
// frame that is it needs none of the other checks. Whatever is different in any way is left to `receive`, which does the same
// and all else.
import type { Buffered, FrameBuffer } from "../host-functions.js";
import { sendWritten } from "../neighbour.js";
import type { Counters } from "../nic.js";
import { begin, finish, type Turns } from "../turns.js";
import { agrees, compose, headOf, patternOf } from "./frame-head.js";
import { timestampNow } from "./emit.js";
import { takeAck } from "./input-ack.js";
import { takeNext } from "./input-data.js";
import type { Layer, Predictor } from "./layer.js";
import { touch } from "./lifecycle.js";
import { flag, headerSize } from "./segment.js";
import { copyOut } from "./send-queue.js";
import { mode, state } from "./states.js";
import type { Tcb } from "./tcb.js";

/** What a stack has for it. */
export interface Lending {
  readonly predictor: Predictor | undefined;
  readonly counters: Counters;
  readonly turns: Turns;
  /** Takes a frame of its own. */
  take(frame: Uint8Array): void;
}

/** `StackOptions.prediction`. */
export interface Prediction {
  create(layer: Layer): Predictor;
  receiveFrom(stack: Lending, buffer: Uint8Array, read: () => number, most: number): number;
}

export const prediction: Prediction = { create: createPredictor, receiveFrom };

interface Expected {
  readonly tcb: Tcb;
  readonly pattern: Buffered;
  /** Where the TCP header begins in a frame, and the data. */
  readonly at: number;
  readonly dataAt: number;
}

/** As a frame has them side by side. */
const portsOf = ({ remotePort, localPort }: Tcb): number => (remotePort << 16) | localPort;

/** An acknowledgement, perhaps with data, whose header has no options but timestamps. */
const isPlain = ({ islands }: Tcb, flags: number): boolean =>
  islands === null && (flags & ~flag.psh) === flag.ack;

function createPredictor(layer: Layer): Predictor {
  const { segment, nic } = layer;
  /** By ports: others with the same go the long way. */
  const table = new Map<number, Expected>();
  return {
    emit(tcb, flags, seq, length, window) {
      const { head, hop } = tcb;
      if (head === undefined || !isPlain(tcb, flags)) return undefined;
      if (head.mac !== hop?.mac || head.hopLimit !== nic.hopLimit) return undefined;
      const to = head.bytes.length;
      if (length > 0) copyOut(tcb, seq, length, nic.tx, to);
      const time = tcb.timestamps ? timestampNow(layer, tcb) : 0;
      compose(nic.out, head, seq, tcb.rcvNext, (flags << 16) | window, time, tcb.tsRecent, length);
      return sendWritten(nic, hop, to + length);
    },
    sent(tcb, flags, to) {
      const mac = tcb.hop?.mac;
      if (mac !== undefined && isPlain(tcb, flags))
        tcb.head = { ...headOf(nic.tx, to), mac, hopLimit: nic.hopLimit };
    },
    learn(tcb) {
      const ports = portsOf(tcb);
      if (tcb.state !== state.established || table.has(ports)) return;
      const pattern = patternOf(nic.link.mac, tcb);
      table.set(ports, { tcb, pattern, at: tcb.family === 4 ? 34 : 54, dataAt: pattern.bytes.length / 2 });
    },
    forget(tcb) {
      const ports = portsOf(tcb);
      if (table.get(ports)?.tcb === tcb) table.delete(ports);
    },
    forgetAll: () => table.clear(),
    take(frame, length) {
      if (length < 54) return false;
      const { view } = frame;
      const is4 = view.getUint8(12) === 8;
      if (!is4 && length < 74) return false;
      const expected = table.get(view.getInt32(is4 ? 34 : 54));
      if (expected === undefined) return false;
      const { tcb, pattern, at, dataAt } = expected;
      const end = is4 ? 14 + view.getUint16(16) : 54 + view.getUint16(18);
      const bytes = end - dataAt;
      if (end > length || bytes < 0 || (at === 34) !== is4) return false;
      const seq = view.getInt32(at + 4);
      const ack = view.getInt32(at + 8);
      const window = view.getUint16(at + 14);
      const { rcvNext, una } = tcb;
      if (seq !== rcvNext || tcb.state !== state.established || tcb.mode !== mode.open) return false;
      if (tcb.islands !== null || tcb.finKnown || tcb.deaf || tcb.persisting || window === 0) return false;
      const acked = (ack - una) | 0;
      if (acked < 0 || acked > ((tcb.max - una) | 0) || (acked === 0 && bytes === 0)) return false;
      if (bytes > ((tcb.rcvEdge - rcvNext) | 0)) return false;
      const hasTimestamps = dataAt - at > headerSize;
      const timestamp = hasTimestamps ? view.getInt32(at + 24) : 0;
      if (hasTimestamps && ((timestamp - tcb.tsRecent) | 0) < 0) return false;
      if (!agrees(frame, end, pattern)) return false;

      const now = nic.now();
      tcb.heardAt = now;
      tcb.keepAliveProbes = 0;
      segment.hasTimestamps = hasTimestamps;
      if (hasTimestamps) {
        if (tcb.ackSent === rcvNext) {
          tcb.tsRecent = timestamp;
          tcb.tsRecentAt = now;
        }
        segment.echo = view.getInt32(at + 28);
      }
      segment.seq = seq;
      segment.ack = ack;
      segment.flags = view.getUint8(at + 13);
      segment.window = window;
      segment.length = bytes;
      segment.sackCount = 0;
      takeAck(layer, tcb, now);
      if (bytes === 0) return true;
      takeNext(layer, tcb, frame.bytes.slice(dataAt, end), true, now);
      touch(layer, tcb);
      return true;
    },
  };
}

/** By the buffer, of which a link has one. */
const views = new WeakMap<Uint8Array, FrameBuffer>();

function frameBuffer(bytes: Uint8Array): FrameBuffer {
  const known = views.get(bytes);
  if (known !== undefined) return known;
  if (bytes.byteOffset !== 0) throw new RangeError("a buffer for frames begins its ArrayBuffer");
  const made = { bytes, buffer: bytes.buffer, view: new DataView(bytes.buffer) };
  views.set(bytes, made);
  return made;
}

function receiveFrom(stack: Lending, buffer: Uint8Array, read: () => number, most: number): number {
  const frame = frameBuffer(buffer);
  const { predictor, counters, turns } = stack;
  let count = 0;
  begin(turns);
  try {
    // Open, and not in the middle of something.
    const isFree = turns.depth < 2 && !turns.closed;
    for (let length; count < most && (length = read()) >= 0; count++) {
      if (isFree && predictor?.take(frame, length) === true) {
        counters.received++;
        counters.predicted++;
      } else stack.take(buffer.slice(0, length));
    }
  } finally {
    finish(turns);
  }
  return count;
}
