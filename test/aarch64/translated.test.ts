// Every row and random sequences under QEMU and on translated code: cases as the interpreter's, each translated before it runs. SOLO5_CASES and
// SOLO5_SEED as there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newWasmVcpu } from "../../src/engine/aarch64/wasm-vcpu.js";
import { casesFor, comparableRows, compareWithQemu, type NewVcpu } from "./differential.js";
import { findDifference } from "./fuzz.js";
import { needsRunner } from "./native.js";
import { anyShape, loopShape, vectorShape } from "./sequence.js";
import { WINDOW_PAGE } from "./state.js";

const each = Number(process.env["SOLO5_CASES"] ?? 2);
const seed = Number(process.env["SOLO5_SEED"] ?? 1);

/** The window is the plain memory, and everything is translated at once. */
const newTranslated: NewVcpu = (options) =>
  newWasmVcpu(
    { ...options, profile: "plain" },
    {
      threshold: 0,
      plain: { size: WINDOW_PAGE + 0x2000, readable: WINDOW_PAGE, writable: WINDOW_PAGE },
    },
  );

test("translated code does what QEMU's CPU does", { skip: needsRunner() }, (t) => {
  const rows = comparableRows().filter(({ row }) => row.traits.run !== undefined);
  const cases = casesFor(rows, each, seed);
  const { covered, failures } = compareWithQemu(newTranslated, cases);
  t.diagnostic(`${covered.size} of ${rows.length} rows, ${cases.length} cases, seed ${seed}`);
  assert.ok(covered.size > 0.99 * rows.length);
  const shown = [...failures.values()].map(({ count, first }) => `${count} of ${each}: ${first}`);
  assert.equal(shown.join("\n"), "");
});

for (const [what, shape, length] of [
  ["sequences", anyShape, 30],
  ["loops of integer instructions", loopShape, 16],
  ["loops of scalar and packed instructions on the same registers", vectorShape, 12],
] as const) {
  test(`translated ${what} do what QEMU's CPU does`, { skip: needsRunner() }, () => {
    const search = { count: 400, length, seed, shape: shape(), flagsAtFaults: false };
    assert.equal(findDifference(newTranslated, search), undefined);
  });
}
