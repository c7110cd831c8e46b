// SSE arithmetic while MXCSR.RC is not "to nearest": exact on bigints, since the host only rounds to nearest.
// Specification: Intel SDM volume 1, 4.8.4 and 11.6.6. A directed rounding to 64 bits and then to 24 or 53 is one rounding.
import type { Slots } from "./slots.js";
import {
  add,
  divide,
  type F80,
  isNan,
  multiply,
  type Rounded,
  type Rounding,
  roundToInteger,
  squareRoot,
  subtract,
} from "./x87/f80.js";
import { fromFloat, fromInteger, toFloat } from "./x87/formats.js";

type Operation = (a: F80, b: F80, rounding: Rounding) => Rounded;

const operations: Record<string, Operation> = {
  add,
  sub: subtract,
  mul: multiply,
  div: divide,
  sqrt: (a, _b, rounding) => squareRoot(a, rounding),
  // What conversions to integers call nearest is the current mode.
  nearest: (a, _b, { mode }) => roundToInteger(a, mode),
};

function read(s: Slots, at: number, width: 32 | 64): F80 {
  const bits = width === 64 ? (s.u64[at >> 1] ?? 0n) : BigInt(s.u32[at] ?? 0);
  return fromFloat(bits, width).value;
}

function write(s: Slots, at: number, width: 32 | 64, value: F80): void {
  const { bits } = toFloat(value, width, s.rounding);
  if (width === 64) s.u64[at >> 1] = bits;
  else s.u32[at] = Number(bits);
}

/** Does one lane where rounding matters; false where the ordinary way gives the same (NaNs, exact roundings). */
export function directed(s: Slots, name: string, width: 32 | 64, d: number, a: number, b: number): boolean {
  const operation = operations[name];
  if (operation === undefined || (name === "nearest" && s.roundsItself)) return false;
  const { value } = operation(read(s, a, width), read(s, b, width), { precision: 64, mode: s.rounding });
  if (isNan(value)) return false;
  write(s, d, width, value);
  return true;
}

/** An integer to a floating-point number. */
export function directedFromInteger(s: Slots, width: 32 | 64, d: number, value: bigint): void {
  write(s, d, width, fromInteger(value));
}

/** f64 to f32, not a NaN. */
export function directedDemote(s: Slots, d: number, a: number): void {
  write(s, d, 32, read(s, a, 64));
}
