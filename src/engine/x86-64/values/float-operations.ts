// Scalar floating point by WebAssembly's names, with what x86 gives: its NaNs, MXCSR's modes and exception flags.
// Specification: Intel SDM volume 1, 4.8.3.5, table 4-7 and 11.5.
import type { FloatOperation } from "../../../isa/operation.js";
import type { Arithmetic } from "../../portable/values/moderate.js";
import { demote, exactly, flush, fromInteger, promote } from "./exact-float.js";
import { conversions as sharedConversions } from "./conversions.js";
import type { FloatSlots } from "./float-slots.js";

/** To the nearest integer, ties to even; the sign of zero is kept. */
export function nearest(x: number): number {
  if (!(Math.abs(x) < 4503599627370496)) return x;
  const rounded = x < 0 ? x - 4503599627370496 + 4503599627370496 : x + 4503599627370496 - 4503599627370496;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
}

type Rounding = "nearest" | "floor" | "ceil" | "trunc";

const roundings: Readonly<Record<Rounding, (x: number) => number>> = {
  nearest,
  floor: (x) => Math.floor(x),
  ceil: (x) => Math.ceil(x),
  trunc: (x) => Math.trunc(x),
};
const byMode = ["nearest", "floor", "ceil", "trunc"] as const;

/** To an integer of the same type: where nothing names a mode, "nearest" is MXCSR's. NaNs become quiet. */
export function round(s: FloatSlots, width: 32 | 64, rounding: Rounding, d: number, a: number): void {
  if (s.daz) flush(s, width, a);
  const x = (width === 64 ? s.f64[a >> 1] : s.f32[a]) ?? 0;
  const top = width === 64 ? 1 : 0;
  if (Number.isNaN(x)) {
    if (width === 64) s.i32[d] = s.i32[a] ?? 0;
    s.i32[d + top] = (s.i32[a + top] ?? 0) | (width === 64 ? 0x8_0000 : 0x40_0000);
    return;
  }
  const name = rounding === "nearest" && !s.roundsItself ? (byMode[s.rounding] ?? rounding) : rounding;
  if (width === 64) s.f64[d >> 1] = roundings[name](x);
  else s.f32[d] = roundings[name](x);
}

type Evaluate = (s: FloatSlots, d: number, a: number, b: number) => void;

export const arithmetic: readonly Arithmetic[] = ["add", "sub", "mul", "div", "sqrt"];
export const roundingNames = Object.keys(roundings) as Rounding[];
const widths = { f32: 32, f64: 64 } as const;

function ofTypes(): Map<string, Evaluate> {
  const table = new Map<string, Evaluate>();
  for (const type of ["f32", "f64"] as const) {
    const width = widths[type];
    for (const name of arithmetic) {
      table.set(`${type}.${name}`, (s, d, a, b) => exactly(s, name, width, d, a, b));
    }
    for (const name of roundingNames) table.set(`${type}.${name}`, (s, d, a) => round(s, width, name, d, a));
  }
  const comparisons: Record<string, (a: number, b: number) => boolean> = {
    eq: (a, b) => a === b,
    lt: (a, b) => a < b,
    le: (a, b) => a <= b,
  };
  for (const [name, f] of Object.entries(comparisons)) {
    table.set(`f64.${name}`, (s, d, a, b) => {
      flushBoth(s, 64, a, b);
      s.i32[d] = f(s.f64[a >> 1] ?? 0, s.f64[b >> 1] ?? 0) ? 1 : 0;
    });
    table.set(`f32.${name}`, (s, d, a, b) => {
      flushBoth(s, 32, a, b);
      s.i32[d] = f(s.f32[a] ?? 0, s.f32[b] ?? 0) ? 1 : 0;
    });
  }
  return table;
}

/** Operands of comparisons, as MXCSR.DAZ has them. */
export function flushBoth(s: FloatSlots, width: 32 | 64, a: number, b: number): void {
  if (!s.daz) return;
  flush(s, width, a);
  flush(s, width, b);
}

const conversions: Record<string, Evaluate> = {
  ...sharedConversions,
  "f32.convert_i32_s": (s, d, a) => fromInteger(s, 32, d, BigInt(s.i32[a] ?? 0)),
  "f64.convert_i32_s": (s, d, a) => (s.f64[d >> 1] = s.i32[a] ?? 0),
  "f32.convert_i64_s": (s, d, a) => fromInteger(s, 32, d, s.i64[a >> 1] ?? 0n),
  "f64.convert_i64_s": (s, d, a) => fromInteger(s, 64, d, s.i64[a >> 1] ?? 0n),
  "f32.demote_f64": demote,
  "f64.promote_f32": promote,
};

let table: Map<string, Evaluate> | undefined;

/** Does one operation on slots: the result at `d`. */
export function evaluateFloat(
  s: FloatSlots,
  operation: FloatOperation,
  d: number,
  a: number,
  b: number,
): void {
  table ??= new Map([...ofTypes(), ...Object.entries(conversions)]);
  const f = table.get(operation);
  if (f === undefined) throw new RangeError(operation);
  f(s, d, a, b);
}
