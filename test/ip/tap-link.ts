// A stack on a tap of this process's network namespace, whose other end is the kernel's TCP/IP.
import { result } from "../../src/abi/start.js";
import { createStack, type Host, type Stack, type StackOptions } from "../../src/ip/index.js";
import { descriptorDevice } from "../../src/host/posix/net/descriptor-device.js";
import { watchedReader } from "../../src/host/posix/net/poll.js";
import { openTap } from "../../src/host/linux/net/tap.js";
import { randomFrom } from "./world.js";

export interface TapStack {
  readonly stack: Stack;
  readonly host: Host;
  close(): void;
}

/** `loss` is the probability that a frame is lost, either way; `capture` sees what the stack sends. */
export function stackOnTap(
  tap: string,
  options: StackOptions,
  {
    loss = 0,
    seed = 1,
    capture = () => {},
  }: { readonly loss?: number; readonly seed?: number; readonly capture?: (frame: Uint8Array) => void } = {},
): TapStack {
  const source = openTap(tap);
  const { fd, mtu } = source;
  const device = descriptorDevice(source, watchedReader(fd));
  const random = randomFrom(seed);
  let timer: NodeJS.Timeout | undefined;
  const link = {
    mtu,
    mac: Uint8Array.of(2, 0, 0, 0, 0, 0x15),
    send(frame: Uint8Array): boolean {
      if (random() < loss) return true;
      capture(frame);
      return device.write(frame) === result.ok;
    },
  };
  const host = {
    now: () => performance.now(),
    wake(at: number) {
      clearTimeout(timer);
      if (at !== Infinity)
        timer = setTimeout(() => stack.tick(), Math.max(0, Math.ceil(at - performance.now())));
    },
    entropy: (into: Uint8Array) => void crypto.getRandomValues(into),
  };
  const stack = createStack(link, host, options);
  device.onWritable?.(() => stack.resume());
  device.onReadable(() => {
    const frames: Uint8Array[] = [];
    for (let frame; (frame = device.read()) !== undefined;) {
      if (random() >= loss) frames.push(frame);
    }
    stack.receiveAll(frames);
  });
  return {
    stack,
    host,
    close() {
      clearTimeout(timer);
      stack.close();
      device.close();
    },
  };
}
