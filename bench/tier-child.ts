// Runs one workload for so many instructions without translating it: FILE, `interpreted` or `threaded`. Prints the user
// milliseconds up to 100,000 instructions, and for 50 million behind 100 million, and the handlers' memory in bytes.
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { load, runBare } from "../test/bare-machine.js";

const [file = "", how = "threaded"] = process.argv.slice(2);
const MEMORY = 64 << 20;
const isThreaded = how === "threaded";
const vcpu = load(
  file,
  (options) =>
    isThreaded ? newWasmVcpu(options, { threshold: Number.POSITIVE_INFINITY }) : newInterpreter(options),
  MEMORY,
  // Rounds without end.
  "1000000000",
);

/** User milliseconds of the next instructions. */
function cost(instructions: number): number {
  vcpu.setBudget(instructions);
  const before = process.cpuUsage();
  runBare(vcpu);
  return process.cpuUsage(before).user / 1000;
}

const first = cost(100_000);
cost(isThreaded ? 100_000_000 : 5_000_000);
const [count, msecs] = isThreaded ? [50_000_000, cost(50_000_000)] : [5_000_000, cost(5_000_000)];
process.stdout.write(`${first} ${count / msecs / 1000}\n`);
