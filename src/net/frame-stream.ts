// Ethernet frames on a stream of bytes: each behind its length in 32 bits, most significant first. It is the format of QEMU's
// `-netdev stream` and `-netdev socket` (QEMU's net/stream.c, net_fill_rstate).
import { ethernetHeader, frameMax } from "./contract.js";

const lengthSize = 4;

/** What stands before a frame of `length` bytes. */
export const frameLength = (length: number): Uint8Array =>
  Uint8Array.of(length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255);

/** Takes bytes as they come, and gives `receive` each frame that is complete, as bytes that are its own. */
export function createFrameReader(receive: (frame: Uint8Array) => void): {
  /** False where what comes is no such stream: nothing of it can be read any more. */
  push(bytes: Uint8Array): boolean;
} {
  const head = new Uint8Array(lengthSize);
  let headFilled = 0;
  let frame: Uint8Array | undefined;
  let filled = 0;
  let isBroken = false;
  return {
    push(bytes) {
      for (let at = 0; at < bytes.length && !isBroken;) {
        if (frame === undefined) {
          head[headFilled++] = bytes[at++] ?? 0;
          if (headFilled < lengthSize) continue;
          headFilled = 0;
          const [a = 0, b = 0, c = 0, d = 0] = head;
          const length = a * 2 ** 24 + ((b << 16) | (c << 8) | d);
          isBroken = length < ethernetHeader || length > frameMax;
          if (!isBroken) frame = new Uint8Array(length);
          filled = 0;
          continue;
        }
        const part = bytes.subarray(at, at + frame.length - filled);
        frame.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < frame.length) continue;
        receive(frame);
        frame = undefined;
      }
      return !isBroken;
    },
  };
}
