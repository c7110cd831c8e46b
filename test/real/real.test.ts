// Real programs give the same results as unikernels of every target, natively and on the engine, as on Linux: built there
// by another compiler against another C library.
import assert from "node:assert/strict";
import { test } from "node:test";
import { execute, solo5, type Outcome } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { programFile } from "./cache.js";
import { runs } from "./programs.js";

const skip = needsAll(needs.x8664Linux(), needs.realPrograms());
const limits = { timeoutMsecs: 200_000 };

const ways: Readonly<Record<string, (program: string, words: readonly string[]) => Promise<Outcome>>> = {
  "spt, natively": (program, words) =>
    solo5("solo5-spt", ["--mem=512", programFile(program, "spt"), "--solo5:quiet", ...words], limits),
  ...Object.fromEntries(
    (["spt", "hvt", "virtio"] as const).map((target) => [
      `${target} on the engine`,
      (program: string, words: readonly string[]) => {
        const file = programFile(program, target);
        return solo5("solo5", ["run", "--engine=wasm", "--mem=512", file, "--solo5:quiet", ...words], limits);
      },
    ]),
  ),
};

/** The PC's serial port ends its lines with CR LF. */
const text = (output: string): string => output.replaceAll("\r\n", "\n");

/** None where SOLO5_REAL is empty on purpose. */
const wanted = process.env["SOLO5_REAL"] === "" ? [] : runs;
for (const { program, workload, rounds } of wanted) {
  const words = [workload, String(rounds.test)];
  for (const [way, run] of Object.entries(ways)) {
    test(`${program} ${workload}: ${way}`, { skip }, async () => {
      // A unikernel has one output.
      const script = ["-c", 'exec "$0" "$@" 2>&1', programFile(program, "linux"), ...words];
      const witness = await execute("sh", script);
      assert.notEqual(witness.stdout, "");
      const outcome = await run(program, words);
      assert.equal(text(outcome.stdout), witness.stdout, outcome.stderr);
      assert.equal(outcome.status, witness.status, outcome.stderr);
    });
  }
}
