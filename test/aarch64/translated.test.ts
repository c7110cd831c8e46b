// Every row and random sequences under QEMU and on translated code: cases as the interpreter's, each translated before it runs. SOLO5_CASES and
// SOLO5_SEED as there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { state } from "../../src/engine/aarch64/state.js";
import { encode } from "../../src/isa/aarch64/float-operands.js";
import { isMachineMemory } from "../../src/engine/portable/memory/machine-memory.js";
import { random } from "../x86-64/random.js";
import {
  anyMode,
  casesFor,
  comparableRows,
  compareWithQemu,
  differences,
  type NewVcpu,
  runEngine,
} from "./differential.js";
import { findDifference } from "./fuzz.js";
import { anyState } from "./generator.js";
import { needsRunner, runNative } from "./native.js";
import { anyShape, loopShape, vectorShape } from "./sequence.js";
import { CODE, CODE_MAX, type State } from "./state.js";
import { newTranslated } from "./translated.js";

const each = Number(process.env["SOLO5_CASES"] ?? 2);
const seed = Number(process.env["SOLO5_SEED"] ?? 1);

test("translated code does what QEMU's CPU does", { skip: needsRunner() }, (t) => {
  const rows = comparableRows().filter(({ row }) => row.traits.run !== undefined);
  const cases = casesFor(rows, each, seed);
  const { covered, failures } = compareWithQemu(newTranslated, cases, { exceptions: false });
  t.diagnostic(`${covered.size} of ${rows.length} rows, ${cases.length} cases, seed ${seed}`);
  assert.ok(covered.size > 0.99 * rows.length);
  const shown = [...failures.values()].map(({ count, first }) => `${count} of ${each}: ${first}`);
  assert.equal(shown.join("\n"), "");
});

/** The same with code that keeps exceptions of floating point, as that of a guest that has looked at some. */
const newExact: NewVcpu = (options) => {
  const vcpu = newTranslated(options);
  if (!isMachineMemory(options.memory)) throw new TypeError("the memory is another engine's");
  new DataView(options.memory.wasm.buffer).setUint32(state.testsExceptions, 1, true);
  return vcpu;
};

test(
  "translated code with modes of FPCR, or whose exceptions count, does what QEMU's CPU does",
  { skip: needsRunner() },
  () => {
    const r = random(seed);
    const search = { length: 12, seed, shape: vectorShape(), flagsAtFaults: false };
    assert.equal(findDifference(newExact, { ...search, count: 200 }), undefined);
    const prepare = (of: State) => void (of.fpcr = anyMode(r));
    assert.equal(findDifference(newExact, { ...search, count: 200, prepare }), undefined);
  },
);

/**
 * UBFIZ X2, X26, #22, #2; MSR FPCR, X2; FDIV D0, D1, D2; FADD D3, D3, D0; FMUL V4.2D, V1.2D, V2.2D; FADD V5.2D, V5.2D, V4.2D;
 * FCVTNS X4, D3; ADD X5, X5, X4; MSR FPCR, XZR; FSUB D6, D6, D0; SUB X26, X26, #1; CBNZ X26, the start; MRS X3, FPSR; BRK.
 */
const modesInTurn = [
  0xd36a_0742, 0xd51b_4402, 0x1e62_1820, 0x1e60_2863, 0x6e62_dc24, 0x4e64_d4a5, 0x9e60_0064, 0x8b04_00a5,
  0xd51b_441f, 0x1e60_38c6, 0xd100_075a, 0xb5ff_feba, 0xd53b_4423, 0xd420_0000,
];

test(
  "a loop that takes every rounding mode in turn does what QEMU's CPU does",
  { skip: needsRunner() },
  () => {
    const code = new Uint8Array(CODE_MAX);
    new Int32Array(code.buffer).set(modesInTurn);
    const before = anyState(random(seed), CODE, code);
    before.x[26] = 30_000n;
    for (const [n, value] of [0, 1.1, 3.3, 0.1, 0, 0, 0].entries())
      before.v[n] = encode("f64", value) * ((1n << 64n) + 1n);
    const [theirs] = runNative([before]);
    const [ours] = runEngine((options) => newTranslated(options, 150), [before]);
    assert.ok(theirs !== undefined && ours !== undefined);
    assert.equal(theirs.x[26], 0n);
    assert.equal(differences(theirs, ours), "");
  },
);

for (const [what, shape, length] of [
  ["sequences", anyShape, 30],
  ["loops of integer instructions", loopShape, 16],
  ["loops of scalar and packed instructions on the same registers", vectorShape, 12],
] as const) {
  test(`translated ${what} do what QEMU's CPU does`, { skip: needsRunner() }, () => {
    const search = { count: 400, length, seed, shape: shape(), flagsAtFaults: false, exceptions: false };
    assert.equal(findDifference(newTranslated, search), undefined);
  });
}
