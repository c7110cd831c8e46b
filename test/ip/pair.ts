// Two stacks on one link in a world of virtual time.
import { createStack, prediction, type Stack, type StackOptions } from "../../src/ip/index.js";
import { createPath, createWorld, randomFrom, type Weather, type World } from "./world.js";

export interface Pair {
  readonly world: World;
  readonly a: Stack;
  readonly b: Stack;
  /** Every frame that was sent. */
  readonly frames: Uint8Array[];
}

export interface PairOptions {
  readonly seed?: number;
  readonly mtu?: number;
  readonly weather?: Weather;
  readonly a?: StackOptions;
  readonly b?: StackOptions;
  /** Whether `b` is lent its frames, one after the other in one buffer. */
  readonly lends?: boolean;
}

export const macs = [Uint8Array.of(2, 0, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 0, 2)] as const;

/** `a` is 10.0.0.1 and fd00::1, `b` 10.0.0.2 and fd00::2. */
export function createPair({
  seed = 1,
  mtu = 1500,
  weather = {},
  a: optionsA,
  b: optionsB,
  lends = true,
}: PairOptions = {}): Pair {
  const world = createWorld();
  const random = randomFrom(seed);
  const frames: Uint8Array[] = [];
  const end = (stack: Stack, mac: Uint8Array) => ({
    mac,
    receive: stack === b && lends ? lender(stack, mtu) : stack.receive,
    resume: stack.resume,
  });
  const make = (index: 0 | 1, options: StackOptions = {}): Stack => {
    const ends = () =>
      index === 0
        ? { from: end(a, macs[0]), to: end(b, macs[1]) }
        : { from: end(b, macs[1]), to: end(a, macs[0]) };
    const link = createPath(world, macs[index], mtu, weather, random, ends, (frame) => frames.push(frame));
    const host = world.host(seed * 2 + index + 1, () => (index === 0 ? a : b).tick());
    const n = index + 1;
    return createStack(link, host, {
      addresses: [`10.0.0.${n}/24`, `fd00::${n}/64`],
      probe: false,
      ...(index === 1 && lends ? { prediction } : {}),
      ...options,
    });
  };
  const a: Stack = make(0, optionsA);
  const b: Stack = make(1, optionsB);
  return { world, a, b, frames };
}

/** Hands frames over in one buffer, in which nothing stays. */
function lender(stack: Stack, mtu: number): (frame: Uint8Array) => void {
  const buffer = new Uint8Array(mtu + 32);
  return (frame) => {
    if (frame.length > buffer.length) return stack.receive(frame);
    let isThere = true;
    const read = (): number => {
      if (!isThere) return -1;
      isThere = false;
      buffer.set(frame);
      return frame.length;
    };
    stack.receiveFrom(buffer, read, 2);
    buffer.fill(0xa5);
  };
}
