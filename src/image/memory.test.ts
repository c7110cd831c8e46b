// The bounds of guest memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { isInside, plainMemory } from "./memory.js";

const size = 0x3000;
/** Addresses and lengths as hostile guests choose them. */
const hostile = fc.oneof(
  fc.integer({ min: -2, max: size + 2 }),
  fc.bigInt(-2n, BigInt(size) + 2n),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, Infinity, -Infinity, NaN),
  fc.constantFrom(2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - BigInt(size)),
);

test("what is inside is exactly what lies between 0 and the size", () => {
  fc.assert(
    fc.property(hostile, hostile, (gpa, length) => {
      const whole = [gpa, length].every((value) => typeof value === "bigint" || Number.isInteger(value));
      const expected =
        whole && BigInt(gpa) >= 0n && BigInt(length) >= 0n && BigInt(gpa) + BigInt(length) <= BigInt(size);
      assert.equal(isInside(size, gpa, length), expected);
      const bytes = plainMemory(size).bytes(gpa, length);
      assert.equal(bytes?.length, expected ? Number(length) : undefined);
    }),
    { seed: 5010, numRuns: 3000 },
  );
});

test("the last byte is inside, the next one is not", () => {
  const memory = plainMemory(size);
  assert.equal(memory.bytes(size - 1, 1)?.length, 1);
  assert.equal(memory.bytes(size, 0)?.length, 0);
  assert.equal(memory.bytes(size, 1), undefined);
  assert.equal(memory.bytes(0n, BigInt(size))?.length, size);
});

test("two views of the same bytes are the same bytes", () => {
  const memory = plainMemory(size);
  memory.bytes(0x100, 4)?.set([1, 2, 3, 4]);
  assert.deepEqual([...(memory.bytes(0x102n, 1n) ?? [])], [3]);
});
