// Real programs give the same results as unikernels of every target, natively and on the engine, as on Linux: built there
// by another compiler against another C library.
import assert from "node:assert/strict";
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

/** The PC's serial port ends its lines with CR LF. */
const text = (output: string): string => output.replaceAll("\r\n", "\n");

/** None where SOLO5_REAL is empty on purpose. */
const wanted = process.env["SOLO5_REAL"] === "" ? [] : runs;
for (const [index, run] of wanted.entries()) {
  const { program, workload, rounds } = run;
  const words = [workload, String(rounds.test)];
  for (const [name, way] of waysOf(run, index)) {
    test(`${program} ${words.join(" ")}: ${name}`, { skip }, async () => {
      // A unikernel has one output.
      const script = ["-c", 'exec "$0" "$@" 2>&1', programFile(program, "linux"), ...words];
      const witness = await execute("sh", script);
      assert.notEqual(witness.stdout, "");
      const outcome = await way(program, words);
      assert.equal(text(outcome.stdout), witness.stdout, outcome.stderr);
      assert.equal(outcome.status, witness.status, outcome.stderr);
    });
  }
}
