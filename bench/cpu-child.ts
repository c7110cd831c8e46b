// Runs one workload on the portable engine, in a process of its own: FILE, the profile or `interpreted`, and a
// command line. Prints the workload's line and the user time in milliseconds, of translation and of V8's compilers too.
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { load, runBare } from "../test/bare-machine.js";

const [file = "", how = "plain", cmdline = ""] = process.argv.slice(2);
const memoryBytes = 64 << 20;
const vcpu = load(
  file,
  (options) =>
    how === "interpreted"
      ? newInterpreter(options)
      : newWasmVcpu({ ...options, profile: how === "replay" ? "replay" : "plain" }),
  memoryBytes,
  cmdline,
);
const before = process.cpuUsage();
const { output } = runBare(vcpu, 1e9);
const { user } = process.cpuUsage(before);
process.stdout.write(`${/^[\w-]+ [0-9a-f]{16}$/m.exec(output)?.[0] ?? "no checksum"}\n${user / 1000}\n`);
