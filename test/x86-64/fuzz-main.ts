// `npm run fuzz -- [sequences] [seed] [length]`: sequences of instructions on both engines and the real CPU until they differ.
import { newInterpreter } from "../../src/engine/x86-64/interpreter.js";
import { findDifference } from "./fuzz.js";

const [count = 100_000, seed = Date.now() % 1_000_000, length = 12] = process.argv.slice(2).map(Number);
const found = findDifference(newInterpreter, { count, length, seed });
process.stdout.write(`${found ?? `${count} sequences of up to ${length}, seed ${seed}: no difference`}\n`);
process.exitCode = found === undefined ? 0 : 1;
