// How fast guest code runs that is not translated: each workload on the first tier and in the interpreter, in processes
// of their own, by user time.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { buildWorkloads, workloadFile, workloads } from "./guests.js";
import { median, type Row, type Suite } from "./report.js";

const ROUNDS = 3;
/** `fib` is deeper the more rounds there are. */
const endless = (name: string): boolean => name !== "fib";
const child = fileURLToPath(new URL("tier-child.js", import.meta.url));

interface Measured {
  /** Milliseconds of the first 100,000 instructions. */
  readonly first: number;
  /** Millions of instructions a second. */
  readonly speed: number;
}

function measure(name: string, how: "interpreted" | "threaded"): Measured {
  const runs = Array.from({ length: ROUNDS }, () =>
    execFileSync(process.execPath, [child, workloadFile(name, "hvt"), how], { encoding: "utf8" })
      .split(" ")
      .map(Number),
  );
  const [first, speed] = [0, 1].map((index) => median(runs.map((run) => run[index] ?? Number.NaN)));
  return { first: first ?? Number.NaN, speed: speed ?? Number.NaN };
}

async function run(): Promise<readonly Row[]> {
  await buildWorkloads(["hvt"]);
  return workloads.filter(endless).map((name): Row => {
    const [one, other] = [measure(name, "threaded"), measure(name, "interpreted")];
    return {
      what: `${name}: million instructions a second, first tier (interpreter); user time of the first 100,000`,
      measured: `${one.speed.toFixed(0)} (${other.speed.toFixed(0)}); ${one.first.toFixed(0)} (${other.first.toFixed(0)}) ms`,
      ...(name === "core" ? { target: "must 40, aim 100", met: one.speed >= 40 } : {}),
    };
  });
}

export const tier: Suite = { name: "tier", skip: false, run };
