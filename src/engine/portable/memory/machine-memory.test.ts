// Guest memory: what is inside of it, and what a host cannot give.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isMachineMemory, machineMemory } from "./machine-memory.js";

test("bytes are those of the guest, and none beyond its end", () => {
  const memory = machineMemory(0x1_0000);
  memory.bytes(0xfffe, 2)?.set([1, 2]);
  assert.deepEqual([...(memory.bytes(0xfffd, 3) ?? [])], [0, 1, 2]);
  assert.equal(memory.bytes(0xffff, 2), undefined);
  assert.equal(memory.bytes(-1, 1), undefined);
});

test("memory that the host has not is refused", () => {
  assert.throws(() => machineMemory(2 ** 40), { code: "NO_MEMORY" });
});

test("only memory that was made so is the engine's", () => {
  assert.ok(isMachineMemory(machineMemory(0x1_0000)));
  assert.ok(!isMachineMemory({ size: 1, bytes: () => undefined }));
});
