// Scalar floating point by WebAssembly's names, with the NaNs that x86 gives: the first NaN operand made quiet, else the
// default NaN, which is negative. Specification: Intel SDM volume 1, 4.8.3.5 and table 4-7.
import type { FloatOperation } from "../../isa/x86-64/operation.js";
import { directed, directedDemote, directedFromInteger } from "./directed-rounding.js";
import type { Slots } from "./slots.js";

/** Halves of a double: is it a NaN? */
const isNan64 = (low: number, high: number) =>
  (high & 0x7ff0_0000) === 0x7ff0_0000 && ((high & 0xf_ffff) | low) !== 0;
const isNan32 = (bits: number) => (bits & 0x7f80_0000) === 0x7f80_0000 && (bits & 0x7f_ffff) !== 0;

/** Writes the NaN that an operation on the doubles at `a` and `b` gives; indices of 32-bit units. */
function putNan64(i32: Int32Array, d: number, a: number, b: number): void {
  for (const from of a === b ? [a] : [a, b]) {
    const [low, high] = [i32[from] ?? 0, i32[from + 1] ?? 0];
    if (isNan64(low, high)) {
      i32[d] = low;
      i32[d + 1] = high | 0x8_0000;
      return;
    }
  }
  i32[d] = 0;
  i32[d + 1] = 0xfff8_0000 | 0;
}

function putNan32(i32: Int32Array, d: number, a: number, b: number): void {
  const first = i32[a] ?? 0;
  const second = i32[b] ?? 0;
  if (isNan32(first)) i32[d] = first | 0x40_0000;
  else if (isNan32(second)) i32[d] = second | 0x40_0000;
  else i32[d] = 0xffc0_0000 | 0;
}

/** To the nearest integer, ties to even; the sign of zero is kept. */
export function nearest(x: number): number {
  if (!(Math.abs(x) < 4503599627370496)) return x;
  const rounded = x < 0 ? x - 4503599627370496 + 4503599627370496 : x + 4503599627370496 - 4503599627370496;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

export type Binary = (a: number, b: number) => number;

export const arithmetic: Record<string, Binary> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  sqrt: (a) => Math.sqrt(a),
  nearest: (a) => nearest(a),
  floor: (a) => Math.floor(a),
  ceil: (a) => Math.ceil(a),
  trunc: (a) => Math.trunc(a),
};

/** One double; indices of 32-bit units. Roundings of NaN make it quiet too. */
export function double(s: Slots, name: string, f: Binary, d: number, a: number, b: number): void {
  if (s.rounding !== 0 && directed(s, name, 64, d, a, b)) return;
  const result = f(s.f64[a >> 1] ?? 0, s.f64[b >> 1] ?? 0);
  if (Number.isNaN(result)) putNan64(s.i32, d, a, b);
  else s.f64[d >> 1] = result;
}

/** One single: computed in double and rounded, which is exact for these operations. */
export function single(s: Slots, name: string, f: Binary, d: number, a: number, b: number): void {
  if (s.rounding !== 0 && directed(s, name, 32, d, a, b)) return;
  const result = Math.fround(f(s.f32[a] ?? 0, s.f32[b] ?? 0));
  if (Number.isNaN(result)) putNan32(s.i32, d, a, b);
  else s.f32[d] = result;
}

/** f64 to f32; a NaN keeps its sign and the top of its payload. */
export function demote(s: Slots, d: number, a: number): void {
  const [low, high] = [s.i32[a] ?? 0, s.i32[a + 1] ?? 0];
  if (isNan64(low, high)) {
    s.i32[d] = (high & 0x8000_0000) | 0x7fc0_0000 | ((high & 0x7_ffff) << 3) | (low >>> 29);
  } else if (s.rounding !== 0) directedDemote(s, d, a);
  else s.f32[d] = s.f64[a >> 1] ?? 0;
}

/** f32 to f64. */
export function promote(s: Slots, d: number, a: number): void {
  const bits = s.i32[a] ?? 0;
  if (isNan32(bits)) {
    s.i32[d + 1] = (bits & 0x8000_0000) | 0x7ff8_0000 | ((bits & 0x3f_ffff) >> 3);
    s.i32[d] = bits << 29;
  } else s.f64[d >> 1] = s.f32[a] ?? 0;
}

const toInt32 = (x: number) =>
  Number.isNaN(x) ? 0 : Math.max(-0x8000_0000, Math.min(0x7fff_ffff, Math.trunc(x)));

function toInt64(x: number): bigint {
  if (Number.isNaN(x)) return 0n;
  if (x >= 2 ** 63) return 0x7fff_ffff_ffff_ffffn;
  return x <= -(2 ** 63) ? -0x8000_0000_0000_0000n : BigInt(Math.trunc(x));
}

type Evaluate = (s: Slots, d: number, a: number, b: number) => void;

function copy(s: Slots, d: number, a: number): void {
  s.i32[d] = s.i32[a] ?? 0;
  s.i32[d + 1] = s.i32[a + 1] ?? 0;
}

function ofTypes(): Map<string, Evaluate> {
  const table = new Map<string, Evaluate>();
  for (const [name, f] of Object.entries(arithmetic)) {
    table.set(`f64.${name}`, (s, d, a, b) => double(s, name, f, d, a, b));
    table.set(`f32.${name}`, (s, d, a, b) => single(s, name, f, d, a, b));
  }
  const comparisons: Record<string, (a: number, b: number) => boolean> = {
    eq: (a, b) => a === b,
    lt: (a, b) => a < b,
    le: (a, b) => a <= b,
  };
  for (const [name, f] of Object.entries(comparisons)) {
    table.set(`f64.${name}`, (s, d, a, b) => {
      s.i32[d] = f(s.f64[a >> 1] ?? 0, s.f64[b >> 1] ?? 0) ? 1 : 0;
    });
    table.set(`f32.${name}`, (s, d, a, b) => {
      s.i32[d] = f(s.f32[a] ?? 0, s.f32[b] ?? 0) ? 1 : 0;
    });
  }
  return table;
}

const conversions: Record<string, Evaluate> = {
  "f32.convert_i32_s": (s, d, a) => convertToSingle(s, d, BigInt(s.i32[a] ?? 0)),
  "f64.convert_i32_s": (s, d, a) => (s.f64[d >> 1] = s.i32[a] ?? 0),
  "f32.convert_i64_s": (s, d, a) => convertToSingle(s, d, s.i64[a >> 1] ?? 0n),
  "f64.convert_i64_s": (s, d, a) => {
    const value = s.i64[a >> 1] ?? 0n;
    if (s.rounding !== 0) directedFromInteger(s, 64, d, value);
    else s.f64[d >> 1] = Number(value);
  },
  "i32.trunc_sat_f32_s": (s, d, a) => (s.i32[d] = toInt32(s.f32[a] ?? 0)),
  "i32.trunc_sat_f64_s": (s, d, a) => (s.i32[d] = toInt32(s.f64[a >> 1] ?? 0)),
  "i64.trunc_sat_f32_s": (s, d, a) => (s.i64[d >> 1] = toInt64(s.f32[a] ?? 0)),
  "i64.trunc_sat_f64_s": (s, d, a) => (s.i64[d >> 1] = toInt64(s.f64[a >> 1] ?? 0)),
  "f32.demote_f64": demote,
  "f64.promote_f32": promote,
  "i32.reinterpret_f32": copy,
  "i64.reinterpret_f64": copy,
  "f32.reinterpret_i32": copy,
  "f64.reinterpret_i64": copy,
};

export function convertToSingle(s: Slots, d: number, value: bigint): void {
  if (s.rounding !== 0) directedFromInteger(s, 32, d, value);
  else s.f32[d] = roundToSingle(value);
}

/** Rounds once: through a double, 64-bit integers would be rounded twice. */
function roundToSingle(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  const excess = BigInt(Math.max(0, magnitude.toString(2).length - 40));
  // Bits below a double's reach only matter as "not exactly between": keep them as one sticky bit.
  const sticky = (magnitude & ((1n << excess) - 1n)) === 0n ? 0n : 1n;
  const kept = Number(((magnitude >> excess) << 1n) | sticky) * 2 ** (Number(excess) - 1);
  return Math.fround(value < 0n ? -kept : kept);
}

let table: Map<string, Evaluate> | undefined;

/** Does one operation on slots: the result at `d`. */
export function evaluateFloat(s: Slots, operation: FloatOperation, d: number, a: number, b: number): void {
  table ??= new Map([...ofTypes(), ...Object.entries(conversions)]);
  const f = table.get(operation);
  if (f === undefined) throw new RangeError(operation);
  f(s, d, a, b);
}
