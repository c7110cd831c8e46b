// How fast guest code runs: each workload of bench/guest natively (sealed), on the portable engine in both profiles and
// without V8's first compiler, and under QEMU's TCG. User time, the least of several runs in turn (one of TCG's, which
// takes as long as all others); every way must give the same checksum. And how fast guest code is translated.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { attach, open, seal } from "../src/index.js";
import { needs } from "../test/needs.js";
import { buildWorkloads, floatWorkloads, longRounds, workloadFile, workloads } from "./guests.js";
import { userTime } from "./measure.js";
import { folder } from "./one-off.js";
import { geometricMean, type Row, type Suite } from "./report.js";

const ROUNDS = 2;
const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const child = program("cpu-child.js");

interface Measured {
  readonly checksum: string;
  readonly milliseconds: number;
}

const checksumIn = (text: string, name: string): string =>
  new RegExp(`^${name} ([0-9a-f]{16})\\r?$`, "m").exec(text)?.[1] ?? "none";

function timed(name: string, command: readonly string[]): Measured {
  const { output, milliseconds } = userTime(command);
  return { checksum: checksumIn(output, name), milliseconds };
}

function onEngine(name: string, how: "plain" | "replay", rounds = "", ...flags: readonly string[]): Measured {
  const args = [...flags, child, workloadFile(name, "hvt"), how, rounds];
  const text = execFileSync(process.execPath, args, { encoding: "utf8" });
  return { checksum: checksumIn(text, name), milliseconds: Number(text.trim().split("\n").at(-1)) };
}

/** The unikernel's exit resets the machine, which ends QEMU. */
function underTcg(name: string): Measured {
  const machine = ["-accel", "tcg", "-cpu", "Westmere", "-m", "64", "-nodefaults", "-no-user-config"];
  const ends = ["-display", "none", "-serial", "stdio", "-no-reboot", "-device", "isa-debug-exit"];
  const kernel = ["-kernel", workloadFile(name, "virtio")];
  return timed(name, ["qemu-system-x86_64", ...machine, ...ends, ...kernel]);
}

/** The workload as a program of the host's, which prints its line. */
function sealed(name: string, args: readonly string[] = []): string {
  const file = join(folder, [name, ...args].join("-"));
  const plan = attach(open(workloadFile(name, "spt")), { memMiB: 64, args });
  writeFileSync(file, seal(plan), { mode: 0o755 });
  return file;
}

/** Of native over three times the rounds, at most 1: what a start costs weighs less there. */
function longRatio(name: string): number {
  const rounds = String(longRounds(name));
  const file = sealed(name, [rounds]);
  let [native, engine] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    const [here, there] = [timed(name, [file]), onEngine(name, "plain", rounds)];
    if (here.checksum !== there.checksum) throw new Error(`${name} ${rounds}: checksums differ`);
    native = Math.min(native, here.milliseconds);
    engine = Math.min(engine, there.milliseconds);
  }
  return Math.min(1, native / engine);
}

/** MB of guest code a second. */
function translationRows(): Row[] {
  const runs = Array.from({ length: ROUNDS }, () =>
    execFileSync(process.execPath, [program("translation-child.js")], { encoding: "utf8" })
      .split(" ")
      .map(Number),
  );
  const [cold, warm] = [0, 1].map((index) => Math.max(...runs.map((run) => run[index] ?? 0)));
  const row = (what: string, value = 0): Row => ({
    what: `translation of guest code, ${what}`,
    measured: `${value.toFixed(2)} MB/s`,
    target: "must 1 MB/s, aim 5",
    met: value >= 1,
  });
  return [row("the first 100 KB of a process", cold), row("after 4 s", warm)];
}

async function run(): Promise<readonly Row[]> {
  const hasQemu = needs.program("qemu-system-x86_64") === false;
  await buildWorkloads(hasQemu ? ["spt", "hvt", "virtio"] : ["spt", "hvt"]);
  const rows: Row[] = [];
  const ratios: {
    name: string;
    plain: number;
    long: number;
    optimised: number;
    replay: number;
    tcg: number;
  }[] = [];
  for (const name of workloads) {
    const file = sealed(name);
    const ways = {
      native: () => timed(name, [file]),
      plain: () => onEngine(name, "plain"),
      optimised: () => onEngine(name, "plain", "", "--no-liftoff"),
      replay: () => onEngine(name, "replay"),
    };
    const least = { native: Infinity, plain: Infinity, optimised: Infinity, replay: Infinity };
    const checksums = new Set<string>();
    for (let round = 0; round < ROUNDS; round++) {
      for (const way of ["native", "plain", "optimised", "replay"] as const) {
        const { checksum, milliseconds } = ways[way]();
        checksums.add(checksum);
        least[way] = Math.min(least[way], milliseconds);
      }
    }
    const tcg = hasQemu ? underTcg(name) : undefined;
    if (tcg !== undefined) checksums.add(tcg.checksum);
    if (checksums.size !== 1) throw new Error(`${name}: checksums differ: ${[...checksums].join(", ")}`);
    const ratio = Math.min(1, least.native / least.plain);
    ratios.push({
      name,
      plain: ratio,
      long: longRatio(name),
      optimised: Math.min(1, least.native / least.optimised),
      replay: Math.min(1, least.plain / least.replay),
      tcg: (tcg?.milliseconds ?? Number.NaN) / least.plain,
    });
    const { optimised, replay, tcg: times } = ratios.at(-1) ?? { optimised: 0, replay: 0, tcg: 0 };
    const measured = `${ratio.toFixed(2)} of native (${least.native.toFixed(0)} ms), ${optimised.toFixed(2)} with --no-liftoff, replay ${replay.toFixed(2)} of plain, ${times.toFixed(1)} times TCG`;
    rows.push({ what: name, measured, target: "at least 0.25 of native", met: ratio >= 0.25 });
  }
  const meanOf = (isFloat: boolean) =>
    geometricMean(
      ratios.filter(({ name }) => floatWorkloads.has(name) === isFloat).map(({ plain }) => plain),
    );
  const [mean, floats] = [meanOf(false), meanOf(true)];
  const longer = ratios.filter(({ name }) => !floatWorkloads.has(name));
  const longMean = geometricMean(longer.map(({ long }) => long));
  const slowest = longer.reduce((least, each) => (each.long < least.long ? each : least));
  const optimised = geometricMean(ratios.map((each) => each.optimised));
  const replay = geometricMean(ratios.map((each) => each.replay));
  const tcg = geometricMean(ratios.map((each) => each.tcg));
  rows.push(
    { what: "geometric mean of native", measured: mean.toFixed(2), target: "0.50", met: mean >= 0.5 },
    {
      what: `the same of ${[...floatWorkloads].join(", ")}`,
      measured: floats.toFixed(2),
      target: "0.55",
      met: floats >= 0.55,
    },
    {
      what: "geometric mean over three times the rounds",
      measured: longMean.toFixed(2),
      target: "must 0.65, aim 0.75",
      met: longMean >= 0.65,
    },
    {
      what: "the slowest of these",
      measured: `${slowest.long.toFixed(2)} (${slowest.name}; all: ${longer.map(({ name, long }) => `${name} ${long.toFixed(2)}`).join(", ")})`,
      target: "must 0.45, aim 0.55",
      met: slowest.long >= 0.45,
    },
    { what: "the first with --no-liftoff", measured: optimised.toFixed(2) },
    { what: "replay profile against plain", measured: replay.toFixed(2), target: "0.80", met: replay >= 0.8 },
    { what: "times faster than QEMU's TCG", measured: tcg.toFixed(1), target: "3.5", met: tcg >= 3.5 },
  );
  rows.push(...translationRows());
  return rows;
}

export const cpu: Suite = { name: "cpu", skip: needs.program("sh"), run };
