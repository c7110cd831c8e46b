// Every row and random sequences on the real CPU and on translated code: the same cases as the interpreter's, each
// translated before it runs. SOLO5_CASES and SOLO5_SEED as there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMachineMemory } from "../../src/engine/portable/memory/machine-memory.js";
import { state } from "../../src/engine/x86-64/state.js";
import { newWasmVcpu } from "../../src/engine/x86-64/wasm-vcpu.js";
import { casesFor, compareWithCpu, type NewVcpu } from "./differential.js";
import { findDifference } from "./fuzz.js";
import { whyNotNative } from "./native.js";
import { longRows, missingFeatures, notComparable } from "./not-comparable.js";
import { mixedShape } from "./sequence.js";
import { WINDOW_PAGE } from "./state.js";

const each = Number(process.env["SOLO5_CASES"] ?? 12);
const seed = Number(process.env["SOLO5_SEED"] ?? 1);
const skip = whyNotNative() ?? false;

/** The window is the plain memory, and everything is translated at once. */
const translated =
  (looksUp: boolean): NewVcpu =>
  (options) =>
    newWasmVcpu(
      { ...options, profile: "plain" },
      {
        threshold: 0,
        plain: { size: WINDOW_PAGE + 0x2000, readable: WINDOW_PAGE, writable: WINDOW_PAGE },
        looksUp,
      },
    );
const newTranslated = translated(false);

/** The same with code that keeps exception flags, as that of a guest that has changed some. */
const newExact: NewVcpu = (options) => {
  const vcpu = newTranslated(options);
  if (!isMachineMemory(options.memory)) throw new TypeError("the memory is another engine's");
  new DataView(options.memory.wasm.buffer).setUint32(state.testsExceptions, 1, true);
  return vcpu;
};

test("translated code does what the CPU does", { skip }, (t) => {
  const missing = missingFeatures();
  const rows = longRows().filter(
    ({ row }) => !notComparable.has(row.mnemonic) && !missing.has(row.traits.feature ?? ""),
  );
  const { cases, failures, covered } = compareWithCpu(newTranslated, casesFor(rows, each, seed), "fast");
  t.diagnostic(`${covered.size} of ${longRows().length} rows, ${cases} cases, seed ${seed}`);
  const shown = [...failures].map(([row, { count, first }]) => `${row}: ${count} cases\n  ${first}`);
  assert.equal(failures.size, 0, shown.slice(0, 12).join("\n"));
});

test("translated code whose loads look at the page map does what the CPU does", { skip }, () => {
  const missing = missingFeatures();
  const rows = longRows().filter(
    ({ row }) => !notComparable.has(row.mnemonic) && !missing.has(row.traits.feature ?? ""),
  );
  const { failures, covered } = compareWithCpu(
    translated(true),
    casesFor(rows, Math.ceil(each / 3), seed),
    "fast",
  );
  assert.ok(covered.size > 0.8 * rows.length);
  assert.deepEqual(
    [...failures].map(([row, { first }]) => `${row}: ${first}`),
    [],
  );
  assert.equal(findDifference(translated(true), { count: 200, length: 30, seed, floats: "fast" }), undefined);
});

test("translated floating point does what the CPU does in every rounding mode", { skip }, (t) => {
  const missing = missingFeatures();
  const rows = longRows().filter(({ row: { mnemonic, traits } }) => {
    const isFloat = traits.mxcsr === true || mnemonic.endsWith("MXCSR");
    return isFloat && !notComparable.has(mnemonic) && !missing.has(traits.feature ?? "");
  });
  const { cases, failures, covered } = compareWithCpu(newExact, casesFor(rows, 2 * each, seed));
  t.diagnostic(`${covered.size} of ${rows.length} rows, ${cases} cases, seed ${seed}`);
  assert.ok(covered.size > 0.8 * rows.length);
  const shown = [...failures].map(([row, { count, first }]) => `${row}: ${count} cases\n  ${first}`);
  assert.equal(failures.size, 0, shown.slice(0, 12).join("\n"));
});

test("translated sequences do what the CPU does", { skip }, () => {
  assert.equal(findDifference(newTranslated, { count: 600, length: 30, seed, floats: "fast" }), undefined);
});

test("exact translated sequences do what the CPU does", { skip }, () => {
  const shape = mixedShape();
  assert.equal(findDifference(newExact, { count: 300, length: 20, seed, shape }), undefined);
});

test("loops of packed and scalar operations on the same registers do what the CPU does", { skip }, () => {
  const shape = mixedShape();
  for (const length of [6, 20]) {
    assert.equal(
      findDifference(newTranslated, { count: 300, length, seed, floats: "fast", shape }),
      undefined,
    );
  }
});
