// A TCP/IP stack of ours as a network device: what a unikernel sends goes up the stack, what the stack sends waits for it.
import { result } from "../../abi/start.js";
import { createStack, type Stack, type StackOptions } from "../../ip/index.js";
import { isFrameLength, type NetDevice } from "../contract.js";

/** Frames that wait to be taken up, and bytes of frames that wait to be read: where there are more, the stack waits too. */
const most = { frames: 1024, bytes: 0x4_0000 } as const;
/** setTimeout takes no longer ones. */
const longestTimer = 2 ** 31 - 1;

export interface StackPort {
  readonly device: NetDevice;
  readonly stack: Stack;
  close(): void;
}

export function createStackPort(mac: Uint8Array, mtu: number, options: StackOptions): StackPort {
  const outgoing: Uint8Array[] = [];
  let first = 0;
  let waiting = 0;
  let isBlocked = false;
  let listener = (): void => {};
  const later = (work: () => void): (() => void) => {
    let isDue = false;
    return () => {
      if (isDue) return;
      isDue = true;
      queueMicrotask(() => {
        isDue = false;
        work();
      });
    };
  };
  const tell = later(() => listener());
  let incoming: Uint8Array[] = [];
  const takeUp = later(() => {
    const frames = incoming;
    incoming = [];
    stack.receiveAll(frames);
  });
  const resume = later(() => stack.resume());

  let timer: ReturnType<typeof setTimeout> | undefined;
  const stack = createStack(
    {
      mac,
      mtu,
      send(frame) {
        if (waiting >= most.bytes) {
          isBlocked = true;
          return false;
        }
        outgoing.push(frame.slice());
        waiting += frame.length;
        tell();
        return true;
      },
    },
    {
      now: () => performance.now(),
      wake(at) {
        clearTimeout(timer);
        timer =
          at === Infinity
            ? undefined
            : setTimeout(() => stack.tick(), Math.min(Math.max(0, at - performance.now()), longestTimer));
      },
      entropy: (into) => void crypto.getRandomValues(into as Uint8Array<ArrayBuffer>),
    },
    options,
  );

  return {
    stack,
    device: {
      mtu,
      get readable() {
        return first < outgoing.length;
      },
      read() {
        const frame = outgoing[first];
        if (frame === undefined) return undefined;
        first++;
        waiting -= frame.length;
        if (first === outgoing.length || first > most.frames) {
          outgoing.splice(0, first);
          first = 0;
        }
        if (isBlocked && waiting < most.bytes / 2) {
          isBlocked = false;
          resume();
        }
        return frame;
      },
      onReadable: (next) => void (listener = next),
      write(frame) {
        if (!isFrameLength({ mtu }, frame.length)) return result.invalid;
        if (incoming.length >= most.frames) return result.again;
        incoming.push(frame.slice());
        takeUp();
        return result.ok;
      },
      close() {},
    },
    close() {
      clearTimeout(timer);
      stack.close();
    },
  };
}
