// Code that moves slots between their locals and the state area.
import { op, simd } from "../../../wasm/opcodes.js";
import type { GuestIsa } from "../guest-isa.js";
import type { Expressions } from "../ir/expression.js";
import { simdPrefix } from "../ir/node.js";
import { part } from "../ir/parts.js";
import type { RegisterFile } from "../ir/register-file.js";
import type { SlotSet } from "../ir/slot-set.js";

/** What is written for whom. */
interface Transfer {
  readonly e: Expressions;
  readonly isa: GuestIsa;
  readonly file: RegisterFile;
}

/** Stores a slot whose value `value` pushes. */
export function storeSlot({ e, file }: Transfer, slot: number, value: () => void): void {
  const offset = file.placeOf(slot);
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
  if (slot === file.flagsOperation) return put("i32.store", 2);
  if (!file.isVector(slot)) return put("i64.store", 3);
  switch (file.partOf(slot)) {
    case part.low:
      return put("f64.store", 3);
    case part.single:
      return put("f32.store", 2);
    case part.upper:
      return putLane("v128.store64_lane", 3, 8);
    case part.rest:
      putLane("v128.store32_lane", 2, 4);
      return putLane("v128.store64_lane", 3, 8);
    default:
      e.i32(0);
      value();
      e.memory(simdPrefix + simd["v128.store"], 4, offset);
  }
}

/** Loads slots from the state area. */
export function loadSlots({ e, isa, file }: Transfer, wanted: SlotSet): void {
  const slots = file.members(wanted);
  const flags = slots.filter((slot) => file.isFlagBit(slot)).map((slot) => slot - file.flag);
  if (flags.length > 0) isa.loadFlags(e, flags);
  for (const slot of slots) {
    if (file.isFlagBit(slot)) continue;
    e.i32(0);
    loadSlot(e, file, slot);
    e.set(e.locals.slot(slot));
  }
}

function loadSlot(e: Expressions, file: RegisterFile, slot: number): void {
  const offset = file.placeOf(slot);
  if (slot === file.flagsOperation) return e.memory(op["i32.load"], 2, offset);
  if (!file.isVector(slot)) return e.memory(op["i64.load"], 3, offset);
  switch (file.partOf(slot)) {
    case part.low:
      return e.memory(op["f64.load"], 3, offset);
    case part.single:
      return e.memory(op["f32.load"], 2, offset);
    case part.upper:
      return e.memory(simdPrefix + simd["v128.load64_splat"], 3, offset + 8);
    default:
      return e.memory(simdPrefix + simd["v128.load"], 4, offset);
  }
}
