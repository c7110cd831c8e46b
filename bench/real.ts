// Real programs (test/real) on the wasm engine against themselves natively and under QEMU's TCG: user time, a process with
// all its threads. `Once warm` is what a run costs beyond one of half the rounds; everything else includes the start.
import { needs, needsAll } from "../test/needs.js";
import { programFile } from "../test/real/cache.js";
import { type Run, runs } from "../test/real/programs.js";
import { emptyCodeCache, engineCommand, nativeCommand, tcgCommand } from "./real-ways.js";
import { geometricMean, median, type Row, type Suite } from "./report.js";
import { residentBytes, userTime } from "./measure.js";

const ROUNDS = 2;
/** To look at a part: workloads whose name contains SOLO5_REAL_RUNS, with a share of their rounds. */
const { SOLO5_REAL_RUNS: wanted = "", SOLO5_REAL_SHARE: share = "1" } = process.env;
const measured = runs
  .filter(({ program, workload, rounds }) => rounds.bench > 1 && `${program} ${workload}`.includes(wanted))
  .map((run) => ({ ...run, rounds: { ...run.rounds, bench: Math.ceil(run.rounds.bench * Number(share)) } }));

/** Milliseconds, the least of the rounds; `half` with half of the work. */
interface Times {
  whole: number;
  half: number;
}

interface Result {
  readonly run: Run;
  readonly native: Times;
  readonly spt: Times;
  readonly hvt: Times;
  readonly tcg: number;
}

const wordsOf = ({ workload }: Run, rounds: number): readonly string[] => [workload, String(rounds)];

function measure(run: Run, hasQemu: boolean): Result {
  const { program, rounds } = run;
  const commands = {
    native: (words: readonly string[]) => nativeCommand(program, words),
    spt: (words: readonly string[]) => engineCommand(program, "spt", words),
    hvt: (words: readonly string[]) => engineCommand(program, "hvt", words),
  };
  const times = { native: never(), spt: never(), hvt: never() };
  const sizes = { whole: rounds.bench, half: Math.ceil(rounds.bench / 2) };
  for (let round = 0; round < ROUNDS; round++) {
    for (const size of ["half", "whole"] as const) {
      const words = wordsOf(run, sizes[size]);
      const outputs = new Set<string>();
      for (const way of ["native", "spt", "hvt"] as const) {
        const cost = userTime(commands[way](words));
        if (cost.milliseconds !== Infinity) outputs.add(cost.output);
        times[way][size] = Math.min(times[way][size], cost.milliseconds);
      }
      if (outputs.size !== 1)
        throw new Error(`${program} ${words.join(" ")}: outputs differ: ${[...outputs].join(" and ")}`);
    }
  }
  const emulated = hasQemu ? userTime(tcgCommand(program, wordsOf(run, sizes.whole))) : undefined;
  return { run, ...times, tcg: emulated?.milliseconds ?? Number.NaN };
}

const never = (): Times => ({ whole: Infinity, half: Infinity });
const whole = ({ native, ...of }: Result, engine: Engine): number => native.whole / of[engine].whole;
const warm = ({ native, ...of }: Result, engine: Engine): number =>
  (native.whole - native.half) / Math.max(1, of[engine].whole - of[engine].half);
const tcg = (result: Result, engine: Engine): number => result.tcg / result[engine].whole;

function resultRow(result: Result): Row {
  const { run, native } = result;
  const of = (engine: Engine): string =>
    `${engine} ${warm(result, engine).toFixed(2)} warm, ${whole(result, engine).toFixed(2)} with the start`;
  return {
    what: `${run.program} ${run.workload}`,
    measured: `natively ${native.whole.toFixed(0)} ms; of native, ${of("hvt")}; ${of("spt")}; ${tcg(result, "hvt").toFixed(1)} times TCG`,
  };
}

/** A row with what must be reached and what is aimed at: more is better, or less where `most` says so. */
function goal(
  what: string,
  value: number,
  [must, aim]: readonly [number, number],
  unit: string,
  most = false,
): Row {
  const digits = must < 10 ? 2 : 0;
  return {
    what,
    measured: `${value.toFixed(digits)}${unit}`,
    target: `must ${must}${unit}, aim ${aim}${unit}`,
    met: most ? value <= must : value >= must,
  };
}

type Engine = "hvt" | "spt";

/** What is promised of a group's geometric mean. */
const promised: readonly {
  readonly what: string;
  readonly group: Run["group"];
  readonly value: (result: Result, engine: Engine) => number;
  readonly goals: readonly [must: number, aim: number];
  readonly unit?: string;
}[] = [
  { what: "QuickJS, CPU-bound scripts, of native", group: "quickjs", value: whole, goals: [0.35, 0.5] },
  { what: "OCaml once warm, of native", group: "ocaml", value: warm, goals: [0.5, 0.65] },
  { what: "OCaml with its start, of native", group: "ocaml", value: whole, goals: [0.35, 0.5] },
  { what: "OCaml with its start, against TCG", group: "ocaml", value: tcg, goals: [3, 5], unit: " times" },
  { what: "Lua, SQLite, zlib, mbedTLS, of native", group: "libraries", value: whole, goals: [0.45, 0.6] },
];

const groupRows = (results: readonly Result[]): readonly Row[] =>
  promised.flatMap(({ what, group, value, goals, unit = "" }) => {
    const members = results.filter(({ run }) => run.group === group);
    if (members.length === 0) return [];
    return (["hvt", "spt"] as const).map((engine) =>
      goal(`${what}, ${engine}`, geometricMean(members.map((each) => value(each, engine))), goals, unit),
    );
  });

/** Seconds of a start and a script of ten lines, beyond those of a Node that does nothing. */
function startRows(): Row[] {
  const seconds = (command: readonly string[]): number => userTime(command).milliseconds / 1000;
  const command = (cache: "none" | "kept") => engineCommand("quickjs", "hvt", ["start", "1"], cache);
  const nothing = [process.execPath, "-e", "0"];
  emptyCodeCache();
  seconds(command("kept"));
  const beyond = (cache: "none" | "kept"): number =>
    median(Array.from({ length: ROUNDS + 1 }, () => seconds(command(cache)) - seconds(nothing)));
  return [
    goal("QuickJS, start and script, cold", beyond("none"), [1.5, 0.5], " s", true),
    goal("QuickJS, start and script, cached", beyond("kept"), [0.25, 0.08], " s", true),
  ];
}

/** Megabytes resident at most, less those of a Node that does nothing and what the guest itself touches. */
async function memoryRows(): Promise<Row[]> {
  const node = await residentBytes([process.execPath, "-e", "setTimeout(() => {}, 100)"]);
  const rows: Row[] = [];
  for (const [program, goals] of [
    ["quickjs", [100, 60]],
    ["ocaml5", [80, 50]],
  ] as const) {
    const beyond: number[] = [];
    for (const run of measured.filter((each) => each.program === program)) {
      const words = wordsOf(run, run.rounds.bench);
      const native = await residentBytes(nativeCommand(program, words));
      beyond.push((await residentBytes(engineCommand(program, "hvt", words))) - node - native);
    }
    if (beyond.length > 0) rows.push(goal(`resident memory, ${program}, the most of its workloads`, Math.max(...beyond) / 2 ** 20, goals, " MB", true)); // prettier-ignore
  }
  return rows;
}

async function run(): Promise<readonly Row[]> {
  const hasQemu = needs.program("qemu-system-x86_64") === false;
  const results = measured.map((each) => measure(each, hasQemu));
  return [...results.map(resultRow), ...groupRows(results), ...startRows(), ...(await memoryRows())];
}

export const real: Suite = {
  name: "real",
  skip: needsAll(needs.x8664Linux(), needs.file(programFile("quickjs", "linux"), "test/real/prepare")),
  run,
};
