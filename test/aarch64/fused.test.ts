// Fused operations under QEMU and on translated code that has the host's own, where that has some: with what processes of ours ask V8
// for. Elsewhere, and in translated.test.ts, functions do them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tuneCompiler } from "../../src/node/jit.js";
import { random } from "../x86-64/random.js";
import { casesFor, comparableRows, compareWithQemu } from "./differential.js";
import { findDifference } from "./fuzz.js";
import { needsRunner } from "./native.js";
import { vectorShape } from "./sequence.js";
import { newTranslated } from "./translated.js";

tuneCompiler();

const rows = comparableRows().filter(({ row }) => /^FN?M(ADD|SUB|LA|LS)$/.test(row.mnemonic));
const seed = Number(process.env["SOLO5_SEED"] ?? 1);

test("fused operations do what QEMU's CPU does", { skip: needsRunner() }, () => {
  const r = random(seed);
  const cases = casesFor(rows, 60, seed);
  // Addends that cancel the product, or all but.
  for (const { state, instruction } of cases) {
    const from = r.pick([instruction.Rn, instruction.Rm]);
    if (r.below(3) === 0)
      state.v[r.pick([instruction.Ra, instruction.Rd])] = (state.v[from] ?? 0n) ^ BigInt(r.below(4));
  }
  const { failures } = compareWithQemu(newTranslated, cases, { exceptions: false });
  assert.equal([...failures.values()].map(({ count, first }) => `${count}: ${first}`).join("\n"), "");
});

test("loops with fused operations do what QEMU's CPU does", { skip: needsRunner() }, () => {
  const shape = vectorShape();
  const some = { ...shape, rows: [...shape.rows, ...rows, ...rows, ...rows, ...rows] };
  const search = { count: 200, length: 12, seed, shape: some, flagsAtFaults: false, exceptions: false };
  assert.equal(findDifference(newTranslated, search), undefined);
});
