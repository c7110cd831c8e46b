// A guest's registers as a unit has them: one WebAssembly local each, called a slot, with a place in the state area.
import type { ValueType } from "../../../wasm/opcodes.js";
import { form, type Form, type Forms } from "./forms.js";
import { part, type Part, partTypes } from "./parts.js";
import { add, copySlots, has, intersect, isEmpty, minus, type SlotSet } from "./slot-set.js";

/** What an ISA says of its registers; places are offsets in the state area, in bytes. */
export interface RegisterSpec {
  /** General registers, 64 bits each, at `generalAt` + 8 * index. */
  readonly generals: number;
  readonly generalAt: number;
  /** Vector registers, 128 bits each, at `vectorAt` + 16 * index. */
  readonly vectors: number;
  readonly vectorAt: number;
  /** Status flags, as bits; what they follow from has places. */
  readonly flags: number;
  readonly flagsOperationAt: number;
  readonly flagsAAt: number;
  readonly flagsBAt: number;
  /** The general register that is the stack pointer. */
  readonly stackPointer: number;
  /** General registers that functions leave as they were, by the ISA's procedure call standard. */
  readonly calleeSaved: readonly number[];
  /** The stack pointer, and two general registers that calls pass most: units have them as parameters too. */
  readonly passed: readonly [number, number, number];
}

/** The parts that a vector register in a form consists of. */
const partsOf = {
  [form.whole]: [part.whole],
  [form.double]: [part.low, part.upper],
  [form.single]: [part.single, part.rest],
} as const satisfies Record<Form, readonly Part[]>;

/**
 * Slots: the general registers; the vector registers, each as a whole, or as its low double and a vector whose upper half
 * is right, or as its low single and a vector in which all but that is right (`forms.ts`); status flags as bits for code
 * that reads them, and what they follow from as the state area has it: an operation and two words. And no register of the
 * guest: where an indirect call goes, while it is compared with where it went before.
 */
export class RegisterFile {
  readonly generals: number;
  readonly vectors: number;
  readonly flags: number;
  readonly general = 0;
  readonly vector: number;
  readonly flag: number;
  readonly flagsOperation: number;
  readonly flagsA: number;
  readonly flagsB: number;
  readonly target: number;
  readonly count: number;
  /** The slot of the stack pointer. */
  readonly stackPointer: number;
  readonly calleeSaved: readonly number[];
  readonly passed: readonly number[];
  /** The slots of all flags' bits. */
  readonly flagBits: SlotSet;
  readonly #spec: RegisterSpec;
  readonly #none: SlotSet;
  readonly #all: SlotSet;
  readonly #flagWords: SlotSet;
  readonly #vectorSlots: SlotSet;
  readonly #placeless: SlotSet;

  constructor(spec: RegisterSpec) {
    this.#spec = spec;
    const { generals, vectors, flags } = spec;
    this.generals = generals;
    this.vectors = vectors;
    this.flags = flags;
    this.vector = generals;
    this.flag = this.vector + partTypes.length * vectors;
    this.flagsOperation = this.flag + flags;
    this.flagsA = this.flagsOperation + 1;
    this.flagsB = this.flagsA + 1;
    this.target = this.flagsB + 1;
    this.count = this.target + 1;
    this.stackPointer = spec.stackPointer;
    this.calleeSaved = spec.calleeSaved;
    this.passed = spec.passed;
    this.#none = Array.from({ length: Math.ceil(this.count / 32) }, () => 0);
    this.#all = this.#none.map(() => -1);
    this.flagBits = this.#range(this.flag, this.flagsOperation);
    this.#flagWords = this.#range(this.flagsOperation, this.target);
    this.#vectorSlots = this.#range(this.vector, this.flag);
    this.#placeless = copySlots(this.flagBits);
    add(this.#placeless, this.target);
  }

  #range(first: number, end: number): SlotSet {
    const set = this.none();
    for (let slot = first; slot < end; slot++) add(set, slot);
    return set;
  }

  /** Whether a slot has a vector register or a part of one. */
  isVector(slot: number): boolean {
    return slot >= this.vector && slot < this.flag;
  }

  /** Which part of its vector register a slot has. */
  partOf(slot: number): Part {
    return Math.floor((slot - this.vector) / this.vectors) as Part;
  }

  /** The slots of a vector register in a form. */
  slotsOf(register: number, of: Form): number[] {
    return partsOf[of].map((which) => this.vector + which * this.vectors + register);
  }

  isFlagBit(slot: number): boolean {
    return slot >= this.flag && slot < this.flagsOperation;
  }

  isFlagWord(slot: number): boolean {
    return slot >= this.flagsOperation && slot <= this.flagsB;
  }

  typeOf(slot: number): ValueType {
    if (slot < this.vector) return "i64";
    if (slot < this.flag) return partTypes[this.partOf(slot)];
    return slot <= this.flagsOperation ? "i32" : "i64";
  }

  /** Where the state area has a slot, or the register that it has a part of; the bits of flags have no place of their own. */
  placeOf(slot: number): number {
    const spec = this.#spec;
    if (slot < this.vector) return spec.generalAt + 8 * slot;
    if (slot === this.flagsOperation) return spec.flagsOperationAt;
    if (slot === this.flagsA) return spec.flagsAAt;
    if (slot === this.flagsB) return spec.flagsBAt;
    return spec.vectorAt + 16 * ((slot - this.vector) % this.vectors);
  }

  // Sets of slots.

  /** The slots that count where vector registers have these forms. */
  in(forms: Forms): SlotSet {
    const set = this.withoutVectors(this.#all);
    forms.forEach((of, register) => this.slotsOf(register, of).forEach((slot) => add(set, slot)));
    return set;
  }

  none(): SlotSet {
    return this.#none.slice();
  }
  all(): SlotSet {
    return this.#all.slice();
  }
  members(set: SlotSet): number[] {
    const out: number[] = [];
    for (let slot = 0; slot < this.count; slot++) if (has(set, slot)) out.push(slot);
    return out;
  }
  /** The slots that have a place in the state area. */
  placed(set: SlotSet): SlotSet {
    return minus(set, this.#placeless);
  }
  withoutFlagWords(set: SlotSet): SlotSet {
    return minus(set, this.#flagWords);
  }
  withoutVectors(set: SlotSet): SlotSet {
    return minus(set, this.#vectorSlots);
  }
  /** Whether there are bits of flags. */
  hasFlags(set: SlotSet): boolean {
    return !isEmpty(intersect(set, this.flagBits));
  }
}
