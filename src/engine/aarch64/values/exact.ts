// The operations on floating-point numbers as FPCR has them, on bits. Specification: Arm ARM (DDI 0487), J1 (FPAdd, FPSub, FPMul, FPDiv,
// FPSqrt, FPMulAdd).
import { type Arithmetic, moderately } from "../../portable/values/moderate.js";
import {
  type Finite,
  flag,
  type Format,
  infinityOf,
  invalid,
  type Mode,
  nanOf,
  round,
  rounding,
  signed,
  type Unpacked,
  unpack,
} from "./format.js";

export type Two = (m: Mode, f: Format, a: bigint, b: bigint) => bigint;
export type One = (m: Mode, f: Format, a: bigint) => bigint;

const isZero = (value: Unpacked): boolean => value.kind === "number" && value.whole === 0n;
const zero = (f: Format, isNegative: boolean): bigint => signed(f, isNegative, 0n);

const scratch = new DataView(new ArrayBuffer(8));

/** A single's or a double's value. */
export function numberOf(f: Format, bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return f.bits === 64 ? scratch.getFloat64(0) : scratch.getFloat32(4);
}

function bitsOf(f: Format, value: number): bigint {
  if (f.bits === 64) {
    scratch.setFloat64(0, value);
    return scratch.getBigUint64(0);
  }
  scratch.setFloat32(0, value);
  return BigInt(scratch.getUint32(0));
}

/** By numbers where exponents are moderate, else by whole ones. */
const quick =
  (name: Arithmetic, operation: Two): Two =>
  (m, f, a, b) => {
    if (f.bits !== 16) {
      const found = moderately(m, flag.IXC, name, f.bits, numberOf(f, a), numberOf(f, b));
      if (!Number.isNaN(found)) return bitsOf(f, found);
    }
    return operation(m, f, a, b);
  };

/** The sum of numbers; of nothing that is left the sign is the mode's. */
function sum(m: Mode, f: Format, x: Finite, y: Finite): bigint {
  const power = Math.min(x.power, y.power);
  const whole = (x.whole << BigInt(x.power - power)) + (y.whole << BigInt(y.power - power));
  const isNegative =
    whole !== 0n ? whole < 0n : x.isNegative === y.isNegative ? x.isNegative : m.rounding === rounding.down;
  return round(m, f, { whole, power, isNegative });
}

/** a + b, or a - b. */
const sumOrDifference =
  (negates: boolean): Two =>
  (m, f, a, b) => {
    const [x, second] = [unpack(m, f, a), unpack(m, f, b)];
    const nan = nanOf(m, f, [x, second], [a, b]);
    if (nan !== undefined) return nan;
    const y = negates ? negated(second) : second;
    if (x.kind === "number" && y.kind === "number") return sum(m, f, x, y);
    if (x.kind === y.kind && x.isNegative !== y.isNegative) return invalid(m, f);
    return signed(f, x.kind === "infinity" ? x.isNegative : y.isNegative, infinityOf(f));
  };

const negated = (v: Unpacked): Unpacked =>
  v.kind === "number"
    ? { ...v, whole: -v.whole, isNegative: !v.isNegative }
    : { ...v, isNegative: !v.isNegative };

export const add: Two = quick("add", sumOrDifference(false));
export const sub: Two = quick("sub", sumOrDifference(true));

export const mul: Two = quick("mul", (m, f, a, b) => {
  const [x, y] = [unpack(m, f, a), unpack(m, f, b)];
  const nan = nanOf(m, f, [x, y], [a, b]);
  if (nan !== undefined) return nan;
  const isNegative = x.isNegative !== y.isNegative;
  if ((x.kind === "infinity" && isZero(y)) || (isZero(x) && y.kind === "infinity")) return invalid(m, f);
  if (x.kind !== "number" || y.kind !== "number") return signed(f, isNegative, infinityOf(f));
  return round(m, f, { whole: x.whole * y.whole, power: x.power + y.power, isNegative });
});

/** More bits than any format has, so that what is left of a division or a root is but a bit. */
const MORE = 140;
const magnitude = (whole: bigint): bigint => (whole < 0n ? -whole : whole);

export const div: Two = quick("div", (m, f, a, b) => {
  const [x, y] = [unpack(m, f, a), unpack(m, f, b)];
  const nan = nanOf(m, f, [x, y], [a, b]);
  if (nan !== undefined) return nan;
  const isNegative = x.isNegative !== y.isNegative;
  const areInfinite = x.kind === "infinity" && y.kind === "infinity";
  if (areInfinite || (isZero(x) && isZero(y))) return invalid(m, f);
  if (x.kind !== "number") return signed(f, isNegative, infinityOf(f));
  if (y.kind !== "number") return zero(f, isNegative);
  if (y.whole === 0n) {
    m.flags |= flag.DZC;
    return signed(f, isNegative, infinityOf(f));
  }
  const dividend = magnitude(x.whole) << BigInt(MORE);
  const divisor = magnitude(y.whole);
  const whole = ((dividend / divisor) << 1n) | (dividend % divisor === 0n ? 0n : 1n);
  return round(m, f, { whole, power: x.power - y.power - MORE - 1, isNegative });
});

/** The greatest whole number whose square is not above; Newton's method from above. */
function rootOf(square: bigint): bigint {
  if (square < 2n) return square;
  let root = 1n << BigInt((square.toString(16).length * 4 + 2) >> 1);
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const root = quick("sqrt", (m, f, a) => {
  const x = unpack(m, f, a);
  const nan = nanOf(m, f, [x], [a]);
  if (nan !== undefined) return nan;
  if (isZero(x)) return zero(f, x.isNegative);
  if (x.isNegative) return invalid(m, f);
  if (x.kind !== "number") return infinityOf(f);
  const odd = x.power & 1;
  const square = x.whole << BigInt(MORE + odd);
  const below = rootOf(square);
  const whole = (below << 1n) | (below * below === square ? 0n : 1n);
  return round(m, f, { whole, power: (x.power - odd - MORE) / 2 - 1, isNegative: false });
});
export const sqrt: One = (m, f, a) => root(m, f, a, a);

/** addend + a * b, rounded once. */
export function fusedMultiplyAdd(m: Mode, f: Format, addend: bigint, a: bigint, b: bigint): bigint {
  const [c, x, y] = [unpack(m, f, addend), unpack(m, f, a), unpack(m, f, b)];
  const isInvalid = (x.kind === "infinity" && isZero(y)) || (isZero(x) && y.kind === "infinity");
  if (isInvalid && c.kind === "nan" && c.isQuiet) return invalid(m, f);
  const nan = nanOf(m, f, [c, x, y], [addend, a, b]);
  if (nan !== undefined) return nan;
  if (isInvalid) return invalid(m, f);
  const isNegative = x.isNegative !== y.isNegative;
  if (x.kind === "infinity" || y.kind === "infinity") {
    const opposes = c.kind === "infinity" && c.isNegative !== isNegative;
    return opposes ? invalid(m, f) : signed(f, isNegative, infinityOf(f));
  }
  if (c.kind !== "number" || x.kind !== "number" || y.kind !== "number")
    return signed(f, c.isNegative, infinityOf(f));
  return sum(m, f, { whole: x.whole * y.whole, power: x.power + y.power, isNegative }, c);
}
