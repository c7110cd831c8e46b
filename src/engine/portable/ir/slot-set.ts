// Sets of a register file's slots, 32 to a word. All sets of one register file are of one length.
export type SlotSet = number[];

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
export const minus = (a: SlotSet, b: SlotSet): SlotSet => a.map((word, at) => word & ~(b[at] ?? 0));
export const isEmpty = (set: SlotSet): boolean => set.every((word) => word === 0);

/** How many members a set has. */
export function sizeOf(set: SlotSet): number {
  let count = 0;
  for (const word of set) for (let rest = word; rest !== 0; rest &= rest - 1) count++;
  return count;
}
