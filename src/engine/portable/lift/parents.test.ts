// Which units are translated again: those that gain an address by it, and each a bounded number of times.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Parents } from "./parents.js";

/** An indirect jump, and two units that have it, as two entries of an interpreter's loop make. */
const JUMP = 0x40;
const unit = (entry: number, ...leaders: number[]) => ({
  entry,
  leaders: new Set([entry, ...leaders]),
  leaves: new Set<number>(),
  jumps: [JUMP],
  instructions: 100,
  isFull: false,
});

/** More jumps than such a unit is worth. */
const MANY = 100_000;

test("a handler is tried in every unit with the jump that goes there, once", () => {
  const parents = new Parents();
  parents.add(unit(0x10));
  parents.add(unit(0x20));
  assert.deepEqual(parents.find(0x100, [JUMP], MANY), [0x10, 0x20]);
  assert.deepEqual(parents.find(0x100, [JUMP], MANY), []);
});

test("what a unit has already makes neither it nor a copy of it again", () => {
  const parents = new Parents();
  parents.add(unit(0x10, 0x100));
  parents.add(unit(0x20));
  assert.deepEqual(parents.find(0x100, [JUMP], MANY), []);
});

test("a unit is translated again where it was left for as long as that takes, each time for longer", () => {
  const parents = new Parents();
  const roundsOf = (pc: number): number => {
    for (let round = 1; round < 100; round++) if (parents.find(pc, [JUMP], 400) !== "later") return round;
    return Number.POSITIVE_INFINITY;
  };
  parents.add(unit(0x10));
  const first = roundsOf(0x100);
  parents.add(unit(0x10));
  const second = roundsOf(0x101);
  assert.ok(first > 1 && second > first && second < 100, `${first} ${second}`);
});

test("a unit is translated a bounded number of times", () => {
  const parents = new Parents();
  let pc = 0x100;
  for (; pc < 0x200; pc++) {
    if (parents.find(pc, [JUMP], MANY).length === 0 && pc > 0x100) break;
    parents.add(unit(0x10));
  }
  assert.ok(pc < 0x110);
});
