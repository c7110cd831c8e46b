// Every row of the table that user mode allows, on the real CPU and on the interpreter. SOLO5_CASES sets the number of cases
// for each row, SOLO5_SEED where the random numbers start.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newInterpreter } from "../../src/engine/x86-64/interpreter.js";
import { casesFor, compareWithCpu } from "./differential.js";
import { whyNotNative } from "./native.js";
import { longRows, missingFeatures, notComparable } from "./not-comparable.js";

const each = Number(process.env["SOLO5_CASES"] ?? 60);
const seed = Number(process.env["SOLO5_SEED"] ?? 1);
const why = whyNotNative();

test("the interpreter does what the CPU does", { skip: why ?? false }, (t) => {
  const missing = missingFeatures();
  const rows = longRows().filter(({ row }) => !notComparable.has(row.mnemonic));
  const comparable = rows.filter(({ row }) => !missing.has(row.traits.feature ?? ""));
  const { cases, failures, covered } = compareWithCpu(newInterpreter, casesFor(comparable, each, seed));
  t.diagnostic(`${covered.size} of ${longRows().length} rows, ${cases} cases, seed ${seed}`);
  t.diagnostic(`not comparable in a process: ${longRows().length - rows.length} rows`);
  if (missing.size > 0) t.diagnostic(`this CPU lacks ${[...missing].join(", ")}`);
  const unreached = comparable.filter(({ row }) => !covered.has(row));
  assert.deepEqual(
    unreached.map(({ row }) => `${row.mnemonic} ${row.opcode}`),
    [],
  );
  const shown = [...failures.values()].map(({ count, first }) => `${count} of ${each}: ${first}`);
  assert.equal(shown.join("\n"), "");
});
