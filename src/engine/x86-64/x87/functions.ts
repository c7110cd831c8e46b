// The x87's constants and functions: square root, remainder, scaling exactly; the transcendental ones in double, with
// results of 53 bits where a CPU gives 64. Specification: Intel SDM volume 2 and volume 1, 8.3.
import type { Slow } from "../machine.js";
import {
  add,
  divide,
  type F80,
  flag,
  indefinite,
  infinity,
  isDenormal,
  isFinite80,
  isInfinity,
  isNan,
  isUnsupported,
  isZero,
  multiply,
  nanResult,
  negate,
  one,
  pack,
  round,
  type Rounded,
  type Rounding,
  roundToInteger,
  scale,
  squareRoot,
  toInteger,
  zero,
} from "./f80.js";
import { fromInteger, fromNumber, toNumber } from "./formats.js";
import { x87 } from "./instruction.js";
import { condition, type Unit } from "./unit.js";

const invalid: Rounded = { value: indefinite, flags: flag.IE };

/** Constants to 66 bits and more: sign 0, magnitude * 2^exponent. */
const constants: Record<string, readonly [magnitude: bigint, exponent: number]> = {
  FLD1: [1n, 0],
  FLDL2T: [0xd49a784bcd1b8afe_492bf6ff4n, -98],
  FLDL2E: [0xb8aa3b295c17f0bb_be87fed04n, -99],
  FLDPI: [0xc90fdaa22168c234_c4c6628b8n, -98],
  FLDLG2: [0x9a209a84fbcff798_8f8959ac0n, -101],
  FLDLN2: [0xb17217f7d1cf79ab_c9e3b3980n, -100],
  FLDZ: [0n, 0],
};

const pushConstant = (name: string): Slow =>
  x87((u) => {
    const [magnitude, exponent] = constants[name] ?? [0n, 0];
    if (magnitude <= 1n) return u.push({ value: magnitude === 0n ? zero(0) : one, flags: 0 });
    // Always to 64 bits, and no flag tells of the rounding.
    const { value } = round(0, magnitude, exponent, { precision: 64, mode: u.rounding.mode });
    u.push({ value, flags: 0 });
  });

/** ST(0) = f(ST(0)). */
const unary = (f: (x: F80, rounding: Rounding) => Rounded): Slow =>
  x87((u) => {
    if (u.underflows(0)) {
      if (u.allows(flag.IE)) u.set(0, indefinite);
      return;
    }
    u.finish(0, f(u.get(0), u.rounding));
  });

/** ST(1) = f(ST(1), ST(0)), and pop. */
const binary = (f: (y: F80, x: F80) => Rounded): Slow =>
  x87((u) => {
    const failed = u.underflows(0, 1);
    const result = failed ? invalid : f(u.get(1), u.get(0));
    if (failed) {
      if (!u.allows(flag.IE)) return;
      u.set(1, indefinite);
    } else u.finish(1, result);
    if (u.allows(result.flags)) u.pop();
  });

/** Where one becomes two: an empty ST(0), or a register in use where the second goes, make both indefinite. */
function failsToPush(u: Unit): boolean {
  const isEmpty = u.isEmpty(0);
  if (!isEmpty && u.isEmpty(7)) return false;
  u.signal(flag.IE | flag.SF | (isEmpty ? 0 : flag.C1));
  if (!u.allows(flag.IE)) return true;
  u.set(0, indefinite);
  u.top--;
  u.set(0, indefinite);
  return true;
}

/** A result computed in double: inexact unless zero; operands that are denormal count. */
function inDouble(result: F80, ...operands: readonly F80[]): Rounded {
  const flags = operands.some(isDenormal) ? flag.DE : 0;
  return { value: result, flags: flags | (isZero(result) ? 0 : flag.PE) };
}

const toNearest: Rounding = { precision: 64, mode: 0 };
const times = (a: F80, b: F80) => multiply(a, b, toNearest).value;
const log2e = () => round(0, ...(constants["FLDL2E"] ?? [1n, 0]), toNearest).value;
const ln2 = () => round(0, ...(constants["FLDLN2"] ?? [1n, 0]), toNearest).value;

/** So small that the first term of a series is the whole result. */
const isSmall = (x: F80) => x.exponent < 16383 - 64;

/** Pi as the CPU's argument reduction has it: 66 bits. */
const PI_66 = 0x3_243f_6a88_85a3_08d3n;

/** A turn, twice `PI_66`, in two parts of 33 bits: so many turns times them are exact in double. */
const TURN = [6.2831853069365025, 2.4308402025215864e-10] as const;
const MOST_TURNS = 2 ** 19;
/** Closer to a whole number of turns than this, doubles have too few bits left. */
const LEAST_REST = 2 ** -10;

/** The angle reduced to within half a turn by doubles; NaN where those are not enough. */
function nearlyReduced(x: F80): number {
  const size = toNumber({ ...x, sign: 0 });
  const turns = Math.round(size / (TURN[0] + TURN[1]));
  if (turns > MOST_TURNS) return Number.NaN;
  const lost = Number(x.significand - BigInt(Number(x.significand))) * 2 ** (x.exponent - 16383 - 63);
  const rest = size - turns * TURN[0] - turns * TURN[1] + lost;
  if (Math.abs(rest) < LEAST_REST || Math.abs(Math.abs(rest) - Math.PI) < LEAST_REST) return Number.NaN;
  return x.sign === 1 ? -rest : rest;
}

/** The angle reduced to within half a turn, as a double. */
function reduced(x: F80): number {
  if (x.exponent < 16383) return toNumber(x);
  const near = nearlyReduced(x);
  if (!Number.isNaN(near)) return near;
  // In units of 2^-64 or finer.
  const fine = Math.max(0, -64 - scale(x));
  const shift = scale(x) + 64 + fine;
  const turn = (PI_66 * 2n) << BigInt(fine);
  let rest = (x.significand << BigInt(shift)) % turn;
  if (rest * 2n > turn) rest -= turn;
  const sign = rest < 0n ? 1 : 0;
  const angle = round(sign, rest < 0n ? -rest : rest, -64 - fine, toNearest).value;
  return rest === 0n ? 0 : (x.sign === 1 ? -1 : 1) * toNumber(angle);
}

/** Arguments of 2^63 and more are not reduced: C2 says so and nothing changes. */
function trigonometric(u: Unit, pushes: boolean, run: (x: F80) => void): void {
  u.status &= ~condition.C2;
  if (pushes ? failsToPush(u) : u.underflows(0)) {
    if (!pushes && u.allows(flag.IE)) u.set(0, indefinite);
    return;
  }
  const x = u.get(0);
  const isLarge = isFinite80(x) && !isUnsupported(x) && x.exponent >= 16383 + 63;
  if (isLarge) return u.signal(condition.C2);
  run(x);
}

/** `small` is what the function gives for an argument that is next to 0. */
function ofAngle(f: (x: number) => number, small: (x: F80) => F80, x: F80): Rounded {
  const nan = nanResult([x]);
  if (nan !== undefined) return nan;
  if (isInfinity(x)) return invalid;
  if (isZero(x)) return { value: small(x), flags: 0 };
  return inDouble(isSmall(x) ? small(x) : fromNumber(f(reduced(x))), x);
}

/** Remainder by quotient rounded to zero (FPREM) or to nearest (FPREM1), at most 63 bits of it at a time. */
function remainder(u: Unit, nearest: boolean): void {
  const { C0, C1, C2, C3 } = condition;
  u.status &= ~C2;
  if (u.underflows(0, 1)) {
    if (u.allows(flag.IE)) u.set(0, indefinite);
    return;
  }
  const [a, b] = [u.get(0), u.get(1)];
  const done = (result: Rounded, quotient: bigint, partial: boolean) => {
    u.finish(0, result);
    const bits = (quotient & 4n ? C0 : 0) | (quotient & 2n ? C3 : 0) | (quotient & 1n ? C1 : 0);
    u.status = (u.status & ~(C0 | C1 | C2 | C3)) | (partial ? C2 : bits);
  };
  const nan = nanResult([a, b]);
  if (nan !== undefined) return u.finish(0, nan);
  if (isInfinity(a) || isZero(b)) return u.finish(0, invalid);
  const denormal = isDenormal(a) || isDenormal(b) ? flag.DE : 0;
  if (isInfinity(b) || isZero(a)) return done({ value: a, flags: denormal }, 0n, false);
  const distance = topOf(a) - topOf(b);
  if (distance < 64) {
    const low = Math.min(scale(a), scale(b));
    const x = a.significand << BigInt(scale(a) - low);
    const y = b.significand << BigInt(scale(b) - low);
    let quotient = x / y;
    let rest = x - quotient * y;
    let { sign } = a;
    const isOver = nearest && (2n * rest > y || (2n * rest === y && (quotient & 1n) === 1n));
    if (isOver) {
      quotient++;
      rest = y - rest;
      sign = sign === 0 ? 1 : 0;
    }
    const value = rest === 0n ? zero(a.sign) : pack(sign, rest, low);
    return done({ value, flags: denormal }, quotient, false);
  }
  // Too far apart: take off as much as one step does, and say that more is to come.
  const step = distance - 63 > 0 ? 32 + (distance % 32) : 0;
  const drop = distance - step;
  const y = b.significand << BigInt(Math.max(0, scale(b) - scale(a) + drop));
  const low = scale(b) + drop - Math.max(0, scale(b) - scale(a) + drop);
  const x = a.significand << BigInt(Math.max(0, scale(a) - low));
  const rest = x % y;
  const value = rest === 0n ? zero(a.sign) : pack(a.sign, rest, low);
  done({ value, flags: denormal }, 0n, true);
}

/** The exponent of the leading bit. */
const topOf = (x: F80) => scale(x) + (x.significand >= 1n << 63n ? 63 : x.significand.toString(2).length - 1);

/** ST(0) * 2^trunc(ST(1)). */
function scaleBy(x: F80, by: F80, rounding: Rounding): Rounded {
  const nan = nanResult([x, by]);
  if (nan !== undefined) return nan;
  const flags = isDenormal(x) || isDenormal(by) ? flag.DE : 0;
  if (isInfinity(by)) {
    if (by.sign === 0) return isZero(x) ? invalid : { value: infinity(x.sign), flags };
    return isInfinity(x) ? invalid : { value: zero(x.sign), flags };
  }
  if (isInfinity(x) || isZero(x)) return { value: x, flags };
  const whole = toInteger(by, 3)?.value ?? 0n;
  const exponent = Number(whole > 70000n ? 70000n : whole < -70000n ? -70000n : whole);
  // The precision control does not apply: the significand is only moved.
  const rounded = round(x.sign, x.significand, scale(x) + exponent, { precision: 64, mode: rounding.mode });
  return { value: rounded.value, flags: flags | rounded.flags };
}

/** ST(0) becomes its exponent, and its significand is pushed. */
const extract = x87((u) => {
  if (failsToPush(u)) return;
  const x = u.get(0);
  let significand: Rounded = { value: x, flags: isDenormal(x) ? flag.DE : 0 };
  let exponent = x;
  const nan = nanResult([x]);
  if (nan !== undefined) {
    significand = nan;
    exponent = nan.value;
  } else if (isInfinity(x)) exponent = infinity(0);
  else if (isZero(x)) {
    exponent = infinity(1);
    significand = { value: x, flags: flag.ZE };
  } else {
    exponent = fromInteger(BigInt(topOf(x)));
    significand = { ...significand, value: pack(x.sign, x.significand, scale(x) - topOf(x)) };
  }
  if (u.allows(significand.flags)) u.set(0, exponent);
  u.push(significand);
});

/** Near 1 by the distance from it, which a double has room for. */
function log2(x: F80): number {
  const isNormal = x.significand >= 1n << 63n;
  // Between 3/4 and 5/4 the distance is what counts.
  const fraction = isNormal ? Number(x.significand) / 2 ** 63 : 0;
  const isFar =
    x.exponent > 16383 || x.exponent < 16382 || (x.exponent === 16383 ? fraction > 1.25 : fraction < 1.5);
  if (isNormal && isFar) return x.exponent - 16383 + Math.log2(fraction);
  const distance = toNumber(add(x, negate(one), toNearest).value);
  if (Math.abs(distance) < 0.25) return Math.log1p(distance) * Math.LOG2E;
  const top = topOf(x);
  return top + Math.log2(toNumber(pack(0, x.significand, scale(x) - top)));
}

/** y * log2(x). */
function logarithm(y: F80, x: F80): Rounded {
  const nan = nanResult([y, x]);
  if (nan !== undefined) return nan;
  if (x.sign === 1 && !isZero(x)) return invalid;
  if (isZero(x)) {
    if (isZero(y)) return invalid;
    const sign = y.sign === 0 ? 1 : 0;
    return { value: infinity(sign), flags: isInfinity(y) ? 0 : flag.ZE };
  }
  if (isInfinity(x))
    return isZero(y) ? invalid : { value: infinity(y.sign), flags: isDenormal(y) ? flag.DE : 0 };
  const log = log2(x);
  if (log === 0) return isInfinity(y) ? invalid : { value: zero(y.sign), flags: isDenormal(y) ? flag.DE : 0 };
  const near = toNumber(y) * log;
  const isNear = Math.abs(near) > 2 ** -900 && Math.abs(near) < 2 ** 900 && !isDenormal(x);
  if (isNear) return { value: fromNumber(near), flags: flag.PE };
  const product = multiply(y, fromNumber(log), toNearest);
  if (isInfinity(y) || isZero(y)) return { value: product.value, flags: isDenormal(x) ? flag.DE : 0 };
  return { value: product.value, flags: product.flags | flag.PE | (isDenormal(x) ? flag.DE : 0) };
}

/** y * log2(x + 1). */
function logarithmPlusOne(y: F80, x: F80): Rounded {
  const nan = nanResult([y, x]);
  if (nan !== undefined) return nan;
  if (isInfinity(x)) return invalid;
  if (isInfinity(y)) return isZero(x) ? invalid : { value: infinity((x.sign ^ y.sign) as 0 | 1), flags: 0 };
  if (isZero(x) || isZero(y)) return { value: zero((x.sign ^ y.sign) as 0 | 1), flags: 0 };
  const log = isSmall(x) ? times(x, log2e()) : fromNumber(Math.log1p(toNumber(x)) * Math.LOG2E);
  const product = multiply(y, log, toNearest);
  return {
    value: product.value,
    flags: product.flags | flag.PE | (isDenormal(x) || isDenormal(y) ? flag.DE : 0),
  };
}

/** The angle of (x, y), with both brought near 1 first. */
function arcTangent(y: F80, x: F80): Rounded {
  const nan = nanResult([y, x]);
  if (nan !== undefined) return nan;
  const isPlain = (v: F80) => !isInfinity(v) && !isZero(v);
  const direct = () => fromNumber(Math.atan2(toNumber(y), toNumber(x)));
  if (!isPlain(x) || !isPlain(y)) {
    const finite = (v: F80) => (isPlain(v) ? { ...one, sign: v.sign } : v);
    const angle = Math.atan2(toNumber(finite(y)), toNumber(finite(x)));
    return inDouble(Object.is(angle, 0) || Object.is(angle, -0) ? zero(y.sign) : fromNumber(angle), y, x);
  }
  const distance = topOf(y) - topOf(x);
  if (distance < -64 && x.sign === 0) return inDouble(divide(y, x, toNearest).value, y, x);
  if (Math.abs(topOf(x)) < 500 && Math.abs(topOf(y)) < 500) return inDouble(direct(), y, x);
  const near = (v: F80, top: number) => toNumber(pack(v.sign, v.significand, scale(v) - topOf(v) + top));
  const bounded = Math.max(-900, Math.min(900, distance));
  return inDouble(fromNumber(Math.atan2(near(y, bounded), near(x, 0))), y, x);
}

/** 2^x - 1. */
function powerLessOne(x: F80): Rounded {
  const nan = nanResult([x]);
  if (nan !== undefined) return nan;
  if (isZero(x)) return { value: x, flags: 0 };
  if (isInfinity(x)) return { value: x.sign === 1 ? negate(one) : x, flags: 0 };
  return inDouble(isSmall(x) ? times(x, ln2()) : fromNumber(Math.expm1(toNumber(x) * Math.LN2)), x);
}

const self = (x: F80) => x;

export const x87Functions: Record<string, Slow> = {
  ...Object.fromEntries(Object.keys(constants).map((name) => [name, pushConstant(name)])),
  FSQRT: unary(squareRoot),
  FRNDINT: unary((x, { mode }) => roundToInteger(x, mode)),
  FPREM: x87((u) => remainder(u, false)),
  FPREM1: x87((u) => remainder(u, true)),
  FSCALE: x87((u) => {
    if (u.underflows(0, 1)) {
      if (u.allows(flag.IE)) u.set(0, indefinite);
      return;
    }
    u.finish(0, scaleBy(u.get(0), u.get(1), u.rounding));
  }),
  FXTRACT: extract,
  F2XM1: unary(powerLessOne),
  FYL2X: binary(logarithm),
  FYL2XP1: binary(logarithmPlusOne),
  FPATAN: binary(arcTangent),
  FSIN: x87((u) => trigonometric(u, false, (x) => u.finish(0, ofAngle(Math.sin, self, x)))),
  FCOS: x87((u) =>
    trigonometric(u, false, (x) =>
      u.finish(
        0,
        ofAngle(Math.cos, () => one, x),
      ),
    ),
  ),
  FSINCOS: x87((u) =>
    trigonometric(u, true, (x) => {
      const sine = ofAngle(Math.sin, self, x);
      const cosine = ofAngle(Math.cos, () => one, x);
      u.finish(0, sine);
      if (u.allows(sine.flags)) u.push({ value: cosine.value, flags: sine.flags | cosine.flags });
    }),
  ),
  FPTAN: x87((u) =>
    trigonometric(u, true, (x) => {
      const tangent = ofAngle(Math.tan, self, x);
      u.finish(0, tangent);
      const pushed = isNan(tangent.value) ? tangent.value : one;
      if (u.allows(tangent.flags)) u.push({ value: pushed, flags: tangent.flags });
    }),
  ),
};
