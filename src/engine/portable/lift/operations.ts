// The operations of an Emitter whose results depend on their operands alone, on nodes.
import type { ValueType, Width } from "../../../isa/emitter.js";
import type {
  ExtractOperation,
  FloatOperation,
  ReplaceOperation,
  VectorOperation,
} from "../../../isa/operation.js";
import { op, saturating, simd } from "../../../wasm/opcodes.js";
import { type LowType, lowLane, packed, shuffled, withoutLow } from "../ir/lanes.js";
import * as integer from "../ir/integer.js";
import { i32, i64, type Node, node, saturatingPrefix, select, simdPrefix, v128 } from "../ir/node.js";

/** Operations on the lowest lane that are simplified. */
const lowTypes: Partial<Record<ExtractOperation, LowType>> = {
  "i32x4.extract_lane": 32,
  "i64x2.extract_lane": 64,
  "f32x4.extract_lane": "f32",
  "f64x2.extract_lane": "f64",
};

const laneCount = (shape: string): number => Number(shape.slice(shape.indexOf("x") + 1));

export class Operations {
  // Integers.

  constant(width: Width, low: number, high?: number): Node {
    return width === 64 ? i64(low, high) : i32(low);
  }
  add(width: Width, a: Node, b: Node): Node {
    return integer.binary("add", width, a, b);
  }
  sub(width: Width, a: Node, b: Node): Node {
    return integer.binary("sub", width, a, b);
  }
  mul(width: Width, a: Node, b: Node): Node {
    return integer.binary("mul", width, a, b);
  }
  and(width: Width, a: Node, b: Node): Node {
    return integer.binary("and", width, a, b);
  }
  or(width: Width, a: Node, b: Node): Node {
    return integer.binary("or", width, a, b);
  }
  xor(width: Width, a: Node, b: Node): Node {
    return integer.binary("xor", width, a, b);
  }
  shl(width: Width, a: Node, count: Node): Node {
    return integer.binary("shl", width, a, count);
  }
  shr(width: Width, a: Node, count: Node): Node {
    return integer.shr(width, a, count);
  }
  sar(width: Width, a: Node, count: Node): Node {
    return integer.sar(width, a, count);
  }
  rotl(width: Width, a: Node, count: Node): Node {
    return integer.rotate(true, width, a, count);
  }
  rotr(width: Width, a: Node, count: Node): Node {
    return integer.rotate(false, width, a, count);
  }
  clz(width: Width, a: Node): Node {
    return integer.clz(width, a);
  }
  ctz(width: Width, a: Node): Node {
    return integer.ctz(width, a);
  }
  popcnt(width: Width, a: Node): Node {
    return integer.popcnt(width, a);
  }
  byteSwap(width: Width, a: Node): Node {
    return integer.byteSwap(width, a);
  }
  mulHigh(signed: boolean, width: Width, a: Node, b: Node): Node {
    return integer.mulHigh(signed, width, a, b);
  }
  equal(width: Width, a: Node, b: Node): Node {
    return integer.equal(width, a, b);
  }
  lessUnsigned(width: Width, a: Node, b: Node): Node {
    return integer.less(false, width, a, b);
  }
  lessSigned(width: Width, a: Node, b: Node): Node {
    return integer.less(true, width, a, b);
  }
  select(type: ValueType, bit: Node, whenOne: Node, whenZero: Node): Node {
    const wasm = typeof type !== "number" ? type : type === 64 ? "i64" : "i32";
    return select(wasm, bit, whenOne, whenZero);
  }
  extendUnsigned(to: Width, from: Width, a: Node): Node {
    return integer.extendUnsigned(to, from, a);
  }
  extendSigned(to: Width, from: Width, a: Node): Node {
    return integer.extendSigned(to, from, a);
  }
  truncate(to: Width, from: Width, a: Node): Node {
    return integer.truncate(to, from, a);
  }

  // Floats and vectors.

  float(operation: FloatOperation, a: Node, b?: Node): Node {
    const type = operation.slice(0, 3) as "i32" | "i64" | "f32" | "f64";
    if (operation in saturating) {
      return node(saturatingPrefix + saturating[operation as keyof typeof saturating], type, a);
    }
    const isComparison = /\.(eq|lt|le)$/.test(operation);
    const opcode = op[operation as keyof typeof op];
    return node(opcode, isComparison ? "i32" : type, a, b, undefined, isComparison ? 1 : undefined);
  }
  vector(operation: VectorOperation, a: Node, b?: Node, c?: Node): Node {
    const type = operation.endsWith("bitmask") ? "i32" : "v128";
    const bits = type === "v128" ? 64 : operation.startsWith("i8") ? 16 : 8;
    return packed(operation, type, bits, a, b, c);
  }
  constantVector(bytes: readonly number[]): Node {
    return v128(bytes);
  }
  extractLane(operation: ExtractOperation, lane: number, a: Node): Node {
    const low = lane === 0 ? lowTypes[operation] : undefined;
    if (low !== undefined) return lowLane(low, a);
    const shape = operation.slice(0, 5);
    const upper = (lane * 8) / laneCount(shape) >= 4 ? withoutLow(a, 8) : a;
    const type = shape.startsWith("f")
      ? (operation.slice(0, 3) as "f32" | "f64")
      : shape === "i64x2"
        ? "i64"
        : "i32";
    const bits = shape === "i8x16" ? 8 : shape === "i16x8" ? 16 : type === "i32" ? 32 : 64;
    return node(simdPrefix + simd[operation], type, upper, undefined, undefined, bits, lane);
  }
  replaceLane(operation: ReplaceOperation, lane: number, a: Node, value: Node): Node {
    return node(simdPrefix + simd[operation], "v128", a, value, undefined, 64, lane);
  }
  shuffle(lanes: readonly number[], a: Node, b: Node): Node {
    return shuffled(lanes, a, b);
  }
}
