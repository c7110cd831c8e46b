// Joins two network devices back to back: what one receives, the other sends, as fast as the other takes it.
import { result } from "../abi/start.js";
import { isFrameLength, type NetDevice } from "./contract.js";

/** Frames move as they come; what is none, or longer than the other takes, is lost. Returns what parts the two again; neither is closed. */
export function join(a: NetDevice, b: NetDevice): () => void {
  let joined = true;
  const pump = (from: NetDevice, to: NetDevice): (() => void) => {
    /** A frame that is to be sent when there is room: those behind it stay where they are. */
    let held: Uint8Array | undefined;
    const retry = (): void => {
      const frame = held;
      held = undefined;
      if (frame !== undefined && send(frame)) move();
    };
    /** Whether more can be sent. */
    const send = (frame: Uint8Array): boolean => {
      if (!joined) return false;
      if (to.write(frame) !== result.again || to.onWritable === undefined) return true;
      held = frame;
      to.onWritable(retry);
      return false;
    };
    const move = (): void => {
      for (let frame; joined && held === undefined && (frame = from.read()) !== undefined;) {
        if (isFrameLength(to, frame.length)) send(frame);
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
