// The arena's room, and which head an indirect jump finds: the last entered at an address, beside one other of the same place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Arena } from "./arena.js";
import { entryOf, FIRST, head as offset, INVALID, RECORD, table } from "./layout.js";

const SIZE = FIRST + 16 * RECORD;

function headAt(arena: Arena, pc: number): number {
  const head = arena.reserve(1);
  assert.notEqual(head, 0);
  arena.f64[(head + offset.pc) >> 3] = pc;
  arena.i32[(head + offset.count) >> 2] = 1;
  return head;
}

/** The heads that are found at the place of an address. */
const found = (arena: Arena, pc: number): readonly number[] => {
  const entry = entryOf(pc);
  return [arena.word(entry), arena.word(entry + 4)];
};

/** Another address of the same place. */
function rivalOf(pc: number): number {
  for (let other = pc + 1; ; other++) if (entryOf(other) === entryOf(pc)) return other;
}

test("room is given until there is none, and again from the start", () => {
  const arena = new Arena(new ArrayBuffer(SIZE), 0, SIZE);
  assert.equal(arena.reserve(7), FIRST);
  assert.equal(arena.reserve(7), FIRST + 8 * RECORD);
  assert.equal(arena.used, 16 * RECORD);
  assert.equal(arena.reserve(0), 0);
  arena.clear();
  assert.deepEqual([arena.used, arena.reserve(0)], [0, FIRST]);
});

test("an entry holds two heads, of an address the newer", () => {
  const arena = new Arena(new ArrayBuffer(SIZE), 0, SIZE);
  const pc = 0x10_0000;
  const [one, rival] = [headAt(arena, pc), headAt(arena, rivalOf(pc))];
  arena.enter(one);
  arena.enter(one);
  assert.deepEqual(found(arena, pc), [one, 0]);
  arena.enter(rival);
  assert.deepEqual(found(arena, pc), [rival, one]);
  // The block of the first address is decoded anew.
  const newer = headAt(arena, pc);
  arena.enter(newer);
  assert.deepEqual(found(arena, pc), [newer, rival]);
  const newest = headAt(arena, pc);
  arena.enter(newest);
  assert.deepEqual(found(arena, pc), [newest, rival]);
  arena.clear();
  assert.deepEqual(found(arena, pc), [0, 0]);
  assert.ok(table.entrySize >= 8);
});

test("only a head that is decoded is valid", () => {
  const arena = new Arena(new ArrayBuffer(SIZE), 0, SIZE);
  const head = headAt(arena, 0x10_0000);
  assert.ok(arena.isValid(head) && !arena.isValid(0));
  arena.i32[(head + offset.count) >> 2] = INVALID;
  assert.ok(!arena.isValid(head));
});
