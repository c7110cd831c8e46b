// Real programs give the same results as unikernels of every target, natively and on the engine, as on Linux: built there
// by another compiler against another C library.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { execute, solo5, type Outcome } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { programFile, type UnikernelTarget, unikernelTargets } from "./cache.js";
import { type Run, runs } from "./programs.js";

const skip = needsAll(needs.x8664Linux(), needs.realPrograms());
const limits = { timeoutMsecs: 200_000 };

type Way = (program: string, words: readonly string[]) => Promise<Outcome>;

const natively: Way = (program, words) =>
  solo5("solo5-spt", ["--mem=512", programFile(program, "spt"), "--solo5:quiet", ...words], limits);

const onEngine =
  (target: UnikernelTarget): Way =>
  (program, words) => {
    const file = programFile(program, target);
    return solo5("solo5", ["run", "--engine=wasm", "--mem=512", file, "--solo5:quiet", ...words], limits);
  };

function waysOf({ everywhere }: Run, index: number): ReadonlyMap<string, Way> {
  const targets = unikernelTargets.filter((_, each) => everywhere || each === index % 3);
  return new Map([
    ["spt, natively", natively],
    ...targets.map((target): [string, Way] => [`${target} on the engine`, onEngine(target)]),
  ]);
}

/** From a code cache in `folder`. */
const fromCache =
  (target: UnikernelTarget, folder: string): Way =>
  (program, words) =>
    solo5(
      "solo5",
      [
        "run",
        "--engine=wasm",
        `--cache=${folder}`,
        "--mem=512",
        programFile(program, target),
        "--solo5:quiet",
        ...words,
      ],
      limits,
    );

/** Witnesses' output, once for each. */
async function witnessOf(program: string, words: readonly string[]): Promise<Outcome> {
  // A unikernel has one output.
  const script = ["-c", 'exec "$0" "$@" 2>&1', programFile(program, "linux"), ...words];
  const witness = await execute("sh", script);
  assert.notEqual(witness.stdout, "");
  return witness;
}

/** The PC's serial port ends its lines with CR LF. */
const text = (output: string): string => output.replaceAll("\r\n", "\n");

/** None where SOLO5_REAL is empty on purpose. */
const wanted = process.env["SOLO5_REAL"] === "" ? [] : runs;
for (const [index, run] of wanted.entries()) {
  const { program, workload, rounds } = run;
  const words = [workload, String(rounds.test)];
  for (const [name, way] of waysOf(run, index)) {
    test(`${program} ${words.join(" ")}: ${name}`, { skip }, async () => {
      const witness = await witnessOf(program, words);
      const outcome = await way(program, words);
      assert.equal(text(outcome.stdout), witness.stdout, outcome.stderr);
      assert.equal(outcome.status, witness.status, outcome.stderr);
    });
  }
}

/** So many take what those before have kept, and keep more. */
const RUNS = 3;

// One workload of each program, the targets in turn.
const firsts = wanted.filter(
  (run, index) => wanted.findIndex(({ program }) => program === run.program) === index,
);
for (const [index, { program, workload, rounds }] of firsts.entries()) {
  const words = [workload, String(rounds.test)];
  const target = unikernelTargets[index % unikernelTargets.length] ?? "hvt";
  test(`${program} ${words.join(" ")}: ${target} from a code cache, which is then damaged`, { skip }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "solo5-real-cache-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const witness = await witnessOf(program, words);
    const way = fromCache(target, folder);
    const check = async () => {
      const outcome = await way(program, words);
      assert.equal(text(outcome.stdout), witness.stdout, outcome.stderr);
      assert.equal(outcome.status, witness.status, outcome.stderr);
      const [name = "", ...others] = readdirSync(folder);
      assert.equal(others.length, 0);
      return join(folder, name);
    };
    for (let run = 0; run < RUNS; run++) await check();
    const file = await check();
    const kept = readFileSync(file);
    writeFileSync(file, kept.fill(0x5a, kept.length >> 1, (kept.length >> 1) + 4096));
    await check();
  }); // prettier-ignore
}
