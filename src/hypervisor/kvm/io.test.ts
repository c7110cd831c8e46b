// Port accesses as struct kvm_run tells them, whose layout the kernel's headers hold elsewhere: each item of a string
// instruction is one.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Exit, Verdict } from "../../engine/contract.js";
import { runHead, runIo } from "./abi.js";
import { handleIo } from "./vcpu.js";

const at = 0x100;

function access(direction: number, size: number, count: number): DataView {
  const run = new DataView(new ArrayBuffer(0x200));
  runIo.write(run, runHead.size, { direction, size, port: 0x3f8, count, data_offset: BigInt(at) });
  return run;
}

test("every item that goes out, in order; one that suspends is not forgotten", () => {
  const run = access(1, 2, 3);
  [0x1111, 0x2222, 0x3333].forEach((value, i) => run.setUint16(at + 2 * i, value, true));
  const seen: Exit[] = [];
  const verdict = handleIo(run, (exit): Verdict => {
    seen.push(exit);
    return seen.length === 2 ? "suspend" : "resume";
  });
  assert.equal(verdict, "suspend");
  assert.deepEqual(
    seen,
    [0x1111, 0x2222, 0x3333].map((value) => ({ kind: "out", port: 0x3f8, size: 2, value })),
  );
});

test("every item that comes in", () => {
  const run = access(0, 4, 2);
  let next = 0x1000;
  const verdict = handleIo(run, (exit) => {
    assert.ok(exit.kind === "in" && exit.size === 4);
    exit.value = next++;
    return "resume";
  });
  assert.equal(verdict, "resume");
  assert.deepEqual([run.getUint32(at, true), run.getUint32(at + 4, true)], [0x1000, 0x1001]);
  assert.equal(run.getUint32(at + 8, true), 0);
});
