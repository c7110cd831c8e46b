// How semantics of Advanced SIMD reach their operands: lanes by size, halves of registers, constants. Specification: Arm ARM (DDI
// 0487), C7.1, J1 (Elem, Vpart).
import type { Width } from "../emitter.js";
import type { VectorOperation } from "../operation.js";
import type { Emitter } from "./emitter.js";
import type { Instruction } from "./instruction.js";

/** Lanes of integers, by the field `size`. */
export const shapes = ["i8x16", "i16x8", "i32x4", "i64x2"] as const;
export type Shape = (typeof shapes)[number];

export const shapeOf = (size: number): Shape => shapes[size] ?? "i64x2";
export const laneBits = (size: number): Width => ([8, 16, 32, 64] as const)[size] ?? 64;
export const laneCount = (size: number): number => 16 >> size;
/** Lanes of an instruction's operands: of the lower half where Q is 0. */
export const lanesOf = (i: Instruction, size: number = i.size): number => (8 << i.Q) >> size;

/** What a lane is as a value: narrow ones are of width 32. */
export const valueWidth = (size: number): 32 | 64 => (size === 3 ? 64 : 32);

/** A lane, zero-extended to `valueWidth`. */
export function extract<V>(e: Emitter<V>, size: number, lane: number, vector: V): V {
  if (size === 0) return e.extractLane("i8x16.extract_lane_u", lane, vector);
  if (size === 1) return e.extractLane("i16x8.extract_lane_u", lane, vector);
  return e.extractLane(size === 2 ? "i32x4.extract_lane" : "i64x2.extract_lane", lane, vector);
}

/** A lane, extended to `to`. */
export function extractTo<V>(
  e: Emitter<V>,
  size: number,
  lane: number,
  vector: V,
  to: 32 | 64,
  isSigned: boolean,
): V {
  const value = extract(e, size, lane, vector);
  const from = laneBits(size);
  if (from >= to) return value;
  if (!isSigned) return to === 64 ? e.extendUnsigned(64, 32, value) : value;
  return e.extendSigned(to, from, from === 32 ? value : e.truncate(from, 32, value));
}

/** With a lane replaced, by a value of `valueWidth`. */
export const replace = <V>(e: Emitter<V>, size: number, lane: number, vector: V, value: V): V =>
  e.replaceLane(`${shapeOf(size)}.replace_lane`, lane, vector, value);

/** The same value in all lanes. */
export const splat = <V>(e: Emitter<V>, size: number, value: V): V =>
  e.vector(`${shapeOf(size)}.splat`, value);

/** All 16 bytes from the bytes of one lane, little endian. */
export function splatConstant<V>(e: Emitter<V>, size: number, value: bigint): V {
  const bytes = 1 << size;
  return e.constantVector(
    Array.from({ length: 16 }, (_, n) => Number((value >> BigInt(8 * (n % bytes))) & 0xffn)),
  );
}

export const zeros = <V>(e: Emitter<V>): V => splatConstant(e, 3, 0n);

/** Writes Vd: where Q is 0 the upper half becomes 0. */
export function setVector<V>(e: Emitter<V>, i: Instruction, value: V): void {
  if (i.Q === 1) e.setSimd(i.Rd, value);
  else e.setSimdLowZero(64, i.Rd, e.extractLane("i64x2.extract_lane", 0, value));
}

/** Byte lanes of a shuffle from lanes of `size`. */
export const byteLanes = (size: number, lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => Array.from({ length: 1 << size }, (_, n) => (lane << size) + n));

/** A vector whose lower half is the upper one of another. */
export const upperHalf = <V>(e: Emitter<V>, vector: V): V =>
  e.shuffle([8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15], vector, vector);

/** Two lower halves put together. */
export const joinHalves = <V>(e: Emitter<V>, low: V, high: V): V =>
  e.shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23], low, high);

/** The half that the instruction is about, its lanes extended to twice their size: the upper one where Q is 1. */
export function widenHalf<V>(e: Emitter<V>, i: Instruction, vector: V, size: number, isSigned: boolean): V {
  const sign = isSigned ? "s" : "u";
  const operation: VectorOperation =
    size === 0
      ? `i16x8.extend_low_i8x16_${sign}`
      : size === 1
        ? `i32x4.extend_low_i16x8_${sign}`
        : `i64x2.extend_low_i32x4_${sign}`;
  return e.vector(operation, i.Q === 1 ? upperHalf(e, vector) : vector);
}

/** Writes narrow lanes: to the lower half of Vd with zeros above, or to the upper half where Q is 1. `low` has them in its lower half. */
export function setNarrow<V>(e: Emitter<V>, i: Instruction, low: V): void {
  if (i.Q === 1) e.setSimd(i.Rd, joinHalves(e, e.simd(i.Rd), low));
  else e.setSimdLowZero(64, i.Rd, e.extractLane("i64x2.extract_lane", 0, low));
}

export const vectorNot = <V>(e: Emitter<V>, vector: V): V => e.vector("v128.not", vector);

export const vectorShift = <V>(
  e: Emitter<V>,
  size: number,
  kind: "shl" | "shr_u" | "shr_s",
  vector: V,
  count: number,
): V => {
  const bits = laneBits(size);
  if (count === 0) return vector;
  if (count < bits) return e.vector(`${shapeOf(size)}.${kind}`, vector, e.constant(32, count));
  return kind === "shr_s" ? e.vector(`${shapeOf(size)}.shr_s`, vector, e.constant(32, bits - 1)) : zeros(e);
};

export const floatShapes = { f32: "f32x4", f64: "f64x2" } as const;
export type FloatType = keyof typeof floatShapes;

/** Makes a vector lane by lane. */
export function mapLanes<V>(e: Emitter<V>, size: number, count: number, make: (lane: number) => V): V {
  let result = zeros(e);
  for (let lane = 0; lane < count; lane++) result = replace(e, size, lane, result, make(lane));
  return result;
}
