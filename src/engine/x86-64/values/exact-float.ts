// SSE arithmetic as MXCSR has it, one lane at a time: rounding modes, exception flags, denormals as zeros. The host rounds
// to nearest and tells nothing, but how far off it is can be computed exactly where exponents are moderate; bigints do the
// rest. Specification: Intel SDM volume 1, 4.8, 11.5 and 11.6.
import { type Arithmetic, moderately, redirect } from "../../portable/values/moderate.js";
import type { FloatSlots } from "./float-slots.js";
import { bitLength, integerRoot } from "../x87/f80.js";
import { floatOf } from "../x87/formats.js";

export const exception = { IE: 1, DE: 2, ZE: 4, OE: 8, UE: 16, PE: 32 } as const;

const value = (s: FloatSlots, width: 32 | 64, at: number): number =>
  (width === 64 ? s.f64[at >> 1] : s.f32[at]) ?? 0;

/** One operation on a lane: the result at `d`, indices of 32-bit units; flags are added to the slots'. */
export function exactly(
  s: FloatSlots,
  operation: Arithmetic,
  width: 32 | 64,
  d: number,
  a: number,
  b: number,
): void {
  const [x, y] = [value(s, width, a), value(s, width, b)];
  const found = moderately(s, exception.PE, operation, width, x, y);
  if (!Number.isNaN(found)) {
    if (width === 64) s.f64[d >> 1] = found;
    else s.f32[d] = found;
    return;
  }
  extreme(s, operation, width, d, a, b);
}

interface Parts {
  readonly sign: 0 | 1;
  readonly kind: "nan" | "infinite" | "zero" | "finite";
  readonly isSignaling: boolean;
  readonly isDenormal: boolean;
  /** A finite value is magnitude * 2^exponent. */
  readonly magnitude: bigint;
  readonly exponent: number;
}

const layouts = {
  32: { fraction: 23, bias: 127 },
  64: { fraction: 52, bias: 1023 },
} as const;

export const bitsAt = (s: FloatSlots, width: 32 | 64, at: number): bigint =>
  width === 64 ? (s.u64[at >> 1] ?? 0n) : BigInt(s.u32[at] ?? 0);

export function putBits(s: FloatSlots, width: 32 | 64, d: number, bits: bigint): void {
  if (width === 64) s.u64[d >> 1] = bits;
  else s.u32[d] = Number(bits);
}

/** The parts of a number; a denormal one is zero where MXCSR.DAZ says so. */
function partsOf(bits: bigint, width: 32 | 64, daz: boolean): Parts {
  const { fraction, bias } = layouts[width];
  const sign = Number(bits >> BigInt(width - 1)) as 0 | 1;
  const biased = Number((bits >> BigInt(fraction)) & BigInt(2 * bias + 1));
  const rest = BigInt.asUintN(fraction, bits);
  const isLast = biased === 2 * bias + 1;
  const isDenormal = biased === 0 && rest !== 0n && !daz;
  const kind = isLast ? (rest === 0n ? "infinite" : "nan") : biased === 0 && !isDenormal ? "zero" : "finite";
  return {
    sign,
    kind,
    isSignaling: kind === "nan" && rest >> BigInt(fraction - 1) === 0n,
    isDenormal,
    magnitude: biased === 0 ? rest : rest | (1n << BigInt(fraction)),
    exponent: Math.max(biased, 1) - bias - fraction,
  };
}

const infinity = (width: 32 | 64, sign: number): bigint => {
  const { fraction, bias } = layouts[width];
  return (BigInt(sign) << BigInt(width - 1)) | (BigInt(2 * bias + 1) << BigInt(fraction));
};
const zero = (width: 32 | 64, sign: number): bigint => BigInt(sign) << BigInt(width - 1);
const quietBit = (width: 32 | 64): bigint => 1n << BigInt(layouts[width].fraction - 1);

/** An exact value as a number of a width: rounded, flushed where MXCSR.FTZ says so. */
export function rounded(
  s: FloatSlots,
  width: 32 | 64,
  sign: 0 | 1,
  magnitude: bigint,
  exponent: number,
): bigint {
  const { bits, flags } = floatOf(sign, magnitude, exponent, width, s.rounding);
  const { fraction, bias } = layouts[width];
  const isTiny = ((bits >> BigInt(fraction)) & BigInt(2 * bias + 1)) === 0n || (flags & exception.UE) !== 0;
  if (isTiny && s.ftz) {
    s.flags |= exception.UE | exception.PE;
    return zero(width, sign);
  }
  const overflow = (flags & exception.OE) !== 0 ? exception.OE : 0;
  const extent = isTiny ? exception.UE : overflow;
  const isUnmasked = (s.mxcsr & (extent << 7)) === 0;
  // Where a handler is told of the extent, it is by itself, and precision is what exponents without limits would have lost.
  if (extent !== 0 && isUnmasked) s.flags |= extent | (fits(magnitude, fraction + 1) ? 0 : exception.PE);
  else s.flags |= flags & 0x3f;
  return bits;
}

/** Whether so many bits are enough for a value. */
function fits(magnitude: bigint, bits: number): boolean {
  const excess = BigInt(Math.max(0, bitLength(magnitude) - bits));
  return (magnitude & ((1n << excess) - 1n)) === 0n;
}

function addExactly(s: FloatSlots, width: 32 | 64, a: Parts, b: Parts): bigint {
  const low = Math.min(a.exponent, b.exponent);
  const part = (p: Parts) => {
    const shifted = p.kind === "zero" ? 0n : p.magnitude << BigInt(p.exponent - low);
    return p.sign === 1 ? -shifted : shifted;
  };
  const sum = part(a) + part(b);
  if (sum === 0n) {
    const isBothNegative = a.sign === 1 && b.sign === 1;
    return zero(width, isBothNegative || (a.sign !== b.sign && s.rounding === 1) ? 1 : 0);
  }
  return rounded(s, width, sum < 0n ? 1 : 0, sum < 0n ? -sum : sum, low);
}

/** What no NaN is among, and where no infinity or zero makes it easy. */
function finite(s: FloatSlots, operation: Arithmetic, width: 32 | 64, a: Parts, b: Parts): bigint {
  const sign = (a.sign ^ b.sign) as 0 | 1;
  switch (operation) {
    case "add":
      return addExactly(s, width, a, b);
    case "sub":
      return addExactly(s, width, a, { ...b, sign: b.sign === 0 ? 1 : 0 });
    case "mul":
      return rounded(s, width, sign, a.magnitude * b.magnitude, a.exponent + b.exponent);
    case "div": {
      const dividend = a.magnitude << 140n;
      const sticky = dividend % b.magnitude === 0n ? 0n : 1n;
      const quotient = ((dividend / b.magnitude) << 1n) | sticky;
      return rounded(s, width, sign, quotient, a.exponent - b.exponent - 141);
    }
    case "sqrt": {
      const odd = a.exponent & 1;
      const square = a.magnitude << BigInt(140 + odd);
      const root = integerRoot(square);
      const sticky = root * root === square ? 0n : 1n;
      return rounded(s, width, 0, (root << 1n) | sticky, (a.exponent - odd - 140) / 2 - 1);
    }
    default:
      return operation satisfies never;
  }
}

/** Infinities and zeros; undefined where the result is that of finite numbers. "invalid" gives the default NaN. */
function special(operation: Arithmetic, width: 32 | 64, a: Parts, b: Parts): bigint | "invalid" | undefined {
  const sign = a.sign ^ b.sign;
  const [aInfinite, bInfinite] = [a.kind === "infinite", b.kind === "infinite"];
  const [aZero, bZero] = [a.kind === "zero", b.kind === "zero"];
  switch (operation) {
    case "add":
    case "sub": {
      const second = operation === "sub" ? b.sign ^ 1 : b.sign;
      if (aInfinite && bInfinite && a.sign !== second) return "invalid";
      if (aInfinite) return infinity(width, a.sign);
      return bInfinite ? infinity(width, second) : undefined;
    }
    case "mul":
      if ((aInfinite && bZero) || (aZero && bInfinite)) return "invalid";
      if (aInfinite || bInfinite) return infinity(width, sign);
      return aZero || bZero ? zero(width, sign) : undefined;
    case "div":
      if ((aInfinite && bInfinite) || (aZero && bZero)) return "invalid";
      if (aInfinite) return infinity(width, sign);
      if (bInfinite || aZero) return zero(width, sign);
      return bZero ? infinity(width, sign) : undefined;
    case "sqrt":
      if (aZero) return zero(width, a.sign);
      if (a.sign === 1) return "invalid";
      return aInfinite ? infinity(width, 0) : undefined;
    default:
      return operation satisfies never;
  }
}

/** The first NaN, made quiet. */
function nanOf(width: 32 | 64, candidates: readonly (readonly [Parts, bigint])[]): bigint {
  const found = candidates.find(([{ kind }]) => kind === "nan");
  return found === undefined ? infinity(width, 1) | quietBit(width) : found[1] | quietBit(width);
}

function extreme(
  s: FloatSlots,
  operation: Arithmetic,
  width: 32 | 64,
  d: number,
  a: number,
  b: number,
): void {
  const [aBits, bBits] = [bitsAt(s, width, a), bitsAt(s, width, operation === "sqrt" ? a : b)];
  const [x, y] = [partsOf(aBits, width, s.daz), partsOf(bBits, width, s.daz)];
  if (x.kind === "nan" || y.kind === "nan") {
    if (x.isSignaling || y.isSignaling) s.flags |= exception.IE;
    return putBits(s, width, d, nanOf(width, [[x, aBits], [y, bBits]])); // prettier-ignore
  }
  const found = special(operation, width, x, y);
  if (found === "invalid") {
    s.flags |= exception.IE;
    return putBits(s, width, d, infinity(width, 1) | quietBit(width));
  }
  if (operation === "div" && y.kind === "zero" && x.kind === "finite") s.flags |= exception.ZE;
  else if (x.isDenormal || y.isDenormal) s.flags |= exception.DE;
  putBits(s, width, d, found ?? finite(s, operation, width, x, y));
}

/** A double to a single. */
export function demote(s: FloatSlots, d: number, a: number): void {
  const x = s.f64[a >> 1] ?? 0;
  const size = Math.abs(x);
  if (size >= 2 ** -125 && size <= 2 ** 127) {
    const r = Math.fround(x);
    if (r !== x) s.flags |= exception.PE;
    s.f32[d] = r !== x && s.rounding !== 0 ? redirect(32, r, x - r, s.rounding) : r;
    return;
  }
  const bits = bitsAt(s, 64, a);
  const parts = partsOf(bits, 64, s.daz);
  if (parts.isDenormal) s.flags |= exception.DE;
  if (parts.isSignaling) s.flags |= exception.IE;
  const wide = 52 - 23;
  if (parts.kind === "nan") {
    const payload = BigInt.asUintN(52, bits) >> BigInt(wide);
    putBits(s, 32, d, infinity(32, parts.sign) | quietBit(32) | payload);
  } else if (parts.kind === "infinite") putBits(s, 32, d, infinity(32, parts.sign));
  else if (parts.kind === "zero") putBits(s, 32, d, zero(32, parts.sign));
  else putBits(s, 32, d, rounded(s, 32, parts.sign, parts.magnitude, parts.exponent));
}

/** A single to a double: exact. */
export function promote(s: FloatSlots, d: number, a: number): void {
  const x = s.f32[a] ?? 0;
  const size = Math.abs(x);
  if (size >= 2 ** -126) {
    s.f64[d >> 1] = x;
    return;
  }
  const bits = s.u32[a] ?? 0;
  const [sign, fraction] = [bits >>> 31, bits & 0x7f_ffff];
  if (Number.isNaN(x)) {
    if ((fraction & 0x40_0000) === 0) s.flags |= exception.IE;
    s.i32[d + 1] = (sign << 31) | 0x7ff8_0000 | ((fraction & 0x3f_ffff) >> 3);
    s.i32[d] = bits << 29;
    return;
  }
  const isDenormal = fraction !== 0;
  if (isDenormal && !s.daz) s.flags |= exception.DE;
  s.f64[d >> 1] = isDenormal && s.daz ? (sign === 1 ? -0 : 0) : x;
}

/** An integer to a number. */
export function fromInteger(s: FloatSlots, width: 32 | 64, d: number, integer: bigint): void {
  const x = Number(integer);
  if (Math.abs(x) < 2 ** 53) {
    const r = width === 64 ? x : Math.fround(x);
    if (r !== x) s.flags |= exception.PE;
    const final = r !== x && s.rounding !== 0 ? redirect(width, r, x - r, s.rounding) : r;
    if (width === 64) s.f64[d >> 1] = final;
    else s.f32[d] = final;
    return;
  }
  putBits(s, width, d, rounded(s, width, integer < 0n ? 1 : 0, integer < 0n ? -integer : integer, 0));
}

/** Sets the denormal number at `at` to zero where MXCSR.DAZ says so. */
export function flush(s: FloatSlots, width: 32 | 64, at: number): void {
  const size = Math.abs(value(s, width, at));
  // Neither what is normal nor a NaN.
  if (!(size < (width === 64 ? 2 ** -1022 : 2 ** -126))) return;
  if (width === 64) s.i32[at] = 0;
  s.i32[width === 64 ? at + 1 : at] = (s.i32[width === 64 ? at + 1 : at] ?? 0) & -0x8000_0000;
}
