// The vector registers of a block: vectors, out of which lanes are taken and into which they are put (`lanes.ts`). Which form
// they have at the block's start is decided when the whole unit is known; here is noted what would suit.
import { form, type Form } from "../ir/forms.js";
import { lowLane, type LowType, withLow, zeroVector } from "../ir/lanes.js";
import { isPart, type Node } from "../ir/node.js";
import { part } from "../ir/parts.js";
import type { BlockState } from "./block-state.js";

const forms: Partial<Record<LowType, Form>> = { f64: form.double, f32: form.single };

export class Vectors {
  /** How registers are used first whose values at the start are used. */
  readonly wants = new Map<number, Form>();
  readonly #state: BlockState;
  /** The slot of the first vector register. */
  readonly #first: number;

  constructor(state: BlockState) {
    this.#state = state;
    this.#first = state.file.vector;
  }

  #want(value: Node, of: Form | undefined): void {
    if (of === undefined || !isPart(value, part.whole)) return;
    const register = value.imm - this.#first;
    if (!this.wants.has(register)) this.wants.set(register, of);
  }

  whole(index: number): Node {
    const value = this.#state.get(this.#first + index);
    if (!this.#state.isNeutral) this.#want(value, form.whole);
    return value;
  }

  setWhole(index: number, value: Node): void {
    this.#state.set(this.#first + index, value);
  }

  low(type: LowType, index: number): Node {
    const value = this.#state.get(this.#first + index);
    this.#want(value, forms[type]);
    return lowLane(type, value);
  }

  setLow(type: LowType, index: number, value: Node): void {
    const before = this.#state.get(this.#first + index);
    this.#want(before, forms[type]);
    this.#state.set(this.#first + index, withLow(type, before, value));
  }

  setLowZero(type: LowType, index: number, value: Node): void {
    this.#state.set(this.#first + index, withLow(type, zeroVector(), value));
  }
}
