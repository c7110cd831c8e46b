// Compares an engine with the real CPU on sequences, and makes what it finds small.
import { describe, differences, type Floats, forFloats, type NewVcpu, runEngine } from "./differential.js";
import { runNative } from "./native.js";
import { random } from "./random.js";
import { anyShape, listing, newSequence, type Sequence, type Shape, without } from "./sequence.js";
import { CODE_CASES } from "./state.js";

/** How many sequences at once: processes and engines are made anew for each batch. */
const BATCH = Math.min(1000, CODE_CASES);

function compare(newVcpu: NewVcpu, sequences: readonly Sequence[], floats: Floats): string[][] {
  const states = sequences.map(({ state }) => forFloats(floats, state));
  const expected = runNative(states);
  const actual = runEngine(newVcpu, states);
  return sequences.map((sequence, n) => {
    const [a, b] = [expected[n], actual[n]];
    const [last] = sequence.instructions.slice(-1);
    if (a === undefined || b === undefined || last === undefined) return [];
    const traits = { ...last.row.traits, undefinedFlags: sequence.undefinedFlags };
    const instruction = { ...last, row: { ...last.row, mnemonic: "(sequence)", traits } };
    return differences({ state: sequence.state, instruction }, a, b, floats);
  });
}

/** Leaves out instructions as long as the difference stays. */
function shrink(newVcpu: NewVcpu, found: Sequence, floats: Floats): Sequence {
  let smallest = found;
  for (let goesOn = true; goesOn;) {
    // One by one: they all lie at the same address.
    const candidates = smallest.instructions.map((_, n) => without(smallest, n));
    const next = candidates.find((one) => compare(newVcpu, [one], floats).some((lines) => lines.length > 0));
    goesOn = next !== undefined && next.instructions.length > 0;
    if (goesOn && next !== undefined) smallest = next;
  }
  return smallest;
}

/** The first sequence of `count` on which the engine differs, made small, as text; undefined where there is none. */
export function findDifference(
  newVcpu: NewVcpu,
  {
    count,
    length,
    seed,
    floats = "exact",
    shape = anyShape(),
  }: { count: number; length: number; seed: number; floats?: Floats; shape?: Shape },
): string | undefined {
  for (let done = 0; done < count; done += BATCH) {
    const r = random(seed + done);
    const batch = Array.from({ length: Math.min(BATCH, count - done) }, (_, n) =>
      newSequence(r, shape, length, n),
    );
    const results = compare(newVcpu, batch, floats);
    const index = results.findIndex((lines) => lines.length > 0);
    const found = batch[index];
    if (found === undefined) continue;
    const small = shrink(newVcpu, found, floats);
    const [lines = []] = compare(newVcpu, [small], floats);
    const [first] = small.instructions;
    if (first === undefined) return "an empty sequence differs";
    return `seed ${seed + done}, sequence ${index}:\n${listing(small)}\n${describe({ state: small.state, instruction: first }, lines)}`;
  }
  return undefined;
}
