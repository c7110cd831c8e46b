// Compares an engine with QEMU's CPU on sequences, and makes what it finds small.
import { signals } from "../../src/abi/signals.js";
import { random } from "../x86-64/random.js";
import { differences, type NewVcpu, runEngine } from "./differential.js";
import { runNative } from "./native.js";
import { listing, newSequence, type Sequence, type Shape, without } from "./sequence.js";
import { CODE_CASES, type State } from "./state.js";

const BATCH = Math.min(1000, CODE_CASES);

export interface Search {
  readonly count: number;
  readonly length: number;
  readonly seed: number;
  readonly shape: Shape;
  /** Whether flags that nothing reads any more are still right where a fault ends it. */
  readonly flagsAtFaults?: boolean;
  /** Whether exceptions of floating point count. */
  readonly exceptions?: boolean;
  /** Changes what each starts from. */
  readonly prepare?: (state: State, n: number) => void;
}

type Compare = (sequences: readonly Sequence[]) => string[];

const compareOn =
  (newVcpu: NewVcpu, flagsAtFaults: boolean, exceptions: boolean): Compare =>
  (sequences) => {
    const states = sequences.map(({ state }) => state);
    const [theirs, ours] = [runNative(states), runEngine(newVcpu, states)];
    return sequences.map((_, n) => {
      const [a, b] = [theirs[n], ours[n]];
      if (a === undefined || b === undefined) return "";
      if (!flagsAtFaults && a.signal !== signals.SIGTRAP) b.nzcv = a.nzcv;
      if (!exceptions) b.fpsr = a.fpsr;
      return differences(a, b);
    });
  };

/** Leaves out instructions as long as there is a difference: all ways at once, of which each has the place of its own. */
function shrink(compare: Compare, found: Sequence): Sequence {
  let smallest = found;
  for (;;) {
    const next = smallest.instructions
      .map((_, n) => without(smallest, n))
      .find((one) => compare([one])[0] !== "");
    if (next === undefined || next.instructions.length === 0) return smallest;
    smallest = next;
  }
}

/** The first sequence of `count` on which the engine differs, made small, as text; undefined where there is none. */
export function findDifference(newVcpu: NewVcpu, search: Search): string | undefined {
  const { count, length, seed, shape, flagsAtFaults = true, exceptions = true, prepare } = search;
  const compare = compareOn(newVcpu, flagsAtFaults, exceptions);
  for (let done = 0; done < count; done += BATCH) {
    const r = random(seed + done);
    const batch = Array.from({ length: Math.min(BATCH, count - done) }, (_, n) => {
      const sequence = newSequence(r, shape, length, n);
      prepare?.(sequence.state, n);
      return sequence;
    });
    const found = batch[compare(batch).findIndex((text) => text !== "")];
    if (found === undefined) continue;
    const small = shrink(compare, found);
    return `seed ${seed + done}:\n${listing(small)}\n${compare([small])[0]}`;
  }
  return undefined;
}
