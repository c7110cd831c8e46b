// Every row of the table that a process may execute, and random sequences, under QEMU and on the interpreter. SOLO5_CASES sets the number of cases
// for each row, SOLO5_SEED where the random numbers start.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Core } from "../../src/engine/aarch64/core.js";
import { newInterpreter, partsOf } from "../../src/engine/aarch64/interpreter.js";
import { newVcpu } from "../../src/engine/portable/vcpu.js";
import { encodings } from "../../src/isa/aarch64/table.js";
import {
  casesFor,
  comparableRows,
  compareWithQemu,
  floatRows,
  type NewVcpu,
  notComparable,
  runEngine,
  withModes,
} from "./differential.js";
import { findDifference } from "./fuzz.js";
import { needsRunner } from "./native.js";
import { anyShape, vectorShape } from "./sequence.js";

const each = Number(process.env["SOLO5_CASES"] ?? 10);
const seed = Number(process.env["SOLO5_SEED"] ?? 1);

test("the interpreter does what QEMU's CPU does", { skip: needsRunner() }, (t) => {
  const rows = comparableRows();
  const cases = casesFor(rows, each, seed);
  const { covered, failures } = compareWithQemu(newInterpreter, cases);
  t.diagnostic(`${covered.size} of ${encodings().length} rows, ${cases.length} cases, seed ${seed}`);
  t.diagnostic(`not comparable: ${[...notComparable].join(", ")}`);
  const shown = [...failures.values()].map(({ count, first }) => `${count} of ${each}: ${first}`);
  assert.equal(shown.join("\n"), "");
  const unreached = rows.filter(({ row }) => !covered.has(row));
  assert.deepEqual(
    unreached.map(({ row }) => `${row.mnemonic} ${row.pattern}`),
    [],
  );
});

test("interpreted sequences do what QEMU's CPU does", { skip: needsRunner() }, () => {
  for (const shape of [anyShape(), vectorShape()])
    assert.equal(findDifference(newInterpreter, { count: 200, length: 20, seed, shape }), undefined);
});

test("floating point is as FPCR has it, with its exceptions in FPSR", { skip: needsRunner() }, () => {
  const cases = withModes(casesFor(floatRows(), 2 * each, seed + 1), seed);
  const { failures } = compareWithQemu(newInterpreter, cases);
  const shown = [...failures.values()].map(({ count, first }) => `${count}: ${first}`);
  assert.equal(shown.join("\n"), "");
});

test("exceptions that nobody asks for are not told of", { skip: needsRunner() }, () => {
  const cases = casesFor(floatRows(), 1, seed);
  const forgetful: NewVcpu = (options) => {
    const core = new Core(options);
    core.keepsExceptions = false;
    return newVcpu(core, partsOf(core), options);
  };
  const states = runEngine(
    forgetful,
    cases.map(({ state }) => state),
  );
  assert.deepEqual(
    states.filter(({ fpsr }) => fpsr !== 0n),
    [],
  );
});
