// Every row of the table that a process may execute, and random sequences, under QEMU and on the interpreter. SOLO5_CASES sets the number of cases
// for each row, SOLO5_SEED where the random numbers start.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newInterpreter } from "../../src/engine/aarch64/interpreter.js";
import { encodings } from "../../src/isa/aarch64/table.js";
import { casesFor, comparableRows, compareWithQemu, notComparable } from "./differential.js";
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
