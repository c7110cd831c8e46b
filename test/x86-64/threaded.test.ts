// Every row and random sequences on the real CPU and on the first tier, whose handlers are made before the
// first case runs. SOLO5_CASES and SOLO5_SEED as for the interpreter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newWasmVcpu } from "../../src/engine/x86-64/wasm-vcpu.js";
import { casesFor, compareWithCpu, type NewVcpu } from "./differential.js";
import { findDifference } from "./fuzz.js";
import { whyNotNative } from "./native.js";
import { longRows, missingFeatures, notComparable } from "./not-comparable.js";
import { CODE, CODE_CASES, CODE_STRIDE } from "./state.js";

const each = Number(process.env["SOLO5_CASES"] ?? 6);
const seed = Number(process.env["SOLO5_SEED"] ?? 1);
const skip = whyNotNative() ?? false;

/** Where cases are; INT3 elsewhere. */
const ahead = Array.from({ length: CODE_CASES + 1 }, (_, n) => CODE + (n + 0.5) * CODE_STRIDE);

const newThreaded =
  (tailCalls?: boolean): NewVcpu =>
  (options) =>
    newWasmVcpu(options, {
      threshold: Number.POSITIVE_INFINITY,
      firstTier: { warmUp: 0, ahead, ...(tailCalls === undefined ? {} : { tailCalls }) },
    });

test("the first tier does what the CPU does", { skip }, (t) => {
  const missing = missingFeatures();
  const rows = longRows().filter(
    ({ row }) => !notComparable.has(row.mnemonic) && !missing.has(row.traits.feature ?? ""),
  );
  const { cases, failures, covered } = compareWithCpu(newThreaded(), casesFor(rows, each, seed));
  t.diagnostic(`${covered.size} of ${longRows().length} rows, ${cases} cases, seed ${seed}`);
  const shown = [...failures].map(([row, { count, first }]) => `${row}: ${count} cases\n  ${first}`);
  assert.equal(failures.size, 0, shown.slice(0, 12).join("\n"));
});

for (const tailCalls of [true, false]) {
  test(`sequences do what the CPU does, ${tailCalls ? "with" : "without"} tail calls`, { skip }, () => {
    assert.equal(findDifference(newThreaded(tailCalls), { count: 400, length: 30, seed }), undefined);
  });
}
