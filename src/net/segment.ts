// An Ethernet segment inside the process: a learning switch (IEEE 802.1D, 7.8) whose ports are network devices.
// Unikernels, the test peer and anything else that speaks frames join it without privileges.
import { result } from "../abi/start.js";
import { ethernetMtu, isFrameLength, type NetDevice } from "./contract.js";
import { createFrameQueue, receiving, type FrameQueue } from "./queue.js";

/** An Ethernet inside this process, into which devices are plugged. */
export interface Segment {
  readonly mtu: number;
  /** A new port. Frames written to it go out of the ports that lead to their destination, and out of all others where none is known. */
  port(): NetDevice;
}

const address = (frame: Uint8Array, at: number): string => frame.subarray(at, at + 6).join(":");
const isGroup = (frame: Uint8Array): boolean => ((frame[0] ?? 0) & 1) !== 0;
/** Addresses that are remembered; a segment with more has no room for a guest that invents them. */
const learnedMax = 4096;

/** A segment for frames of `mtu` bytes and their header. */
export function createSegment({ mtu = ethernetMtu } = {}): Segment {
  const ports = new Set<FrameQueue>();
  const learned = new Map<string, FrameQueue>();

  const forward = (frame: Uint8Array, from: FrameQueue): void => {
    const source = address(frame, 6);
    if (learned.size < learnedMax || learned.has(source)) learned.set(source, from);
    const known = isGroup(frame) ? undefined : learned.get(address(frame, 0));
    for (const port of known === undefined ? [...ports] : [known]) {
      if (port !== from) port.push(frame.slice());
    }
  };

  return {
    mtu,
    port() {
      const queue = createFrameQueue();
      ports.add(queue);
      return receiving(queue, {
        mtu,
        write(frame) {
          if (!isFrameLength({ mtu }, frame.length)) return result.invalid;
          forward(frame, queue);
          return result.ok;
        },
        close() {
          ports.delete(queue);
          for (const [source, port] of learned) if (port === queue) learned.delete(source);
        },
      });
    },
  };
}
