// Lanes of packed values on slots: how they are seen, and single ones taken out and put in. Specification: WebAssembly 2.0,
// "Vector Instructions".
import type { ExtractOperation, ReplaceOperation } from "../../../isa/operation.js";
import type { Slots } from "./slots.js";

/** One packed operation. Operands and result are indices of 32-bit words; the result is none of the operands. */
export type VectorFunction<S extends Slots = Slots> = (
  s: S,
  d: number,
  a: number,
  b: number,
  c: number,
) => void;

export type Lanes = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

export const lanesOf = (s: Slots, bits: number, isSigned: boolean): Lanes => {
  if (bits === 8) return isSigned ? s.i8 : s.u8;
  if (bits === 16) return isSigned ? s.i16 : s.u16;
  return isSigned ? s.i32 : s.u32;
};

/** Bits of the lanes that an operation takes out or puts in. */
const laneBits: Readonly<Record<ExtractOperation | ReplaceOperation, 8 | 16 | 32 | 64>> = {
  "i8x16.extract_lane_u": 8,
  "i16x8.extract_lane_u": 16,
  "i32x4.extract_lane": 32,
  "i64x2.extract_lane": 64,
  "f32x4.extract_lane": 32,
  "f64x2.extract_lane": 64,
  "i8x16.replace_lane": 8,
  "i16x8.replace_lane": 16,
  "i32x4.replace_lane": 32,
  "i64x2.replace_lane": 64,
  "f32x4.replace_lane": 32,
  "f64x2.replace_lane": 64,
};

export function extractLane(s: Slots, operation: ExtractOperation, d: number, lane: number, a: number): void {
  const bits = laneBits[operation];
  if (bits === 64) s.i64[d >> 1] = s.i64[(a >> 1) + lane] ?? 0n;
  else s.i32[d] = lanesOf(s, bits, false)[(a * 32) / bits + lane] ?? 0;
}

export function replaceLane(
  s: Slots,
  operation: ReplaceOperation,
  d: number,
  lane: number,
  a: number,
  value: number,
): void {
  const bits = laneBits[operation];
  s.i32.copyWithin(d, a, a + 4);
  if (bits === 64) s.i64[(d >> 1) + lane] = s.i64[value >> 1] ?? 0n;
  else lanesOf(s, bits, true)[(d * 32) / bits + lane] = s.i32[value] ?? 0;
}
