// Code that moves slots and flags between their locals and the state area.
import { op, simd, type } from "../../../../wasm/opcodes.js";
import { state } from "../../state.js";
import type { Expressions } from "../expression.js";
import { flagPositions } from "../flags.js";
import { simdPrefix } from "../node.js";
import { imported } from "../protocol.js";
import { hasFlags, members, slotOffset, slots, type SlotSet } from "../slots.js";

/** Whether an xmm slot has only the upper half of its register: the lower one is in a slot of its own. */
const isUpperHalf = (slot: number, scalarXmm: number): boolean =>
  ((scalarXmm >>> (slot - slots.xmm)) & 1) === 1;

/** Stores a slot whose value `value` pushes. */
export function storeSlot(e: Expressions, slot: number, scalarXmm: number, value: () => void): void {
  e.i32(0);
  value();
  const offset = slotOffset(slot);
  if (slot === slots.flagsOperation) e.memory(op["i32.store"], 2, offset);
  else if (slot < slots.xmm || slot > slots.flagsOperation) e.memory(op["i64.store"], 3, offset);
  else if (slot >= slots.low) e.memory(op["f64.store"], 3, offset);
  else if (isUpperHalf(slot, scalarXmm)) {
    e.memory(simdPrefix + simd["v128.store64_lane"], 3, offset + 8);
    e.code.byte(1);
  } else e.memory(simdPrefix + simd["v128.store"], 4, offset);
}

/** Loads slots from the state area. */
export function loadSlots(e: Expressions, wanted: SlotSet, scalarXmm: number): void {
  if (hasFlags(wanted)) settle(e);
  for (const slot of members(wanted)) {
    e.i32(0);
    if (slot === slots.flagsOperation) e.memory(op["i32.load"], 2, slotOffset(slot));
    else if (slot < slots.xmm || slot > slots.flagsOperation) e.memory(op["i64.load"], 3, slotOffset(slot));
    else if (slot >= slots.flag) loadFlag(e, slot - slots.flag);
    else if (slot >= slots.low) e.memory(op["f64.load"], 3, slotOffset(slot));
    else if (isUpperHalf(slot, scalarXmm)) {
      e.memory(simdPrefix + simd["v128.load64_splat"], 3, slotOffset(slot) + 8);
    } else e.memory(simdPrefix + simd["v128.load"], 4, slotOffset(slot));
    e.set(e.locals.slot(slot));
  }
}

/** RFLAGS has the status flags. */
function settle(e: Expressions): void {
  e.i32(0);
  e.memory(op["i32.load"], 2, state.flagsOperation);
  e.code.byte(op.if);
  e.code.byte(type.empty);
  e.op("call");
  e.code.u32(imported.settle);
  e.op("end");
}

function loadFlag(e: Expressions, flag: number): void {
  e.memory(op["i32.load"], 2, state.rflags);
  e.i32(flagPositions[flag] ?? 0);
  e.op("i32.shr_u");
  e.i32(1);
  e.op("i32.and");
}
