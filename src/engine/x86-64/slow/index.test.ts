// Every row has exactly one implementation: semantics of its own, or a slow instruction of its mnemonic.
import assert from "node:assert/strict";
import { test } from "node:test";
import { table } from "../../../isa/x86-64/table.js";
import { cpuid } from "../cpuid.js";
import { slowInstructions } from "./index.js";

test("rows without semantics are slow instructions, and each of those has rows", () => {
  const wanted = new Set(table.filter(({ traits }) => traits.run === undefined).map((row) => row.mnemonic));
  assert.deepEqual([...wanted].toSorted(), Object.keys(slowInstructions).toSorted());
});

test("CPUID announces SSE4.2, AES and BMI2, which rows have, and no AVX, which none has", () => {
  const [, , ecx] = cpuid(1, 0);
  assert.equal((ecx >>> 20) & 1, 1, "SSE4.2");
  assert.equal((ecx >>> 25) & 1, 1, "AES");
  assert.equal((ecx >>> 28) & 1, 0, "AVX");
  assert.equal((ecx >>> 27) & 1, 0, "OSXSAVE");
  assert.equal((cpuid(7, 0)[1] >>> 8) & 1, 1, "BMI2");
  assert.equal((cpuid(7, 0)[1] >>> 5) & 1, 0, "AVX2");
});
