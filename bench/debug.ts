// What debugging costs: recording beside a plain run, the log of a server that waits, a step back at the end of a replay.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { commandFile, execute, selfTest } from "../test/command.js";
import { steppedReplay } from "../test/stepped-replay.js";
import { buildWorkloads, workloadFile, workloads } from "./guests.js";
import { folder } from "./one-off.js";
import { inTurn, median, timed, type Row, type Suite } from "./report.js";

const ROUNDS = 3;
const idleSeconds = 20;
const replaySeconds = 10;
const steps = 20;
const log = join(folder, "recording");

const solo5 = (...args: readonly string[]) =>
  execute(process.execPath, [commandFile("solo5"), "run", "--engine=wasm", ...args]);

async function recording(): Promise<Row> {
  const ratios: number[] = [];
  for (const name of workloads) {
    const kernel = workloadFile(name, "hvt");
    const times = await inTurn(
      ROUNDS,
      () => solo5("--mem=64", `--record=${log}`, kernel),
      () => solo5("--mem=64", kernel),
    );
    // The least of each: other work on the machine only ever adds.
    ratios.push(Math.min(...times.a) / Math.min(...times.b));
  }
  const [typical, worst] = [median(ratios), Math.max(...ratios)];
  return {
    what: `recording beside the plain profile, ${workloads.length} workloads, processes and all`,
    measured: `${typical.toFixed(2)} times, at worst ${worst.toFixed(2)}`,
    target: "at most 1.3",
    met: worst <= 1.3,
  };
}

async function idleLog(target: "hvt" | "spt"): Promise<Row> {
  const kernel = selfTest(`test_net.${target}`);
  const command = [commandFile("solo5"), "run", "--engine=wasm", "--mem=16", `--record=${log}`, "--net:service0=segment:a/10.0.0.1", kernel]; // prettier-ignore
  await execute("timeout", ["-s", "INT", String(idleSeconds), process.execPath, ...command]);
  const size = statSync(log).size - statSync(kernel).size;
  const perMinute = (size * 60) / idleSeconds;
  return {
    what: `log of an idle network server, ${target}`,
    measured: `${(perMinute / 1000).toFixed(1)} kB a minute`,
    target: "at most 2 MB",
    met: perMinute <= 2e6,
  };
}

/** A replay that has gone on for so many seconds, then steps back one at a time. */
async function stepBack(): Promise<readonly Row[]> {
  const kernel = workloadFile("nbody", "hvt");
  await solo5("--mem=64", `--record=${log}`, kernel);
  const replay = await steppedReplay(readFileSync(log), { write() {} });
  const { vcpu, history } = replay;
  const start = performance.now();
  while (performance.now() - start < replaySeconds * 1000 && replay.isRunning()) {
    replay.forward(100_000);
    replay.hold();
  }
  const seconds = (performance.now() - start) / 1000;
  const millions = Number(vcpu.instructions) / 1e6;
  const times: number[] = [];
  for (let i = 0; i < steps; i++) times.push(await timed(() => history.step()));
  const worst = Math.max(...times);
  return [
    {
      what: `replay of nbody for ${seconds.toFixed(0)} s, snapshots taken`,
      measured: `${(millions / seconds).toFixed(1)} million instructions a second`,
    },
    {
      what: `reverse-step at the end of that, ${steps} in a row`,
      measured: `${median(times).toFixed(2)} ms, at worst ${worst.toFixed(0)} ms`,
      target: "within 200 ms",
      met: worst <= 200,
    },
  ];
}

export const debug: Suite = {
  name: "debug",
  skip: false,
  async run() {
    await buildWorkloads(["hvt"]);
    return [await recording(), await idleLog("hvt"), await idleLog("spt"), ...(await stepBack())];
  },
};
