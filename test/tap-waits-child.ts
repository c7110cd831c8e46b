// Two unikernels of one process, each on the tap that an argument names, beside a timer of the program's: run by tap-waits.test.ts.
import { attach, open, run } from "../src/index.js";
import { selfTest } from "./command.js";

for (const name of process.argv.slice(2)) {
  const plan = attach(open(selfTest("test_net.hvt")), {
    memMiB: 16,
    net: { service0: { source: { kind: "tap", interface: name } } },
  });
  const console = { write: (data: Uint8Array) => void process.stdout.write(data) };
  run(plan, { engine: "wasm", console });
}
// Often enough to be late under a flood, seldom enough to come to rest.
setInterval(() => process.stdout.write("tick\n"), 50);
