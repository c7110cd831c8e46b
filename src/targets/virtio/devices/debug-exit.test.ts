// The debug exit: QEMU's status for any value, and the guest's own where its bindings tell it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDebugExit, debugExitOf, type DebugExit } from "./debug-exit.js";

test("QEMU's status is twice the value and 1, in eight bits", () => {
  for (const [value, status] of [
    [41, 83],
    [0, 1],
    [0x7f, 255],
    [0x80, 1],
  ] as const)
    assert.deepEqual(debugExitOf(value), { status, isTold: false });
});

test("the guest's own status, which QEMU would show as the reference's 83", () => {
  for (const status of [0, 1, 83, 255]) {
    const value = (status << 8) | 0xa9;
    assert.deepEqual(debugExitOf(value), { status, isTold: true });
    assert.equal(((value << 1) | 1) & 0xff, 83);
  }
});

test("the first write ends the machine", () => {
  const ends: DebugExit[] = [];
  const exit = createDebugExit((end) => void ends.push(end));
  assert.deepEqual(exit.ports, [[0x501, 0x501]]);
  exit.out(0x501, 41, 2);
  assert.deepEqual(ends, [{ status: 83, isTold: false }]);
});
