// The battery-backed clock at its registers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCmos } from "./cmos.js";

test("a date in BCD", () => {
  const cmos = createCmos(() => BigInt(Date.UTC(2031, 10, 29, 23, 58, 7)) * 1_000_000n);
  const read = (index: number): number => {
    cmos.out(0x70, 0x80 | index, 1);
    return cmos.in(0x71, 1);
  };
  assert.deepEqual([0x32, 9, 8, 7, 4, 2, 0].map(read), [0x20, 0x31, 0x11, 0x29, 0x23, 0x58, 0x07]);
  assert.equal(read(6), 7, "a Saturday");
  assert.equal(read(0x0a) & 0x80, 0);
  assert.equal(read(0x0b) & 0x06, 2);
});
