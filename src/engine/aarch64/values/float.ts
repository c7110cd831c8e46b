// Floating point by WebAssembly's names, rounded to nearest, with the NaNs of aarch64: the first signalling one, else the first quiet
// one, made quiet; else the default, which is positive. Specification: Arm ARM (DDI 0487), A1.4 and J1 (FPProcessNaNs).
import type { Slots } from "../../portable/values/slots.js";

export type Bits = 32 | 64;

const top = (bits: Bits): number => (bits === 64 ? 1 : 0);
const QUIET = { 32: 0x40_0000, 64: 0x8_0000 } as const;
const DEFAULT = { 32: 0x7fc0_0000, 64: 0x7ff8_0000 } as const;

/** Places of values are indices of 32-bit words; those of doubles are even. */
export const valueAt = (s: Slots, bits: Bits, at: number): number =>
  (bits === 64 ? s.f64[at >> 1] : s.f32[at]) ?? 0;

function isSignalling(s: Slots, bits: Bits, at: number): boolean {
  return Number.isNaN(valueAt(s, bits, at)) && ((s.i32[at + top(bits)] ?? 0) & QUIET[bits]) === 0;
}

function copyQuiet(s: Slots, bits: Bits, d: number, from: number): void {
  if (bits === 64) s.i32[d] = s.i32[from] ?? 0;
  s.i32[d + top(bits)] = (s.i32[from + top(bits)] ?? 0) | QUIET[bits];
}

/** Writes a result that is no NaN, or the NaN that the operands make. */
function finish(s: Slots, bits: Bits, d: number, value: number, operands: readonly number[]): void {
  if (!Number.isNaN(value)) {
    if (bits === 64) s.f64[d >> 1] = value;
    else s.f32[d] = value;
    return;
  }
  const nan =
    operands.find((at) => isSignalling(s, bits, at)) ??
    operands.find((at) => Number.isNaN(valueAt(s, bits, at)));
  if (nan !== undefined) return copyQuiet(s, bits, d, nan);
  if (bits === 64) s.i32[d] = 0;
  s.i32[d + top(bits)] = DEFAULT[bits];
}

/** To the nearest integer, ties to even; the sign of zero is kept. */
function nearest(x: number): number {
  if (!(Math.abs(x) < 2 ** 52)) return x;
  const magnitude = Math.abs(x) + 2 ** 52 - 2 ** 52;
  return x < 0 || Object.is(x, -0) ? -magnitude : magnitude;
}

export type FloatFunction = (s: Slots, bits: Bits, d: number, a: number, b: number) => void;

const two =
  (compute: (x: number, y: number) => number): FloatFunction =>
  (s, bits, d, a, b) =>
    finish(s, bits, d, compute(valueAt(s, bits, a), valueAt(s, bits, b)), [a, b]);

const one =
  (compute: (x: number) => number): FloatFunction =>
  (s, bits, d, a) =>
    finish(s, bits, d, compute(valueAt(s, bits, a)), [a]);

/** Doubles that are rounded to singles afterwards have bits enough for these to be right. */
export const arithmetic: Readonly<Record<string, FloatFunction>> = {
  add: two((x, y) => x + y),
  sub: two((x, y) => x - y),
  mul: two((x, y) => x * y),
  div: two((x, y) => x / y),
  sqrt: one((x) => Math.sqrt(x)),
  nearest: one(nearest),
  floor: one((x) => Math.floor(x)),
  ceil: one((x) => Math.ceil(x)),
  trunc: one((x) => Math.trunc(x)),
};

export const comparisons: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  eq: (x, y) => x === y,
  ne: (x, y) => x !== y,
  lt: (x, y) => x < y,
  le: (x, y) => x <= y,
  gt: (x, y) => x > y,
  ge: (x, y) => x >= y,
};

/** Single to double. */
export function promote(s: Slots, d: number, a: number): void {
  const bits = s.i32[a] ?? 0;
  const value = s.f32[a] ?? 0;
  if (!Number.isNaN(value)) s.f64[d >> 1] = value;
  else {
    s.i32[d + 1] = (bits & -0x8000_0000) | 0x7ff8_0000 | ((bits & 0x3f_ffff) >>> 3);
    s.i32[d] = bits << 29;
  }
}

/** Double to single. */
export function demote(s: Slots, d: number, a: number): void {
  const [low, high] = [s.i32[a] ?? 0, s.i32[a + 1] ?? 0];
  const value = s.f64[a >> 1] ?? 0;
  if (!Number.isNaN(value)) s.f32[d] = value;
  else s.i32[d] = (high & -0x8000_0000) | 0x7fc0_0000 | ((high & 0x7_ffff) << 3) | (low >>> 29);
}

/** A whole number as a single, rounded once: bits beyond a double's only count as one. */
function toSingle(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude < 2n ** 53n) return Math.fround(Number(value));
  const kept = (magnitude >> 12n) | ((magnitude & 0xfffn) === 0n ? 0n : 1n);
  return Math.fround(Number(value < 0n ? -kept : kept) * 4096);
}

const saturated = (bits: bigint, x: number): bigint => {
  if (Number.isNaN(x)) return 0n;
  const most = (1n << (bits - 1n)) - 1n;
  if (x >= 2 ** Number(bits - 1n)) return most;
  return x <= -(2 ** Number(bits - 1n)) ? -most - 1n : BigInt(Math.trunc(x));
};

type Evaluate = (s: Slots, d: number, a: number, b: number) => void;

const copy: Evaluate = (s, d, a) => {
  s.i32[d] = s.i32[a] ?? 0;
  s.i32[d + 1] = s.i32[a + 1] ?? 0;
};

const conversions: Readonly<Record<string, Evaluate>> = {
  "f32.convert_i32_s": (s, d, a) => (s.f32[d] = s.i32[a] ?? 0),
  "f64.convert_i32_s": (s, d, a) => (s.f64[d >> 1] = s.i32[a] ?? 0),
  "f32.convert_i64_s": (s, d, a) => (s.f32[d] = toSingle(s.i64[a >> 1] ?? 0n)),
  "f64.convert_i64_s": (s, d, a) => (s.f64[d >> 1] = Number(s.i64[a >> 1] ?? 0n)),
  "i32.trunc_sat_f32_s": (s, d, a) => (s.i32[d] = Number(saturated(32n, s.f32[a] ?? 0))),
  "i32.trunc_sat_f64_s": (s, d, a) => (s.i32[d] = Number(saturated(32n, s.f64[a >> 1] ?? 0))),
  "i64.trunc_sat_f32_s": (s, d, a) => (s.i64[d >> 1] = saturated(64n, s.f32[a] ?? 0)),
  "i64.trunc_sat_f64_s": (s, d, a) => (s.i64[d >> 1] = saturated(64n, s.f64[a >> 1] ?? 0)),
  "f32.demote_f64": demote,
  "f64.promote_f32": promote,
  "i32.reinterpret_f32": copy,
  "i64.reinterpret_f64": copy,
  "f32.reinterpret_i32": copy,
  "f64.reinterpret_i64": copy,
};

function make(operation: string): Evaluate {
  const conversion = conversions[operation];
  if (conversion !== undefined) return conversion;
  const [type, name = ""] = operation.split(".");
  const bits = type === "f64" ? 64 : 32;
  const compute = arithmetic[name];
  if (compute !== undefined) return (s, d, a, b) => compute(s, bits, d, a, b);
  const compare = comparisons[name];
  if (compare === undefined) throw new RangeError(operation);
  return (s, d, a, b) => (s.i32[d] = compare(valueAt(s, bits, a), valueAt(s, bits, b)) ? 1 : 0);
}

const made = new Map<string, Evaluate>();

/** Does one operation on slots: the result at `d`. */
export function evaluateFloat(s: Slots, operation: string, d: number, a: number, b: number): void {
  let evaluate = made.get(operation);
  if (evaluate === undefined) made.set(operation, (evaluate = make(operation)));
  evaluate(s, d, a, b);
}
