// Where the guest's registers are while a unit runs: one WebAssembly local each, called a slot, and sets of them.
import type { ValueType } from "../../../wasm/opcodes.js";
import { state } from "../state.js";

/**
 * First slots: 16 general registers, 16 xmm, the low doubles of xmm kept apart, 6 status flags as bits for code that reads
 * them, and what they follow from as the state area has it: an operation and two words. And no register of the guest:
 * where an indirect call goes, while it is compared with where it went before.
 */
export const slots = {
  gpr: 0,
  xmm: 16,
  low: 32,
  flag: 48,
  flagsOperation: 54,
  flagsA: 55,
  flagsB: 56,
  target: 57,
  count: 58,
} as const;

export const RSP = 4;

export function slotType(slot: number): ValueType {
  if (slot < slots.xmm) return "i64";
  if (slot < slots.low) return "v128";
  if (slot < slots.flag) return "f64";
  return slot <= slots.flagsOperation ? "i32" : "i64";
}

/** Where the state area has a slot; the bits of flags have no place of their own. */
export function slotOffset(slot: number): number {
  if (slot < slots.xmm) return state.gpr + 8 * slot;
  if (slot === slots.flagsOperation) return state.flagsOperation;
  if (slot === slots.flagsA) return state.flagsA;
  if (slot === slots.flagsB) return state.flagsB;
  return state.xmm + 16 * (slot < slots.low ? slot - slots.xmm : slot - slots.low);
}

/** A set of slots: bits 0 to 31 in `low`, the rest in `high`. */
export interface SlotSet {
  low: number;
  high: number;
}

export const noSlots = (): SlotSet => ({ low: 0, high: 0 });
export const copySlots = ({ low, high }: SlotSet): SlotSet => ({ low, high });
export const has = (set: SlotSet, slot: number): boolean =>
  (((slot < 32 ? set.low : set.high) >>> (slot & 31)) & 1) === 1;

export function add(set: SlotSet, slot: number): void {
  if (slot < 32) set.low |= 1 << slot;
  else set.high |= 1 << (slot - 32);
}

export function remove(set: SlotSet, slot: number): void {
  if (slot < 32) set.low &= ~(1 << slot);
  else set.high &= ~(1 << (slot - 32));
}

/** Takes out what neither `other` nor `more` has; whether anything was there. */
export function keepOnly(set: SlotSet, other: SlotSet, more?: SlotSet): boolean {
  const low = set.low & (other.low | (more?.low ?? 0));
  const high = set.high & (other.high | (more?.high ?? 0));
  const shrank = low !== set.low || high !== set.high;
  set.low = low;
  set.high = high;
  return shrank;
}

/** Adds the members of `other`, those of `except` left out; whether anything was new. */
export function addAll(set: SlotSet, other: SlotSet, except?: SlotSet): boolean {
  const low = set.low | (other.low & ~(except?.low ?? 0));
  const high = set.high | (other.high & ~(except?.high ?? 0));
  const grew = low !== set.low || high !== set.high;
  set.low = low;
  set.high = high;
  return grew;
}

export const keyOf = ({ low, high }: SlotSet): string => `${low >>> 0},${high >>> 0}`;
export const isSubset = (a: SlotSet, b: SlotSet): boolean =>
  (a.low & ~b.low) === 0 && (a.high & ~b.high) === 0;

export function members(set: SlotSet): number[] {
  const out: number[] = [];
  for (let slot = 0; slot < slots.count; slot++) if (has(set, slot)) out.push(slot);
  return out;
}

const flagWords = 7 << (slots.flagsOperation - 32);
/** What the status flags follow from. */
export const flagWordSlots = (): SlotSet => ({ low: 0, high: flagWords });
export const withoutFlagWords = ({ low, high }: SlotSet): SlotSet => ({ low, high: high & ~flagWords });
export const isFlagWord = (slot: number): boolean => slot >= slots.flagsOperation && slot <= slots.flagsB;

const flagBits = 0x3f << (slots.flag - 32);
const withoutPlace = (1 << (slots.target - 32)) | flagBits;
/** The slots that have a place in the state area. */
export const guestSlots = ({ low, high }: SlotSet): SlotSet => ({ low, high: high & ~withoutPlace });
/** Whether there are bits of flags. */
export const hasFlags = ({ high }: SlotSet): boolean => (high & flagBits) !== 0;
export const flagSlots = (): SlotSet => ({ low: 0, high: flagBits });
