// The table that finds the unit at a guest address: as code that translated functions and the root use, and as the
// dispatcher fills it. Buckets of two entries; what a third one drives out is put back when it is missed.
import { op } from "../../../wasm/opcodes.js";
import { state } from "../memory/state.js";
import type { Expressions } from "../ir/expression.js";
import { LOOKUP_BUCKETS } from "./protocol.js";

const ENTRY_BYTES = 8;
const BUCKET_BYTES = 16;
/** Bits of the address that are mixed into the lowest ones. */
const SHIFT = 15;

/** Pushes the table index of the unit at the address in an i64 local, or 0: the function that misses. */
export function lookup(e: Expressions, address: number): void {
  const [first, second] = [e.locals.take("i64"), e.locals.take("i64")];
  const bucket = e.locals.take("i32");
  e.get(address);
  e.op("i32.wrap_i64");
  e.set(bucket);
  e.get(bucket);
  e.get(bucket);
  e.i32(SHIFT);
  e.op("i32.shr_u");
  e.op("i32.xor");
  e.i32(LOOKUP_BUCKETS - 1);
  e.op("i32.and");
  e.i32(Math.log2(BUCKET_BYTES));
  e.op("i32.shl");
  e.set(bucket);
  [first, second].forEach((entry, way) => {
    e.get(bucket);
    e.memory(op["i64.load"], 3, state.lookup + way * ENTRY_BYTES);
    e.set(entry);
  });
  slotOf(e, first);
  slotOf(e, second);
  e.i32(0);
  isFor(e, second, address);
  e.op("select");
  isFor(e, first, address);
  e.op("select");
  e.locals.release("i64", first);
  e.locals.release("i64", second);
  e.locals.release("i32", bucket);
}

function slotOf(e: Expressions, entry: number): void {
  e.get(entry);
  e.i64(32);
  e.op("i64.shr_u");
  e.op("i32.wrap_i64");
}

function isFor(e: Expressions, entry: number, address: number): void {
  e.get(entry);
  e.i64(0xffffffff);
  e.op("i64.and");
  e.get(address);
  e.op("i64.eq");
}

/** Puts a unit's slot where translated code finds it; `words` is the state area. */
export function enterInLookup(words: Uint32Array, pc: number, slot: number): void {
  const at = (state.lookup + BUCKET_BYTES * ((pc ^ (pc >>> SHIFT)) & (LOOKUP_BUCKETS - 1))) >> 2;
  if (words[at] !== pc && words[at + 1] !== 0) {
    words[at + 2] = words[at] ?? 0;
    words[at + 3] = words[at + 1] ?? 0;
  }
  words[at] = pc;
  words[at + 1] = slot;
}

/** Forgets all units. */
export const clearLookup = (words: Uint32Array): void =>
  void words.fill(0, state.lookup >> 2, (state.lookup + LOOKUP_BUCKETS * BUCKET_BYTES) >> 2);
