// Which stores to a page with code are told: those to the lines that hold it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Cpu } from "./cpu.js";
import { Mmu } from "./mmu.js";
import { guestBase } from "../portable/memory/state.js";

const SIZE = 0x1_0000;

function newMmu(): { mmu: Mmu; told: number[] } {
  const buffer = new ArrayBuffer(guestBase(SIZE) + SIZE);
  const cpu = new Cpu(buffer);
  // No paging: addresses are physical.
  cpu.cr0 = 0n;
  const mmu = new Mmu(buffer, SIZE, cpu, [], false);
  const told: number[] = [];
  mmu.onCodeWritten = (page) => told.push(page);
  return { mmu, told };
}

test("a store is told where it concerns a line with code, and then none until there is code again", () => {
  const { mmu, told } = newMmu();
  const at = mmu.byteAt(0x3810, "execute");
  mmu.holdsCode(at, 15);
  mmu.byteAt(0x3000, "write", 8);
  mmu.byteAt(0x37f8, "write", 8);
  mmu.byteAt(0x3840, "write", 8);
  assert.deepEqual(told, []);
  // Its last byte is in the line.
  mmu.byteAt(0x37f9, "write", 8);
  assert.deepEqual(told, [3]);
  mmu.byteAt(0x3810, "write", 8);
  assert.deepEqual(told, [3]);
  mmu.holdsCode(at, 15);
  mmu.byteAt(0x383f, "write");
  assert.deepEqual(told, [3, 3]);
});

test("every store to a page is told where all of it is held", () => {
  const { mmu, told } = newMmu();
  for (const offset of [0, 0x7ff, 0x800, 0xfff]) {
    mmu.holdsCode(mmu.byteAt(0x5000, "execute"));
    mmu.byteAt(0x5000 + offset, "write");
  }
  assert.deepEqual(told, [5, 5, 5, 5]);
});

test("code that ends in the upper half is held in both halves", () => {
  const { mmu, told } = newMmu();
  mmu.holdsCode(mmu.byteAt(0x27fe, "execute"), 4);
  mmu.byteAt(0x27bf, "write");
  mmu.byteAt(0x2840, "write");
  assert.deepEqual(told, []);
  mmu.byteAt(0x2801, "write");
  assert.deepEqual(told, [2]);
});
