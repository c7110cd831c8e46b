// The xmm registers of a block: whole vectors, or, for registers that a unit uses for scalar doubles, the low double
// and the rest in slots of their own, so that a loop carries a double and no vector (nbody: 0.67 to 0.87 of native).
import { op, simd } from "../../../../wasm/opcodes.js";
import { binary64, extendU, i64, type Node, node, simdPrefix, unary, v128, wrap } from "../node.js";
import { slots } from "../slots.js";

/** What a lane can be read and written as. */
export type LowType = 32 | 64 | "f32" | "f64";

interface Slots {
  get(slot: number): Node;
  set(slot: number, value: Node): void;
}

const lanes = {
  32: ["i32", "i32x4"],
  64: ["i64", "i64x2"],
  f32: ["f32", "f32x4"],
  f64: ["f64", "f64x2"],
} as const;

function extract(type: LowType, vector: Node): Node {
  const [wasm, shape] = lanes[type];
  const opcode = simdPrefix + simd[`${shape}.replace_lane`];
  if (vector.op === opcode && vector.imm === 0 && vector.b !== undefined) return vector.b;
  return node(simdPrefix + simd[`${shape}.extract_lane`], wasm, vector);
}

function replace(type: LowType, vector: Node, value: Node): Node {
  const opcode = simdPrefix + simd[`${lanes[type][1]}.replace_lane`];
  const under = vector.op === opcode && vector.imm === 0 && vector.a !== undefined ? vector.a : vector;
  return node(opcode, "v128", under, value);
}

const zero = (): Node => v128(Array.from({ length: 16 }, () => 0));

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
    return this.#isScalar(index) ? replace("f64", vector, this.#slots.get(slots.low + index)) : vector;
  }

  setXmm(index: number, value: Node): void {
    if (this.#isScalar(index)) {
      this.#slots.set(slots.low + index, extract("f64", value));
      this.#slots.set(slots.xmm + index, withoutLow(value));
    } else this.#slots.set(slots.xmm + index, value);
  }

  low(type: LowType, index: number): Node {
    if (!this.#isScalar(index)) return extract(type, this.#slots.get(slots.xmm + index));
    const value = this.#slots.get(slots.low + index);
    if (type === "f64") return value;
    const whole = reinterpret("i64", value);
    if (type === 64) return whole;
    return type === 32 ? wrap(whole) : reinterpret("f32", wrap(whole));
  }

  setLow(type: LowType, index: number, value: Node): void {
    if (!this.#isScalar(index)) {
      this.#slots.set(slots.xmm + index, replace(type, this.#slots.get(slots.xmm + index), value));
    } else if (type === "f64") this.#slots.set(slots.low + index, value);
    else if (type === 64) this.#slots.set(slots.low + index, reinterpret("f64", value));
    else {
      const above = binary64(op["i64.and"], this.low(64, index), i64(0, -1));
      this.#setWide(index, binary64(op["i64.or"], above, extendU(bits32(type, value))));
    }
  }

  setLowZero(type: LowType, index: number, value: Node): void {
    if (!this.#isScalar(index)) {
      this.#slots.set(slots.xmm + index, replace(type, zero(), value));
      return;
    }
    this.#slots.set(slots.xmm + index, zero());
    if (type === "f64") this.#slots.set(slots.low + index, value);
    else this.#setWide(index, type === 64 ? value : extendU(bits32(type, value)));
  }

  #setWide(index: number, value: Node): void {
    this.#slots.set(slots.low + index, reinterpret("f64", value));
  }
}

/** A vector whose low half will not be looked at. */
function withoutLow(vector: Node): Node {
  const isLowReplaced = vector.op === simdPrefix + simd["f64x2.replace_lane"] && vector.imm === 0;
  return isLowReplaced && vector.a !== undefined ? vector.a : vector;
}

const bits32 = (type: 32 | 64 | "f32" | "f64", value: Node): Node =>
  type === "f32" ? unary(op["i32.reinterpret_f32"], "i32", value) : value;

const inverse = {
  i64: [op["i64.reinterpret_f64"], op["f64.reinterpret_i64"]],
  f64: [op["f64.reinterpret_i64"], op["i64.reinterpret_f64"]],
  f32: [op["f32.reinterpret_i32"], op["i32.reinterpret_f32"]],
} as const;

function reinterpret(to: keyof typeof inverse, value: Node): Node {
  const [opcode, back] = inverse[to];
  return value.op === back && value.a !== undefined ? value.a : unary(opcode, to, value);
}
