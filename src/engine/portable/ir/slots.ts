// Where the guest's registers are while a unit runs: one WebAssembly local each, called a slot, and sets of them.
import type { ValueType } from "../../../wasm/opcodes.js";
import { state } from "../../x86-64/state.js";

/**
 * First slots: 16 general registers; 16 xmm registers, each as a whole vector, or as its low double and a vector whose
 * upper half is right, or as its low single and a vector in which all but that is right (`forms.ts`); 6 status flags as
 * bits for code that reads them, and what they follow from as the state area has it: an operation and two words. And no
 * register of the guest: where an indirect call goes, while it is compared with where it went before.
 */
export const slots = {
  gpr: 0,
  xmm: 16,
  low: 32,
  upper: 48,
  single: 64,
  rest: 80,
  flag: 96,
  flagsOperation: 102,
  flagsA: 103,
  flagsB: 104,
  target: 105,
  count: 106,
} as const;

export const RSP = 4;

export const XMM_COUNT = 16;
const XMM_END = slots.flag;

/** Whether a slot has an xmm register or a part of one. */
export const isXmm = (slot: number): boolean => slot >= slots.xmm && slot < XMM_END;

const xmmTypes = ["v128", "f64", "v128", "f32", "v128"] as const;

export function slotType(slot: number): ValueType {
  if (slot < slots.xmm) return "i64";
  if (slot < XMM_END) return xmmTypes[(slot - slots.xmm) >> 4] ?? "v128";
  return slot <= slots.flagsOperation ? "i32" : "i64";
}

/** Where the state area has a slot, or the register that it has a part of; the bits of flags have no place of their own. */
export function slotOffset(slot: number): number {
  if (slot < slots.xmm) return state.gpr + 8 * slot;
  if (slot === slots.flagsOperation) return state.flagsOperation;
  if (slot === slots.flagsA) return state.flagsA;
  if (slot === slots.flagsB) return state.flagsB;
  return state.xmm + 16 * ((slot - slots.xmm) & 15);
}

/** A set of slots, 32 to a word. */
export type SlotSet = number[];

export const noSlots = (): SlotSet => [0, 0, 0, 0];
export const allSlots = (): SlotSet => [-1, -1, -1, -1];
export const copySlots = (set: SlotSet): SlotSet => set.slice();
export const has = (set: SlotSet, slot: number): boolean =>
  (((set[slot >> 5] ?? 0) >>> (slot & 31)) & 1) === 1;

export function add(set: SlotSet, slot: number): void {
  set[slot >> 5] = (set[slot >> 5] ?? 0) | (1 << (slot & 31));
}

export function remove(set: SlotSet, slot: number): void {
  set[slot >> 5] = (set[slot >> 5] ?? 0) & ~(1 << (slot & 31));
}

/** Takes out what neither `other` nor `more` has; whether anything was there. */
export function keepOnly(set: SlotSet, other: SlotSet, more?: SlotSet): boolean {
  let shrank = false;
  for (let word = 0; word < set.length; word++) {
    const before = set[word] ?? 0;
    const after = before & ((other[word] ?? 0) | (more?.[word] ?? 0));
    if (after !== before) shrank = true;
    set[word] = after;
  }
  return shrank;
}

/** Adds the members of `other`, those of `except` left out; whether anything was new. */
export function addAll(set: SlotSet, other: SlotSet, except?: SlotSet): boolean {
  let grew = false;
  for (let word = 0; word < set.length; word++) {
    const before = set[word] ?? 0;
    const after = before | ((other[word] ?? 0) & ~(except?.[word] ?? 0));
    if (after !== before) grew = true;
    set[word] = after;
  }
  return grew;
}

export const keyOf = (set: SlotSet): string => set.join();
export const isSubset = (a: SlotSet, b: SlotSet): boolean =>
  a.every((word, at) => (word & ~(b[at] ?? 0)) === 0);
export const intersect = (a: SlotSet, b: SlotSet): SlotSet => a.map((word, at) => word & (b[at] ?? 0));
const minus = (a: SlotSet, b: SlotSet): SlotSet => a.map((word, at) => word & ~(b[at] ?? 0));
export const isEmpty = (set: SlotSet): boolean => set.every((word) => word === 0);

export function members(set: SlotSet): number[] {
  const out: number[] = [];
  for (let slot = 0; slot < slots.count; slot++) if (has(set, slot)) out.push(slot);
  return out;
}

const range = (first: number, end: number): SlotSet => {
  const set = noSlots();
  for (let slot = first; slot < end; slot++) add(set, slot);
  return set;
};

const flagWords = range(slots.flagsOperation, slots.flagsB + 1);
export const withoutFlagWords = (set: SlotSet): SlotSet => minus(set, flagWords);
export const isFlagWord = (slot: number): boolean => slot >= slots.flagsOperation && slot <= slots.flagsB;

const flagBits = range(slots.flag, slots.flagsOperation);
const withoutPlace = copySlots(flagBits);
add(withoutPlace, slots.target);
/** The slots that have a place in the state area. */
export const guestSlots = (set: SlotSet): SlotSet => minus(set, withoutPlace);
/** Whether there are bits of flags. */
export const hasFlags = (set: SlotSet): boolean => !isEmpty(intersect(set, flagBits));
export const flagSlots = (): SlotSet => copySlots(flagBits);

const xmmSlots = range(slots.xmm, XMM_END);
export const withoutXmm = (set: SlotSet): SlotSet => minus(set, xmmSlots);
