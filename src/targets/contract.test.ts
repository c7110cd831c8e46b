// Where devices may store: everywhere that the guest may, and nowhere else.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Unikernel } from "../image/unikernel.js";
import { storable } from "./contract.js";

const segment = (vaddr: number, size: number, write: boolean) => ({
  vaddr,
  data: new Uint8Array(size),
  memsz: size,
  align: 4096,
  read: true,
  write,
  execute: !write,
});
const unikernel = {
  segments: [segment(0x100000, 0x1800, false), segment(0x103000, 0x800, true)],
} as unknown as Unikernel;

test("devices store from the image up to the end, but not into read-only pages", () => {
  const mayStore = storable(unikernel, 0x200000);
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
