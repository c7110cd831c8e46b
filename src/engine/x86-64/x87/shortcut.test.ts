// The x87 in the interpreter, often enough that WebAssembly does it: every way to memory, flags and registers. The numbers are exact, so
// that JavaScript's are theirs; what the CPU gives is in test/x86-64/differential.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../../bytes/struct.js";
import { protectionsOf } from "../../contract.js";
import { machineMemory } from "../../portable/memory/machine-memory.js";
import { caseMap, layout } from "../../vcpu.cases.js";
import { newInterpreter } from "../interpreter.js";
import { startProgram } from "../programs.cases.js";

const [single, double, extended] = [1.5, 2.25, 3];
const [short, word, long] = [-300, 70_000, 2 ** 40 + 1];

/** 700 rounds; each has its comment. */
const program = [
  "bf00201800 b9bc020000", // mov edi, DATA; mov ecx, 700
  "d907 dd4708 dec1 db6f10 dec9", // fld dword [rdi]; fld qword [rdi+8]; faddp; fld tbyte [rdi+16]; fmulp
  "d99780000000 dd9788000000 dbbf90000000", // fst dword [rdi+0x80]; fst qword [rdi+0x88]; fstp tbyte [rdi+0x90]
  "df4720 db4724 df6cc728 dec1 dec1", // fild word [rdi+32]; fild dword [rdi+36]; fild qword [rdi+rax*8+40]; faddp; faddp
  "df97a0000000 db97a4000000 dfbfa8000000", // fist word [rdi+0xa0]; fist dword [rdi+0xa4]; fistp qword [rdi+0xa8]
  "d907 db8fb0000000", // fld dword [rdi]; fisttp dword [rdi+0xb0]
  "d9e8 d9ee dbf1 0f9287b4000000", // fld1; fldz; fcomi st, st(1); setb [rdi+0xb4]
  "dac1 dff1 0f9487b5000000 ddd8", // fcmovb st, st(1); fcomip st, st(1); sete [rdi+0xb5]; fstp st
  "dd4708 da6f24 dd9fb8000000", // fld qword [rdi+8]; fisubr dword [rdi+36]; fstp qword [rdi+0xb8]
  "ffc9 7590 f4", // dec ecx; jnz; hlt
]
  .join("")
  .replaceAll(" ", "");

test("loads, stores, comparisons and moves", () => {
  using vcpu = newInterpreter({
    memory: machineMemory(caseMap.size),
    exceptions: "guest",
    ...protectionsOf(caseMap),
    profile: "plain",
  });
  startProgram(vcpu, program);
  const bytes = vcpu.memory.bytes(layout.data, 0x100);
  assert.ok(bytes !== undefined);
  const data = viewOf(bytes);
  data.setFloat32(0, single, true);
  data.setFloat64(8, double, true);
  // 3: a significand of 1.5, and the exponent of 2.
  data.setBigUint64(16, 0xcn << 60n, true);
  data.setUint16(24, 16383 + 1, true);
  data.setInt16(32, short, true);
  data.setInt32(36, word, true);
  data.setBigInt64(40, BigInt(long), true);
  let kind = "";
  vcpu.run((exit) => {
    ({ kind } = exit);
    return "suspend";
  });
  assert.equal(kind, "halt");
  const product = (single + double) * extended;
  assert.equal(data.getFloat32(0x80, true), product);
  assert.equal(data.getFloat64(0x88, true), product);
  assert.deepEqual([data.getBigUint64(0x90, true), data.getUint16(0x98, true)], [0xb4n << 56n, 16383 + 3]);
  // What does not fit is the smallest integer.
  assert.deepEqual([data.getInt16(0xa0, true), data.getInt32(0xa4, true)], [-0x8000, -0x8000_0000]);
  assert.equal(data.getBigInt64(0xa8, true), BigInt(short + word + long));
  assert.equal(data.getInt32(0xb0, true), Math.trunc(single));
  assert.deepEqual([bytes[0xb4], bytes[0xb5]], [1, 1]);
  assert.equal(data.getFloat64(0xb8, true), word - double);
});
