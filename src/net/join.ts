// Joins two network devices back to back: what one receives, the other sends.
import { isFrameLength, type NetDevice } from "./contract.js";

/** Frames move as they come; what is none, or longer than the other takes, is lost. Returns what parts the two again; neither is closed. */
export function join(a: NetDevice, b: NetDevice): () => void {
  let joined = true;
  const pump = (from: NetDevice, to: NetDevice): (() => void) => {
    const move = (): void => {
      for (let frame; joined && (frame = from.read()) !== undefined;) {
        if (isFrameLength(to, frame.length)) to.write(frame);
      }
    };
    from.onReadable(move);
    return move;
  };
  const moves = [pump(a, b), pump(b, a)];
  for (const move of moves) move();
  return () => {
    joined = false;
  };
}
