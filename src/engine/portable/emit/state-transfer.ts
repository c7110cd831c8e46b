// Code that moves slots and flags between their locals and the state area.
import { op, simd, type } from "../../../wasm/opcodes.js";
import { state } from "../../x86-64/state.js";
import type { Expressions } from "../ir/expression.js";
import { CF, flagPositions } from "../../x86-64/lift/flags.js";
import { simdPrefix } from "../ir/node.js";
import { imported } from "../link/protocol.js";
import { copySlots, hasFlags, isXmm, members, remove, slotOffset, slots, type SlotSet } from "../ir/slots.js";

const partOf = (slot: number): number => slot & ~15;

/** Stores a slot whose value `value` pushes. */
export function storeSlot(e: Expressions, slot: number, value: () => void): void {
  const offset = slotOffset(slot);
  const put = (name: keyof typeof op, align: number) => {
    e.i32(0);
    value();
    e.memory(op[name], align, offset);
  };
  const putLane = (name: "v128.store32_lane" | "v128.store64_lane", align: number, at: number) => {
    e.i32(0);
    value();
    e.memory(simdPrefix + simd[name], align, offset + at);
    e.code.byte(1);
  };
  if (slot === slots.flagsOperation) return put("i32.store", 2);
  if (!isXmm(slot)) return put("i64.store", 3);
  switch (partOf(slot)) {
    case slots.low:
      return put("f64.store", 3);
    case slots.single:
      return put("f32.store", 2);
    case slots.upper:
      return putLane("v128.store64_lane", 3, 8);
    case slots.rest:
      putLane("v128.store32_lane", 2, 4);
      return putLane("v128.store64_lane", 3, 8);
    default:
      e.i32(0);
      value();
      e.memory(simdPrefix + simd["v128.store"], 4, offset);
  }
}

/** Loads slots from the state area. */
export function loadSlots(e: Expressions, wanted: SlotSet): void {
  const others = copySlots(wanted);
  remove(others, slots.flag + CF);
  const isSettled = hasFlags(others);
  if (isSettled) settle(e);
  for (const slot of members(wanted)) {
    e.i32(0);
    if (slot === slots.flag + CF && !isSettled) loadCarry(e);
    else loadSlot(e, slot, slotOffset(slot));
    e.set(e.locals.slot(slot));
  }
}

function loadSlot(e: Expressions, slot: number, offset: number): void {
  if (slot === slots.flagsOperation) return e.memory(op["i32.load"], 2, offset);
  if (slot < slots.xmm || slot > slots.flagsOperation) return e.memory(op["i64.load"], 3, offset);
  if (!isXmm(slot)) return loadFlag(e, slot - slots.flag);
  switch (partOf(slot)) {
    case slots.low:
      return e.memory(op["f64.load"], 3, offset);
    case slots.single:
      return e.memory(op["f32.load"], 2, offset);
    case slots.upper:
      return e.memory(simdPrefix + simd["v128.load64_splat"], 3, offset + 8);
    default:
      return e.memory(simdPrefix + simd["v128.load"], 4, offset);
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

function loadCarry(e: Expressions): void {
  e.memory(op["i32.load"], 2, state.flagsOperation);
  e.op("call");
  e.code.u32(imported.carry);
}

function loadFlag(e: Expressions, flag: number): void {
  e.memory(op["i32.load"], 2, state.rflags);
  e.i32(flagPositions[flag] ?? 0);
  e.op("i32.shr_u");
  e.i32(1);
  e.op("i32.and");
}
