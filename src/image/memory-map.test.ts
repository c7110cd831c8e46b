// Where devices may store: everywhere that the guest may, and nowhere else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { regionOf, storable } from "./memory-map.js";

const region = (name: string, start: number, end: number, write: boolean) => ({
  name,
  start,
  end,
  read: true,
  write,
  execute: !write,
});
const map = {
  regions: [region("text", 0x100000, 0x102000, false), region("data", 0x103000, 0x104000, true)],
};

test("a region has its name", () => {
  assert.equal(regionOf(map, "data").start, 0x103000);
  assert.throws(() => regionOf(map, "ring"), /no region 'ring'/);
});

test("devices store from the image up to the end, but not into read-only pages", () => {
  const mayStore = storable(map, { start: 0x100000, end: 0x200000 });
  const cases: readonly [gpa: number | bigint, size: number | bigint, expected: boolean][] = [
    [0x103000, 0x800, true],
    [0x102000, 0x1000, true],
    [0x101fff, 1, false],
    [0x101fff, 2, false],
    [0x100000, 512, false],
    [0xff000, 512, false],
    [0x1ffe00n, 512n, true],
    [0x1ffe01n, 512n, false],
    [(1n << 64n) - 1n, 2n, false],
  ];
  for (const [gpa, size, expected] of cases) assert.equal(mayStore(gpa, size), expected, `${gpa} ${size}`);
});
