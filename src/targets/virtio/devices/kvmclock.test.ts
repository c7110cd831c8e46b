// KVM's clock as its documentation has a guest read it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { viewOf } from "../../../bytes/struct.js";
import { plainMemory } from "../../../image/memory.js";
import { createKvmClock } from "./kvmclock.js";

function newClock() {
  const memory = plainMemory(4096);
  const view = viewOf(memory.bytes(0, 4096) ?? new Uint8Array());
  const clock = createKvmClock(memory, {
    monotonic: () => 5_000_000_007n,
    wall: () => 1_700_000_000_000_000_000n,
  });
  return { clock, view };
}

test("it is found by its signature and features", () => {
  const { clock } = newClock();
  const [, ...signature] = clock.cpuid(0x4000_0000);
  assert.equal(new TextDecoder().decode(Uint32Array.from(signature)), "KVMKVMKVM\0\0\0");
  assert.equal((clock.cpuid(0x4000_0001)[0] >> 3) & 1, 1);
  assert.deepEqual(clock.cpuid(0x4000_0010), [0, 0, 0, 0]);
});

test("the counter becomes nanoseconds, by the old register and by the new one", () => {
  for (const number of [0x12, 0x4b56_4d01]) {
    const { clock, view } = newClock();
    assert.equal(clock.write(number, 0x101n), true);
    assert.equal(view.getUint32(0x100, true) % 2, 0);
    const counter = 123_456_789_012n - view.getBigUint64(0x108, true);
    const scaled = (counter << BigInt(view.getInt8(0x11c))) * BigInt(view.getUint32(0x118, true));
    assert.equal(view.getBigUint64(0x110, true) + (scaled >> 32n), 123_456_789_012n);
  }
});

test("the time of day at the counter's zero", () => {
  const { clock, view } = newClock();
  assert.equal(clock.write(0x4b56_4d00, 0x200n), true);
  const start = BigInt(view.getUint32(0x204, true)) * 1_000_000_000n + BigInt(view.getUint32(0x208, true));
  assert.equal(start + 5_000_000_007n, 1_700_000_000_000_000_000n);
});

test("switched off it writes nothing, nor outside the memory; other registers are none", () => {
  const { clock, view } = newClock();
  assert.equal(clock.write(0x4b56_4d01, 0x100n), true);
  assert.equal(clock.write(0x4b56_4d01, 0xffff_ffff_ffff_f001n), true);
  assert.equal(clock.write(0x4b56_4d00, 4090n), true);
  assert.equal(view.getUint32(0x100, true), 0);
  assert.equal(clock.write(0x4b56_4d02, 0n), false);
});
