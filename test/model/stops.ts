// Starts an endless guest on an engine again and again, and stops it after other delays each time: prints the statuses.
import { readFileSync } from "node:fs";
import { attach, open, run } from "../../src/index.js";
import type { EngineName } from "../../src/tender/running.js";

const [, , engine = "", file = ""] = process.argv;
const plan = attach(open(readFileSync(file)), { memMiB: 2 });
const statuses: number[] = [];
for (const delayMsecs of [0, 1, 5, 20, 50, 100]) {
  const running = run(plan, { engine: engine as EngineName });
  await new Promise((resolve) => void setTimeout(resolve, delayMsecs));
  running.stop();
  statuses.push((await running.exited).status);
}
process.stdout.write(`${statuses.join(" ")}\n`);
