// The xmm registers of a block: vectors, out of which lanes are taken and into which they are put (`lanes.ts`). Which form
// they have at the block's start is decided when the whole unit is known; here is noted what would suit.
import { form, type Form, isRegister } from "../optimise/forms.js";
import { lowLane, type LowType, withLow, zeroVector } from "../ir/lanes.js";
import type { Node } from "../ir/node.js";
import { slots } from "../ir/slots.js";
import type { BlockState } from "./block-state.js";

/** Copies, zeroing, pairing and storing all of a register suit any form. */
const neutral = /^(MOV[AU]P[SD]|MOVDQ[AU]|PXOR|XORP[SD]|MOVDDUP|MOVLHPS|UNPCKLPD|PUNPCKLQDQ)$/;

const forms: Partial<Record<LowType, Form>> = { f64: form.double, f32: form.single };

export class Vectors {
  /** How registers are used first whose values at the start are used. */
  readonly wants = new Map<number, Form>();
  readonly #state: BlockState;

  constructor(state: BlockState) {
    this.#state = state;
  }

  #want(value: Node, of: Form | undefined): void {
    if (of === undefined || !isRegister(value)) return;
    const register = value.imm - slots.xmm;
    if (!this.wants.has(register)) this.wants.set(register, of);
  }

  xmm(index: number): Node {
    const value = this.#state.get(slots.xmm + index);
    if (!neutral.test(this.#state.at?.row.mnemonic ?? "")) this.#want(value, form.whole);
    return value;
  }

  setXmm(index: number, value: Node): void {
    this.#state.set(slots.xmm + index, value);
  }

  low(type: LowType, index: number): Node {
    const value = this.#state.get(slots.xmm + index);
    this.#want(value, forms[type]);
    return lowLane(type, value);
  }

  setLow(type: LowType, index: number, value: Node): void {
    const before = this.#state.get(slots.xmm + index);
    this.#want(before, forms[type]);
    this.#state.set(slots.xmm + index, withLow(type, before, value));
  }

  setLowZero(type: LowType, index: number, value: Node): void {
    this.#state.set(slots.xmm + index, withLow(type, zeroVector(), value));
  }
}
