// Frames on a stream between machines, each with a code that only who has the key can make (RFC 2104, SHA-256): nothing of others is
// taken, nothing is taken twice, and nothing is missing unnoticed. What is sent can be read on its way.
//
// Each side begins with 16 random bytes. Then, for each frame: its length in 32 bits, most significant first; 16 bytes of the code over a
// counter from 0 in 64 bits, the sender's random bytes, the receiver's, and the frame; the frame. The first frame is empty: it shows the key.
import { randomBytes } from "node:crypto";
import { ethernetHeader, frameMax } from "../../net/contract.js";
import { createFrameReader, frameLength } from "../../net/frame-stream.js";
import { codeOf, codeSize, counterBytes, isSame, nonceSize } from "./frame-code.js";

/** How frames lie on a stream. */
export interface FrameStream {
  /** Whether frames may be sent. */
  readonly isReady: boolean;
  /** What is to be sent first, and where bytes that have come lead to more. */
  readonly greeting: Uint8Array;
  /** A frame as it is sent. */
  encode(frame: Uint8Array): readonly Uint8Array[];
  /** Takes what has come. `refused`: the other side has another key; `broken`: no such stream. */
  push(bytes: Uint8Array): "taken" | "refused" | "broken";
}

/** As QEMU has it. */
export function plainStream(receive: (frame: Uint8Array) => void): FrameStream {
  const reader = createFrameReader(receive);
  return {
    isReady: true,
    greeting: new Uint8Array(0),
    encode: (frame) => [frameLength(frame.length), frame],
    push: (bytes) => (reader.push(bytes) ? "taken" : "broken"),
  };
}

const lengthSize = 4;

/** `answer` sends what the other side's beginning asks for. */
export function keyedStream(
  key: Uint8Array,
  receive: (frame: Uint8Array) => void,
  answer: (bytes: Uint8Array) => void,
): FrameStream {
  const own = randomBytes(nonceSize);
  let theirs: Uint8Array | undefined;
  const counters = { sent: 0n, received: 0n };
  let came: Buffer = Buffer.alloc(0);
  let needed = nonceSize;

  const tag = (counter: bigint, from: Uint8Array, to: Uint8Array, frame: Uint8Array): Uint8Array =>
    codeOf(key, counterBytes(counter), from, to, frame);
  const encode = (frame: Uint8Array): readonly Uint8Array[] => {
    if (theirs === undefined) throw new RangeError("the other side has not begun");
    return [frameLength(frame.length), tag(counters.sent++, own, theirs, frame), frame];
  };
  /** One record or the beginning; undefined where it is not all there. */
  const take = (): "taken" | "refused" | "broken" | undefined => {
    if (came.length < needed) return undefined;
    if (theirs === undefined) {
      theirs = Uint8Array.from(came.subarray(0, nonceSize));
      // Who sends back what it was sent would be shown its own codes.
      if (isSame(theirs, own)) return "broken";
      came = came.subarray(nonceSize);
      needed = lengthSize;
      answer(Buffer.concat(encode(new Uint8Array(0))));
      return "taken";
    }
    const length = came.readUInt32BE(0);
    const isFirst = counters.received === 0n;
    if (isFirst ? length !== 0 : length < ethernetHeader || length > frameMax)
      return isFirst ? "refused" : "broken";
    needed = lengthSize + codeSize + length;
    if (came.length < needed) return undefined;
    const frame = Uint8Array.from(came.subarray(lengthSize + codeSize, needed));
    const code = came.subarray(lengthSize, lengthSize + codeSize);
    if (!isSame(tag(counters.received++, theirs, own, frame), code)) return isFirst ? "refused" : "broken";
    came = came.subarray(needed);
    needed = lengthSize;
    if (!isFirst) receive(frame);
    return "taken";
  };
  return {
    greeting: own,
    get isReady() {
      return counters.received > 0n;
    },
    encode,
    push(bytes) {
      came = Buffer.concat([came, bytes]);
      for (let outcome; (outcome = take()) !== undefined;) if (outcome !== "taken") return outcome;
      return "taken";
    },
  };
}
