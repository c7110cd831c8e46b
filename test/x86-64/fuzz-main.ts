// `npm run fuzz -- [interpreter|wasm] [sequences] [seed] [length]`: sequences of instructions on an engine and the real CPU
// until they differ; what is found is made small.
import { newInterpreter } from "../../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../../src/engine/x86-64/wasm-vcpu.js";
import type { NewVcpu } from "./differential.js";
import { findDifference } from "./fuzz.js";

/** Everything is translated before it runs once. */
const translated: NewVcpu = (options) => newWasmVcpu({ ...options, profile: "plain" }, { threshold: 0 });

const [name = "interpreter", ...numbers] = process.argv.slice(2);
const [count = 20_000, seed = Date.now() % 1_000_000, length = 12] = numbers.map(Number);
const found = findDifference(name === "wasm" ? translated : newInterpreter, {
  count,
  length,
  seed,
  floats: name === "wasm" ? "fast" : "exact",
});
process.stdout.write(
  `${found ?? `${name}: ${count} sequences of up to ${length}, seed ${seed}: no difference`}\n`,
);
process.exitCode = found === undefined ? 0 : 1;
