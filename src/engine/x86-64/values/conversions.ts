// Conversions that MXCSR has no part in, by WebAssembly's names: bits as another type, and truncation with saturation. Specification:
// WebAssembly 2.0, "Numerics".
import type { Slots } from "../../portable/values/slots.js";

type Convert = (s: Slots, d: number, a: number) => void;

/** To an integer of 32 bits; 0 for a NaN. */
export const saturate32 = (x: number): number =>
  Number.isNaN(x) ? 0 : Math.max(-0x8000_0000, Math.min(0x7fff_ffff, Math.trunc(x)));

function saturate64(x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  if (x >= 2 ** 63) return 0x7fff_ffff_ffff_ffffn;
  return x <= -(2 ** 63) ? -0x8000_0000_0000_0000n : BigInt(Math.trunc(x));
}

const copy: Convert = (s, d, a) => {
  s.i32[d] = s.i32[a] ?? 0;
  s.i32[d + 1] = s.i32[a + 1] ?? 0;
};

export const conversions: Readonly<Record<string, Convert>> = {
  "i32.trunc_sat_f32_s": (s, d, a) => (s.i32[d] = saturate32(s.f32[a] ?? 0)),
  "i32.trunc_sat_f64_s": (s, d, a) => (s.i32[d] = saturate32(s.f64[a >> 1] ?? 0)),
  "i64.trunc_sat_f32_s": (s, d, a) => (s.i64[d >> 1] = saturate64(s.f32[a] ?? 0)),
  "i64.trunc_sat_f64_s": (s, d, a) => (s.i64[d >> 1] = saturate64(s.f64[a >> 1] ?? 0)),
  "i32.reinterpret_f32": copy,
  "i64.reinterpret_f64": copy,
  "f32.reinterpret_i32": copy,
  "f64.reinterpret_i64": copy,
};
