// Forms of the xmm registers: whole, or with the low double or single in a slot of its own, so that a loop of scalars
// carries scalars; and the slots that they take.
import { type Node, pseudo } from "../ir/node.js";
import { add, addAll, allSlots, isXmm, noSlots, slots, type SlotSet, withoutXmm } from "../ir/slots.js";

/** Forms of a register. */
export const form = { whole: 0, double: 1, single: 2 } as const;
export type Form = (typeof form)[keyof typeof form];

/** The slots of a register in a form: what `first` is of the first register, see `slots`. */
const firstSlots = [[slots.xmm], [slots.low, slots.upper], [slots.single, slots.rest]] as const;
export const slotsOf = (register: number, of: Form): number[] =>
  firstSlots[of].map((first) => first + register);

/** The form of each register. */
export type Forms = readonly Form[];

/** The slots that count where registers have these forms. */
export function slotsIn(forms: Forms): SlotSet {
  const set = noSlots();
  forms.forEach((of, register) => slotsOf(register, of).forEach((slot) => add(set, slot)));
  addAll(set, withoutXmm(allSlots()));
  return set;
}

/** Whether a value is what a register holds at the start of the block. */
export const isRegister = (n: Node): boolean => n.op === pseudo.entry && isXmm(n.imm) && n.imm < slots.low;
