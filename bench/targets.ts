// Targets that only our own machines run, beside hvt on the same engine: start, pings on a segment, waiting, and arithmetic.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { attach, createSegment, open, run as runPlan } from "../src/index.js";
import { projectRoot } from "../test/project.js";
import { selfTest } from "../test/command.js";
import { buildWorkloads, workloadFile, workloads } from "./guests.js";
import { geometricMean, median, type Row, type Suite } from "./report.js";

const rounds = 5;
const pingCount = 10_000;
const targets = ["muen", "genode", "xen"] as const;
/** Genode's unikernels lie at 16 MiB. */
const memMiB = 32;

/** Milliseconds from start to end on the engine. */
async function untilEnd(file: string): Promise<number> {
  const start = performance.now();
  await runPlan(attach(open(file), { memMiB }), { engine: "wasm", console: { write() {} } }).exited;
  return performance.now() - start;
}

async function startRow(target: string): Promise<Row> {
  const times: Record<string, number[]> = { hvt: [], [target]: [] };
  for (let round = 0; round < 3 * rounds; round++)
    for (const [name, list] of Object.entries(times))
      list.push(await untilEnd(selfTest(`test_hello.${name}`)));
  const [hvt = 0, ours = 0] = Object.values(times).map((list) => median(list.slice(rounds)));
  const ratio = ours / hvt;
  return {
    what: `${target}: hello from start to end, in a warm Node (hvt)`,
    measured: `${ours.toFixed(1)} ms (${hvt.toFixed(1)} ms): ${ratio.toFixed(2)} times`,
    target: "at most 1.5 times",
    met: ratio <= 1.5,
  };
}

/** Milliseconds, in a Node of its own. */
const pingMsecs = (target: string): number =>
  Number(
    execFileSync(
      process.execPath,
      [join(projectRoot, "dist/bench/net-pings.js"), selfTest(`test_net.${target}`), `${pingCount}`],
      { encoding: "utf8", env: { ...process.env, SOLO5_BENCH_ENGINE: "wasm" } },
    ),
  );

function pingRow(target: string): Row {
  const times = { hvt: [] as number[], ours: [] as number[] };
  for (let round = 0; round < 3; round++) {
    times.hvt.push(pingMsecs("hvt"));
    times.ours.push(pingMsecs(target));
  }
  const ratio = median(times.hvt) / median(times.ours);
  const rate = (list: readonly number[]): string => (pingCount / (median(list) / 1000)).toFixed(0);
  return {
    what: `${target}: ${pingCount} pings on a segment (hvt)`,
    measured: `${rate(times.ours)}/s (${rate(times.hvt)}/s): ${ratio.toFixed(2)} of it`,
    target: "at least 0.5 of it",
    met: ratio >= 0.5,
  };
}

const waitMsecs = 2000;

async function waitRow(target: string): Promise<Row> {
  const segment = createSegment();
  const source = { kind: "device", device: segment.port() } as const;
  const plan = attach(open(selfTest(`test_net.${target}`)), { memMiB, net: { service0: { source } } });
  await using running = runPlan(plan, { engine: "wasm", console: { write() {} } });
  const sleep = () => new Promise((resolve) => setTimeout(resolve, waitMsecs));
  await sleep();
  const before = process.cpuUsage();
  await sleep();
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1000 / waitMsecs;
  running.stop();
  return {
    what: `${target}: CPU of a unikernel that waits`,
    measured: `${(100 * share).toFixed(1)} %`,
    target: "at most 5 %",
    met: share <= 0.05,
  };
}

/** The same code, but for genode's, which is for any address. */
async function workloadRows(target: (typeof targets)[number]): Promise<readonly Row[]> {
  await buildWorkloads(["hvt", target]);
  const ratios: number[] = [];
  const rows: Row[] = [];
  for (const name of workloads) {
    const [hvt, ours] = [
      await untilEnd(workloadFile(name, "hvt")),
      await untilEnd(workloadFile(name, target)),
    ];
    ratios.push(hvt / ours);
    rows.push({
      what: `${target}: workload ${name} (hvt)`,
      measured: `${ours.toFixed(0)} ms (${hvt.toFixed(0)} ms)`,
    });
  }
  const mean = geometricMean(ratios);
  const what = `${target}: workloads, hvt's time to ours, geometric mean`;
  return [...rows, { what, measured: mean.toFixed(2), target: "at least 0.9", met: mean >= 0.9 }];
}

export const others: Suite = {
  name: "targets",
  skip: false,
  async run() {
    const rows: Row[] = [];
    for (const target of targets) {
      rows.push(await startRow(target), pingRow(target), await waitRow(target));
      rows.push(...(await workloadRows(target)));
    }
    return rows;
  },
};
