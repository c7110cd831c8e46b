// What CPUID announces. Specification: Intel SDM volume 2, CPUID; bits are numbered there.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuid } from "./cpuid.js";

const hasBit = (value: number, bit: number): boolean => ((value >>> bit) & 1) === 1;
const ascii = (...words: readonly number[]): string =>
  String.fromCodePoint(...words.flatMap((word) => [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff)));

test("leaves up to the last have something, those beyond have zeros", () => {
  const [last, ebx, ecx, edx] = cpuid(0, 0);
  const [lastExtended] = cpuid(0x8000_0000, 0);
  assert.equal(ascii(ebx, edx, ecx).length, 12);
  assert.ok(last >= 7 && lastExtended >>> 0 >= 0x8000_0008);
  for (const leaf of [last + 1, (lastExtended >>> 0) + 1, 0x1234_5678])
    assert.deepEqual(cpuid(leaf, 0), [0, 0, 0, 0]);
});

test("what every 64-bit CPU has is there", () => {
  const [, , , edx] = cpuid(1, 0);
  // FPU, TSC, MSR, PAE, CMOV, FXSR, SSE, SSE2
  for (const bit of [0, 4, 5, 6, 15, 24, 25, 26]) assert.ok(hasBit(edx, bit), `bit ${bit}`);
  const [, , ecxExtended, edxExtended] = cpuid(0x8000_0001, 0);
  assert.ok(hasBit(ecxExtended, 0), "LAHF");
  // SYSCALL, NX, long mode
  for (const bit of [11, 20, 29]) assert.ok(hasBit(edxExtended, bit), `extended bit ${bit}`);
  assert.equal(cpuid(0x8000_0008, 0)[0] & 0xff00, 48 << 8, "bits of linear addresses");
});

test("of what is not there nothing is announced", () => {
  const [, , ecx] = cpuid(1, 0);
  // MONITOR, VMX, FMA, XSAVE, AVX, F16C
  for (const bit of [3, 5, 12, 26, 28, 29]) assert.ok(!hasBit(ecx, bit), `bit ${bit}`);
  const [, ebx] = cpuid(7, 0);
  // SGX, AVX2, RTM, AVX512F, CLWB
  for (const bit of [2, 5, 11, 16, 24]) assert.ok(!hasBit(ebx, bit), `leaf 7, bit ${bit}`);
  assert.deepEqual(cpuid(7, 1), [0, 0, 0, 0]);
});
