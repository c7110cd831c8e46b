// Vectors as nodes: lanes that are read and replaced, and shuffles, simplified when they are made. What was put into a
// lane comes out of it without the vector, and doubles are paired without being made vectors before.
import { op, simd } from "../../../wasm/opcodes.js";
import {
  extendU,
  i32,
  i64,
  isConstant,
  isPart,
  type Node,
  node,
  partOf,
  simdPrefix,
  unary,
  v128,
  wrap,
} from "./node.js";
import { part } from "./parts.js";

/** What the lowest lane can be read and written as. */
export type LowType = 32 | 64 | "f32" | "f64";

const shapes = {
  32: ["i32", "i32x4"],
  64: ["i64", "i64x2"],
  f32: ["f32", "f32x4"],
  f64: ["f64", "f64x2"],
} as const;

type Operation = keyof typeof simd;
const code = (operation: Operation): number => simdPrefix + simd[operation];
const is = (n: Node, operation: Operation): boolean => n.op === code(operation);

const bytesOf = (type: LowType): number => (type === 32 || type === "f32" ? 4 : 8);
const floatOf = (type: LowType): "f32" | "f64" => (bytesOf(type) === 4 ? "f32" : "f64");

const inverse = {
  i32: [op["i32.reinterpret_f32"], op["f32.reinterpret_i32"]],
  i64: [op["i64.reinterpret_f64"], op["f64.reinterpret_i64"]],
  f32: [op["f32.reinterpret_i32"], op["i32.reinterpret_f32"]],
  f64: [op["f64.reinterpret_i64"], op["i64.reinterpret_f64"]],
} as const;

/** The same bits as another type of the same size. */
export function reinterpret(to: keyof typeof inverse, value: Node): Node {
  if (value.type === to) return value;
  const [opcode, back] = inverse[to];
  return value.op === back && value.a !== undefined ? value.a : unary(opcode, to, value);
}

export const zeroVector = (): Node => v128(Array.from({ length: 16 }, () => 0));
const allOnes = (): Node => v128(Array.from({ length: 16 }, () => 255));

/** How many bytes at the start of a vector a replaced lane 0 is, or 0 where the node replaces none. */
export function replacedBytes(n: Node): number {
  if (n.imm !== 0) return 0;
  if (is(n, "f64x2.replace_lane") || is(n, "i64x2.replace_lane")) return 8;
  return is(n, "f32x4.replace_lane") || is(n, "i32x4.replace_lane") ? 4 : 0;
}

/** A vector of which the first bytes will not be looked at. */
export function withoutLow(vector: Node, bytes: number): Node {
  let under = vector;
  for (;;) {
    const replaced = replacedBytes(under);
    if (replaced === 0 || replaced > bytes || under.a === undefined) return upperPart(under, bytes);
    under = under.a;
  }
}

function upperPart(vector: Node, bytes: number): Node {
  if (isPart(vector, part.whole)) return partOf(vector, bytes === 8 ? part.upper : part.rest);
  const isRest = isPart(vector, part.rest) && bytes === 8;
  return isRest && vector.low !== undefined ? partOf(vector.low, part.upper) : vector;
}

/** The lowest lane. */
export function lowLane(type: LowType, whole: Node): Node {
  const [wasm, shape] = shapes[type];
  const vector = withoutUpper(whole);
  const bytes = bytesOf(type);
  if (isConstant(vector)) return constantLane(type, vector);
  if (isPart(vector, part.whole))
    return reinterpret(wasm, partOf(vector, bytes === 8 ? part.low : part.single));
  const isSplat = bytes === 8 ? isSplatOf64(vector) : is(vector, "f32x4.splat") || is(vector, "i32x4.splat");
  const value = replacedBytes(vector) === bytes ? vector.b : isSplat ? vector.a : undefined;
  if (value !== undefined) return reinterpret(wasm, value);
  return node(code(`${shape}.extract_lane`), wasm, vector);
}

/** A vector of which the upper half will not be looked at. */
function withoutUpper(vector: Node): Node {
  const isUpper = vector.imm === 1 && (is(vector, "f64x2.replace_lane") || is(vector, "i64x2.replace_lane"));
  return isUpper && vector.a !== undefined ? withoutUpper(vector.a) : vector;
}

const isSplatOf64 = (vector: Node): boolean => is(vector, "f64x2.splat") || is(vector, "i64x2.splat");

function constantLane(type: LowType, { bytes = [] }: Node): Node {
  const word = (at: number) =>
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  const value = bytesOf(type) === 4 ? i32(word(0)) : i64(word(0), word(4));
  return reinterpret(shapes[type][0], value);
}

/** A vector with another lowest lane. */
export function withLow(type: LowType, vector: Node, value: Node): Node {
  const bytes = bytesOf(type);
  const under = withoutLow(vector, bytes);
  const shape = shapes[type][1];
  if (is(value, `${shape}.extract_lane`) && value.imm === 0 && value.a === under) return under;
  const isLow = isPart(value, bytes === 8 ? part.low : part.single);
  if (isLow && value.low !== undefined && value.low === under.low) return value.low;
  // Integers that were floats a moment ago stay those.
  const float = floatOf(type);
  const back = inverse[bytes === 4 ? "i32" : "i64"][0];
  if (value.op === back && value.a !== undefined)
    return node(code(`${shapes[float][1]}.replace_lane`), "v128", under, value.a);
  return node(code(`${shape}.replace_lane`), "v128", under, value);
}

/** The lowest 32 or 64 bits of a double. */
export function lowOfDouble(type: LowType, double: Node): Node {
  if (type === "f64") return double;
  const whole = reinterpret("i64", double);
  return type === 64 ? whole : reinterpret(shapes[type][0], wrap(whole));
}

/** 64 bits with zeros above 32 of them, as a double. */
export const doubleOf = (type: LowType, value: Node): Node =>
  type === "f64" ? value : reinterpret("f64", type === 64 ? value : extendU(reinterpret("i32", value)));

/** A packed operation. */
export function packed(
  operation: Operation,
  type: "v128" | "i32",
  bits: number,
  a: Node,
  b?: Node,
  c?: Node,
): Node {
  if (b !== undefined && c === undefined && isSameVector(a, b)) {
    if (operation === "v128.xor" || operation === "v128.andnot" || /^i.*\.(sub|gt_s)$/.test(operation)) {
      return zeroVector();
    }
    if (operation === "v128.and" || operation === "v128.or") return a;
    if (/^i.*\.eq$/.test(operation)) return allOnes();
  }
  return node(code(operation), type, a, b, c, bits);
}

/** One value, seen without comparing more than the outermost instruction. */
const isSameVector = (a: Node, b: Node): boolean =>
  a === b || (replacedBytes(a) > 0 && a.op === b.op && b.imm === 0 && a.a === b.a && a.b === b.b);

/** Half of a vector: a value of its own, or one of the halves of a vector. */
type Half = { readonly double: Node } | { readonly of: Node; readonly upper: boolean };

function halfOf(vector: Node, upper: boolean): Half {
  if (isSplatOf64(vector) && vector.a !== undefined) return { double: reinterpret("f64", vector.a) };
  const is64 = is(vector, "f64x2.replace_lane") || is(vector, "i64x2.replace_lane");
  if (is64 && vector.a !== undefined && vector.b !== undefined) {
    if ((vector.imm === 1) === upper) return { double: reinterpret("f64", vector.b) };
    return halfOf(vector.a, upper);
  }
  if (upper && replacedBytes(vector) > 0 && vector.a !== undefined) return halfOf(vector.a, true);
  return { of: upper ? upperPart(vector, 8) : vector, upper };
}

/** i8x16.shuffle. */
export function shuffled(lanes: readonly number[], a: Node, b: Node): Node {
  const [low, high] = [halfAt(lanes, 0, a, b), halfAt(lanes, 8, a, b)];
  return low !== undefined && high !== undefined ? paired(low, high) : shuffle(lanes, a, b);
}

const shuffle = (lanes: readonly number[], a: Node, b: Node): Node =>
  node(code("i8x16.shuffle"), "v128", a, b, undefined, 64, 0, 0, lanes);

/** Which half of a vector eight lanes of a shuffle are, if they are one. */
function halfAt(lanes: readonly number[], at: number, a: Node, b: Node): Half | undefined {
  const first = lanes[at] ?? 0;
  if (first % 8 !== 0) return undefined;
  for (let byte = 1; byte < 8; byte++) if (lanes[at + byte] !== first + byte) return undefined;
  return halfOf(first < 16 ? a : b, first % 16 === 8);
}

function paired(low: Half, high: Half): Node {
  const withLane = (lane: number, vector: Node, value: Node) =>
    node(code("f64x2.replace_lane"), "v128", vector, value, undefined, 64, lane);
  if ("double" in low) {
    if ("of" in high && high.upper) return withLow("f64", high.of, low.double);
    const both = node(code("f64x2.splat"), "v128", low.double);
    if (!("double" in high)) return shuffle([...bytesFrom(0), ...bytesFrom(16)], both, high.of);
    return high.double === low.double ? both : withLane(1, both, high.double);
  }
  if ("double" in high) {
    if (!low.upper) return withLane(1, low.of, high.double);
    const upper = node(code("f64x2.extract_lane"), "f64", low.of, undefined, undefined, 64, 1);
    return withLane(1, node(code("f64x2.splat"), "v128", upper), high.double);
  }
  const isWhole = low.of === high.of || low.of === high.of.low;
  if (isWhole && !low.upper && high.upper) return low.of;
  return shuffle([...bytesFrom(low.upper ? 8 : 0), ...bytesFrom(high.upper ? 24 : 16)], low.of, high.of);
}

const bytesFrom = (first: number): number[] => Array.from({ length: 8 }, (_, n) => first + n);
