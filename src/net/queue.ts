// The receiving half of a network device: frames that have come and wait to be read, as many as a card's ring holds.
import type { NetDevice } from "./contract.js";

export const queueLimit = 1024;

export interface FrameQueue extends Pick<NetDevice, "read" | "readable" | "onReadable"> {
  /** Adds a frame; false where the queue is full and the frame is lost. */
  push(frame: Uint8Array): boolean;
}

export function createFrameQueue(): FrameQueue {
  const frames: Uint8Array[] = [];
  let first = 0;
  let listener = (): void => {};
  let told = false;
  return {
    get readable() {
      return first < frames.length;
    },
    push(frame) {
      if (frames.length - first >= queueLimit) return false;
      frames.push(frame);
      // Not at once: two devices that answer each other would climb the stack without end.
      if (!told) {
        told = true;
        queueMicrotask(() => {
          told = false;
          listener();
        });
      }
      return true;
    },
    read() {
      const frame = frames[first];
      if (frame === undefined) return undefined;
      first++;
      if (first === frames.length || first > queueLimit) {
        frames.splice(0, first);
        first = 0;
      }
      return frame;
    },
    onReadable(next) {
      listener = next;
    },
  };
}

/** A network device that receives by `queue`. */
export const receiving = (
  queue: FrameQueue,
  sending: Pick<NetDevice, "mtu" | "write" | "close">,
): NetDevice => ({
  ...sending,
  get readable() {
    return queue.readable;
  },
  read: () => queue.read(),
  onReadable: (listener) => queue.onReadable(listener),
});
