// How the engine's speed depends on the shape of code: generated programs, each with the same number of steps, as curves over
// one property, and the placements of the stack. Nanoseconds a step of user time, with translation; what is promised is that the
// largest program of a curve takes hardly longer a step than the smallest, beside what the CPU itself takes longer.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { attach, open, seal } from "../src/index.js";
import { needs } from "../test/needs.js";
import { computedGoto, generated, switcher } from "../test/shapes/programs.js";
import { kinds, shape, type Shape } from "../test/shapes/shape.js";
import { buildPrograms, programFile, type Program } from "../test/unikernels.js";
import { userTime } from "./measure.js";
import { folder } from "./one-off.js";
import type { Row, Suite } from "./report.js";

const steps = 50_000_000;
const limitMsecs = 60_000;
const seed = Number(process.env["SOLO5_SHAPES"] ?? 7);
const child = fileURLToPath(new URL("cpu-child.js", import.meta.url));

interface Curve {
  readonly what: string;
  readonly points: readonly (readonly [label: string, Shape])[];
}

/** About 75 bytes. */
const segmentsOf = (kilobytes: number): number => Math.ceil((kilobytes * 1024) / 75);
const sizes = [1, 4, 16, 64, 256, 1024];
const bySize = (what: string, differences: Partial<Shape>): Curve => ({
  what,
  points: sizes.map((kilobytes) => [
    `${kilobytes} KB`,
    shape(`${differences.flow}-${kilobytes}`, { ...differences, segments: segmentsOf(kilobytes) }),
  ]),
});

const curves: readonly Curve[] = [
  bySize("one function in a straight line", { flow: "straight" }),
  bySize("one switch in a loop", { flow: "switch" }),
  bySize("one irreducible graph", { flow: "graph" }),
  {
    what: "functions of 150 bytes, called by pointers",
    points: [1, 10, 100, 1000, 10_000, 50_000].map((functions) => [
      `${functions}`,
      shape(`functions-${functions}`, { functions, segments: 2 }),
    ]),
  },
  {
    what: "functions of 20 bytes, called by pointers",
    points: [10, 1000, 100_000].map((functions) => [
      `${functions}`,
      shape(`leaves-${functions}`, { functions, segments: 0 }),
    ]),
  },
  {
    what: "functions that call each other by pointers",
    points: [10, 1000, 10_000].map((functions) => [
      `${functions}`,
      shape(`calls-${functions}`, { functions, segments: 4, calls: "table", depth: 8 }),
    ]),
  },
  {
    what: "entries of a jump table to 40 cases",
    points: [40, 4096].map((entries) => [
      `${entries}`,
      shape(`entries-${entries}`, { flow: "switch", segments: 40, entries }),
    ]),
  },
  {
    what: "loops within loops",
    points: [4, 30, 200, 1000].map((depth) => [
      `${depth}`,
      shape(`nest-${depth}`, { flow: "nest", segments: 2 * depth }),
    ]),
  },
];

interface Times {
  readonly native: number;
  /** NaN where it had not finished in time. */
  readonly engine: number;
}

/** Nanoseconds a step. */
function measure(program: Program, target: "hvt" | "spt", cmdline: string): Times {
  const sealed = join(folder, program.name);
  const unikernel = open(programFile(program, "spt"));
  writeFileSync(sealed, seal(attach(unikernel, { memMiB: 64, args: cmdline.split(" ") })), { mode: 0o755 });
  const native = userTime([sealed]);
  const args = [child, programFile(program, target), "plain", cmdline];
  let engine = Number.NaN;
  try {
    const text = execFileSync(process.execPath, args, { encoding: "utf8", timeout: limitMsecs });
    const [checksum = "none", msecs] = text.trim().split("\n");
    if (!native.output.includes(checksum)) throw new Error(`${program.name}: ${checksum}, but natively ${native.output}`); // prettier-ignore
    engine = Number(msecs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ETIMEDOUT") throw error;
  }
  const each = (msecs: number) => (msecs * 1e6) / Number.parseInt(cmdline, 10);
  return { native: each(native.milliseconds), engine: each(engine) };
}

const say = ({ native, engine }: Times): string =>
  `${Number.isNaN(engine) ? `not finished after ${limitMsecs / 1000} s` : `${engine.toFixed(1)} ns, ${(native / engine).toFixed(2)} of native`} (${native.toFixed(1)} ns)`;

/** What is slow here is slow by minutes: rows are told as they come. */
function told(row: Row): Row {
  process.stderr.write(`${row.what}: ${row.measured}\n`);
  return row;
}

function curveRows({ what, points }: Curve): Row[] {
  const rows: Row[] = [];
  const times = points.map(([label, each]) => {
    const times = measure(generated(each, seed), "spt", `${steps}`);
    rows.push(told({ what: `${what}: ${label}`, measured: say(times) }));
    return times;
  });
  const slowdown = ({ native, engine }: Times): number => engine / native;
  const [first, last] = [times.at(0), times.at(-1)];
  if (first === undefined || last === undefined) return rows;
  const growth = slowdown(last) / slowdown(first);
  rows.push({
    what: `${what}: time a step, largest against smallest, beside native's`,
    measured: `${growth.toFixed(2)} (by itself ${(last.engine / first.engine).toFixed(2)})`,
    target: "must 2, aim 1.3",
    met: growth <= 2,
  });
  return rows;
}

/** Where the stack lies shall make no difference, nor the target. */
function placementRow(program: Program): Row {
  const count = steps / 5;
  const ways = (["hvt", "spt"] as const).flatMap((target) =>
    [`${count}`, `${count} end`].map((cmdline) => measure(program, target, cmdline)),
  );
  const times = ways.map(({ engine }) => engine);
  const spread = Math.max(...times) / Math.min(...times);
  const native = Math.min(...ways.map(({ native }) => native));
  return told({
    what: `${program.name}: a step with the stack amid memory and at its end; hvt, then spt`,
    measured: `${times.map((time) => time.toFixed(1)).join(", ")} ns: apart by ${spread.toFixed(2)} (natively ${native.toFixed(1)} ns)`,
    target: "at most 1.3",
    met: spread <= 1.3,
  });
}

async function run(): Promise<readonly Row[]> {
  const placed = [...kinds.map((kind) => generated(kind, seed)), switcher, computedGoto];
  const drawn = curves.flatMap(({ points }) => points.map(([, each]) => generated(each, seed)));
  await buildPrograms([...placed, ...drawn], ["spt", "hvt"]);
  return [...placed.map(placementRow), ...curves.flatMap(curveRows)];
}

export const shapes: Suite = { name: "shapes", skip: needs.x8664Linux(), run };
