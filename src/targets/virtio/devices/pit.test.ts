// The interval timer at its registers, on a clock that the test moves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPit } from "./pit.js";

function newPit() {
  let now = 1_000_000_000n;
  let edges = 0;
  let isHigh = false;
  const line = {
    set(high: boolean): void {
      if (high && !isHigh) edges++;
      isHigh = high;
    },
  };
  const pit = createPit(() => now, line);
  return {
    pit,
    edges: () => edges,
    /** Ticks are a little under a microsecond. */
    pass(ticks: number): void {
      now += (BigInt(ticks) * 1_000_000_000n) / 1_193_182n + 1n;
      pit.poll();
    },
    set(command: number, count: number): void {
      pit.out(0x43, command, 1);
      pit.out(0x40, count & 0xff, 1);
      pit.out(0x40, count >> 8, 1);
    },
    read: () => {
      pit.out(0x43, 0, 1);
      return pit.in(0x40, 1) | (pit.in(0x40, 1) << 8);
    },
  };
}

test("a one-shot interrupts once, after its count and one", () => {
  for (const command of [0x30, 0x38]) {
    const { pass, edges, set, pit } = newPit();
    set(command, 1000);
    pass(999);
    assert.equal(edges(), 0);
    pass(2);
    assert.equal(edges(), 1);
    assert.equal(pit.due, undefined);
    pass(70_000);
    assert.equal(edges(), 1);
  }
});

test("writing a count again begins anew, without a command", () => {
  const { pass, edges, set, pit } = newPit();
  set(0x30, 1000);
  pass(900);
  pit.out(0x40, 0xe8, 1);
  pit.out(0x40, 3, 1);
  pass(900);
  assert.equal(edges(), 0);
  pass(102);
  assert.equal(edges(), 1);
});

test("a rate generator goes on; what nobody saw is one interrupt", () => {
  const { pass, edges, set, read } = newPit();
  set(0x34, 11_931);
  pass(11_931);
  pass(11_931);
  assert.equal(edges(), 2);
  pass(5 * 11_931);
  assert.equal(edges(), 3);
  pass(1000);
  assert.ok(Math.abs(read() - 10_931) <= 8, `${read()}`);
});

test("the counter counts down, and on below zero; a latch holds it", () => {
  const { pass, set, read, pit } = newPit();
  set(0x30, 0xffff);
  pass(0x1000);
  assert.ok(Math.abs(read() - 0xefff) <= 1);
  pit.out(0x43, 0, 1);
  pass(100);
  assert.ok(Math.abs((pit.in(0x40, 1) | (pit.in(0x40, 1) << 8)) - 0xefff) <= 2);
  pass(0x10000);
  assert.ok(read() > 0xe000);
});

test("one byte alone, and the firmware's 18.2 Hz", () => {
  const { pass, edges, pit } = newPit();
  pass(65_536);
  assert.equal(edges(), 1);
  pit.out(0x43, 0x10, 1);
  pit.out(0x40, 100, 1);
  pass(102);
  assert.equal(edges(), 2);
});
