// The xmm registers of a block: whole vectors, or, for registers that a unit uses for scalar doubles, the low double
// and the rest in slots of their own, so that a loop carries a double and no vector (nbody: 0.67 to 0.87 of native).
import { op } from "../../../../wasm/opcodes.js";
import {
  doubleOf,
  lowLane,
  lowOfDouble,
  type LowType,
  reinterpret,
  withLow,
  withoutLow,
  zeroVector,
} from "../lanes.js";
import { binary64, extendU, i64, type Node } from "../node.js";
import { slots } from "../slots.js";

interface Slots {
  get(slot: number): Node;
  set(slot: number, value: Node): void;
}

export class Vectors {
  readonly #scalar: number;
  readonly #slots: Slots;

  /** `scalar` is the mask of registers that are kept in two parts. */
  constructor(scalar: number, registers: Slots) {
    this.#scalar = scalar;
    this.#slots = registers;
  }

  #isScalar(index: number): boolean {
    return ((this.#scalar >>> index) & 1) === 1;
  }

  xmm(index: number): Node {
    const vector = this.#slots.get(slots.xmm + index);
    return this.#isScalar(index) ? withLow("f64", vector, this.#slots.get(slots.low + index)) : vector;
  }

  setXmm(index: number, value: Node): void {
    if (this.#isScalar(index)) {
      this.#slots.set(slots.low + index, lowLane("f64", value));
      this.#slots.set(slots.xmm + index, withoutLow(value, 8));
    } else this.#slots.set(slots.xmm + index, value);
  }

  low(type: LowType, index: number): Node {
    if (!this.#isScalar(index)) return lowLane(type, this.#slots.get(slots.xmm + index));
    return lowOfDouble(type, this.#slots.get(slots.low + index));
  }

  setLow(type: LowType, index: number, value: Node): void {
    if (!this.#isScalar(index)) {
      this.#slots.set(slots.xmm + index, withLow(type, this.#slots.get(slots.xmm + index), value));
    } else if (type === "f64") this.#slots.set(slots.low + index, value);
    else if (type === 64) this.#slots.set(slots.low + index, reinterpret("f64", value));
    else {
      const above = binary64(op["i64.and"], this.low(64, index), i64(0, -1));
      this.#setWide(index, binary64(op["i64.or"], above, extendU(reinterpret("i32", value))));
    }
  }

  setLowZero(type: LowType, index: number, value: Node): void {
    if (!this.#isScalar(index)) {
      this.#slots.set(slots.xmm + index, withLow(type, zeroVector(), value));
      return;
    }
    this.#slots.set(slots.xmm + index, zeroVector());
    this.#slots.set(slots.low + index, doubleOf(type, value));
  }

  #setWide(index: number, value: Node): void {
    this.#slots.set(slots.low + index, reinterpret("f64", value));
  }
}
