// The WebAssembly instructions that semantics name: scalar floats, conversions, packed integers and floats.
// Specification: WebAssembly 2.0, "Numeric Instructions" and "Vector Instructions".

type Float = "f32" | "f64";
type Narrow = "i8x16" | "i16x8";
type Integers = Narrow | "i32x4" | "i64x2";
type Floats = "f32x4" | "f64x2";
type Comparison = "eq" | "ne" | "lt" | "gt" | "le" | "ge";

export type FloatOperation =
  | `${Float}.${"add" | "sub" | "mul" | "div" | "sqrt" | "nearest" | "floor" | "ceil" | "trunc"}`
  | `${Float}.${"eq" | "lt" | "le"}`
  | `f32.convert_i${32 | 64}_s`
  | `f64.convert_i${32 | 64}_s`
  /** Truncating; the result for what does not fit is not used. */
  | `i${32 | 64}.trunc_sat_${Float}_s`
  | "f32.demote_f64"
  | "f64.promote_f32"
  | "i32.reinterpret_f32"
  | "i64.reinterpret_f64"
  | "f32.reinterpret_i32"
  | "f64.reinterpret_i64";

export type VectorOperation =
  | "v128.and"
  | "v128.or"
  | "v128.xor"
  /** a & ~b */
  | "v128.andnot"
  | "v128.not"
  /** a where c is 1, b where it is 0 */
  | "v128.bitselect"
  | `${Integers}.${"add" | "sub" | "eq" | "gt_s" | "shl" | "shr_u" | "shr_s" | "abs" | "bitmask" | "splat"}`
  | `${"i16x8" | "i32x4" | "i64x2"}.mul`
  | `${Narrow}.${"add_sat_s" | "add_sat_u" | "sub_sat_s" | "sub_sat_u" | "avgr_u"}`
  | `${Narrow | "i32x4"}.${"min_s" | "min_u" | "max_s" | "max_u"}`
  | `i8x16.narrow_i16x8_${"s" | "u"}`
  | `i16x8.narrow_i32x4_${"s" | "u"}`
  | `i16x8.extend_low_i8x16_${"s" | "u"}`
  | `i32x4.extend_low_i16x8_${"s" | "u"}`
  | `i64x2.extend_low_i32x4_${"s" | "u"}`
  | "i32x4.dot_i16x8_s"
  | "i16x8.q15mulr_sat_s"
  | "i16x8.extadd_pairwise_i8x16_u"
  | "i32x4.extadd_pairwise_i16x8_u"
  | `i64x2.extmul_low_i32x4_${"s" | "u"}`
  | `i32x4.extmul_${"low" | "high"}_i16x8_${"s" | "u"}`
  | "i8x16.swizzle"
  | `${Floats}.${"add" | "sub" | "mul" | "div" | "sqrt" | "pmin" | "pmax" | "splat"}`
  | `${Floats}.${"nearest" | "floor" | "ceil" | "trunc" | Comparison}`
  | "f32x4.convert_i32x4_s"
  | "i32x4.trunc_sat_f32x4_s"
  | "f64x2.convert_low_i32x4_s"
  | "i32x4.trunc_sat_f64x2_s_zero"
  | "f64x2.promote_low_f32x4"
  | "f32x4.demote_f64x2_zero";

/** Lanes narrower than 32 bits come as width 32. */
export type ExtractOperation =
  | "i8x16.extract_lane_u"
  | "i16x8.extract_lane_u"
  | "i32x4.extract_lane"
  | "i64x2.extract_lane"
  | "f32x4.extract_lane"
  | "f64x2.extract_lane";

export type ReplaceOperation = `${Integers | Floats}.replace_lane`;
