// The x87's 80-bit format and its exact arithmetic on bigints: every result is rounded once, as the control word says.
// Specification: Intel SDM volume 1, 4.2 (formats), 4.8 (NaNs, rounding), 8.5 (exceptions).

export interface F80 {
  readonly sign: 0 | 1;
  /** Biased by 16383, 15 bits. */
  readonly exponent: number;
  /** 64 bits, the integer bit explicit. */
  readonly significand: bigint;
}

/** Exception flags of the status word; C1 says that the last rounding went up. */
export const flag = { IE: 1, DE: 2, ZE: 4, OE: 8, UE: 16, PE: 32, SF: 64, C1: 0x200 } as const;

/** Bits kept, and how: the control word's PC and RC (0 nearest even, 1 down, 2 up, 3 to zero). */
export interface Rounding {
  readonly precision: number;
  readonly mode: number;
}

export interface Rounded {
  readonly value: F80;
  readonly flags: number;
}

const INTEGER = 1n << 63n;
const QUIET = 1n << 62n;
const MAX = 0x7fff;
const BIAS = 16383;
/** The smallest exponent of a normal number. */
const EMIN = -16382;

export const zero = (sign: 0 | 1): F80 => ({ sign, exponent: 0, significand: 0n });
export const infinity = (sign: 0 | 1): F80 => ({ sign, exponent: MAX, significand: INTEGER });
/** What an invalid operation gives: the default NaN, negative and quiet. */
export const indefinite: F80 = { sign: 1, exponent: MAX, significand: INTEGER | QUIET };
export const one: F80 = { sign: 0, exponent: BIAS, significand: INTEGER };

export const isZero = (x: F80) => x.exponent === 0 && x.significand === 0n;
export const isInfinity = (x: F80) => x.exponent === MAX && x.significand === INTEGER;
/** Encodings without their integer bit, which no operation accepts. */
export const isUnsupported = (x: F80) => x.exponent !== 0 && (x.significand & INTEGER) === 0n;
export const isNan = (x: F80) => x.exponent === MAX && x.significand > INTEGER;
export const isSignaling = (x: F80) => isNan(x) && (x.significand & QUIET) === 0n;
export const isDenormal = (x: F80) => x.exponent === 0 && x.significand !== 0n;
export const quiet = (x: F80): F80 => ({ ...x, significand: x.significand | QUIET });
/** The NaN that became this one when it was made quiet. */
export const signaling = (x: F80): F80 => ({ ...x, significand: x.significand & ~QUIET });
export const isFinite80 = (x: F80) => x.exponent !== MAX;

/** A finite value is significand * 2^scale(x). */
export const scale = (x: F80) => Math.max(x.exponent, 1) - BIAS - 63;

export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(Number.parseInt(hex[0] ?? "0", 16)) + 28;
}

/** Whether what is cut off makes the kept part one more. */
function roundsUp(mode: number, sign: number, odd: boolean, rest: bigint, half: bigint): boolean {
  if (rest === 0n) return false;
  if (mode === 0) return rest > half || (rest === half && odd);
  return mode === (sign === 1 ? 1 : 2);
}

/** magnitude >> shift, rounded; `shift` may be negative. */
function shiftRounded(
  magnitude: bigint,
  shift: number,
  sign: number,
  mode: number,
): { value: bigint; inexact: boolean; up: boolean } {
  if (shift <= 0) return { value: magnitude << BigInt(-shift), inexact: false, up: false };
  const by = BigInt(shift);
  const value = magnitude >> by;
  const rest = magnitude & ((1n << by) - 1n);
  const up = roundsUp(mode, sign, (value & 1n) === 1n, rest, 1n << (by - 1n));
  return { value: up ? value + 1n : value, inexact: rest !== 0n, up };
}

/** Range and width of a format that values are rounded to. */
export interface Format {
  readonly emin: number;
  readonly emax: number;
}
const extended: Format = { emin: EMIN, emax: 16383 };

/** (-1)^sign * magnitude * 2^exponent, not 0, rounded. A sticky bit of an inexact magnitude is its lowest. */
export function round(
  sign: 0 | 1,
  magnitude: bigint,
  exponent: number,
  { precision, mode }: Rounding,
  { emin, emax }: Format = extended,
): Rounded {
  const top = exponent + bitLength(magnitude) - 1;
  const normalShift = top - precision + 1 - exponent;
  const tiny = top < emin && exponentAfter(magnitude, normalShift, sign, mode, exponent) < emin;
  const quantum = Math.max(top, emin) - precision + 1;
  const { value, inexact, up } = shiftRounded(magnitude, quantum - exponent, sign, mode);
  let flags = (inexact ? flag.PE : 0) | (up ? flag.C1 : 0) | (tiny && inexact ? flag.UE : 0);
  const result = pack(sign, value, quantum);
  if (value !== 0n && quantum + bitLength(value) - 1 > emax) {
    flags |= flag.OE | flag.PE;
    const toInfinity = mode === 0 || mode === (sign === 1 ? 1 : 2);
    if (toInfinity) return { value: infinity(sign), flags: flags | flag.C1 };
    const largest = ((1n << BigInt(precision)) - 1n) << BigInt(64 - precision);
    return { value: { sign, exponent: emax + BIAS, significand: largest }, flags: flags & ~flag.C1 };
  }
  return { value: result, flags };
}

/** The leading exponent that rounding would give if exponents had no limit: tininess is detected after rounding. */
function exponentAfter(
  magnitude: bigint,
  shift: number,
  sign: number,
  mode: number,
  exponent: number,
): number {
  const { value } = shiftRounded(magnitude, shift, sign, mode);
  return exponent + shift + bitLength(value) - 1;
}

/** An exact value of at most 64 bits. */
export function pack(sign: 0 | 1, magnitude: bigint, exponent: number): F80 {
  if (magnitude === 0n) return zero(sign);
  const length = bitLength(magnitude);
  const top = exponent + length - 1;
  if (top < EMIN) {
    return { sign, exponent: 0, significand: magnitude << BigInt(exponent - (EMIN - 63)) };
  }
  return { sign, exponent: top + BIAS, significand: magnitude << BigInt(64 - length) };
}

/** What an operation gives where an operand is a NaN or unsupported, or undefined where none is. */
export function nanResult(operands: readonly F80[]): Rounded | undefined {
  if (operands.some(isUnsupported)) return { value: indefinite, flags: flag.IE };
  const nans = operands.filter(isNan);
  if (nans.length === 0) return undefined;
  const flags = nans.some(isSignaling) ? flag.IE : 0;
  // A quiet one beats a signaling one; else the larger significand, and then the positive one.
  const quietOnes = nans.filter((x) => !isSignaling(x));
  const candidates = quietOnes.length === 1 && nans.length === 2 ? quietOnes : nans;
  const best = candidates.reduce((a, b) => {
    if (a.significand !== b.significand) return a.significand > b.significand ? a : b;
    return a.sign <= b.sign ? a : b;
  });
  return { value: quiet(best), flags };
}

const invalid: Rounded = { value: indefinite, flags: flag.IE };
const exact = (value: F80, flags = 0): Rounded => ({ value, flags });
const denormalFlag = (...operands: readonly F80[]) => (operands.some(isDenormal) ? flag.DE : 0);
const signOf = (a: F80, b: F80) => (a.sign ^ b.sign) as 0 | 1;

/** Bits beyond any rounding are one sticky bit. */
const FAR = 200;

function addMagnitudes(a: F80, b: F80, rounding: Rounding): Rounded {
  const [large, small] = scale(a) >= scale(b) ? [a, b] : [b, a];
  const distance = Math.min(scale(large) - scale(small), FAR);
  const isFar = scale(large) - scale(small) > FAR;
  const signed = (x: F80, magnitude: bigint) => (x.sign === 1 ? -magnitude : magnitude);
  const smallPart = isFar && small.significand !== 0n ? 1n : small.significand;
  const sum = signed(large, large.significand << BigInt(distance)) + signed(small, smallPart);
  if (sum === 0n) {
    const sign = a.sign === b.sign ? a.sign : rounding.mode === 1 ? 1 : 0;
    return exact(zero(sign));
  }
  return round(sum < 0n ? 1 : 0, sum < 0n ? -sum : sum, scale(large) - distance, rounding);
}

export function add(a: F80, b: F80, rounding: Rounding): Rounded {
  const nan = nanResult([a, b]);
  if (nan !== undefined) return nan;
  const flags = denormalFlag(a, b);
  if (isInfinity(a)) return isInfinity(b) && a.sign !== b.sign ? invalid : exact(a, flags);
  if (isInfinity(b)) return exact(b, flags);
  const { value, flags: more } = addMagnitudes(a, b, rounding);
  return { value, flags: flags | more };
}

export const negate = (x: F80): F80 => ({ ...x, sign: x.sign === 0 ? 1 : 0 });

/** A NaN's sign stays: the subtrahend is not negated then. */
export function subtract(a: F80, b: F80, rounding: Rounding): Rounded {
  return nanResult([a, b]) ?? add(a, negate(b), rounding);
}

export function multiply(a: F80, b: F80, rounding: Rounding): Rounded {
  const nan = nanResult([a, b]);
  if (nan !== undefined) return nan;
  const sign = signOf(a, b);
  const flags = denormalFlag(a, b);
  if (isInfinity(a) || isInfinity(b)) {
    return isZero(a) || isZero(b) ? invalid : exact(infinity(sign), flags);
  }
  if (isZero(a) || isZero(b)) return exact(zero(sign), flags);
  const rounded = round(sign, a.significand * b.significand, scale(a) + scale(b), rounding);
  return { value: rounded.value, flags: flags | rounded.flags };
}

export function divide(a: F80, b: F80, rounding: Rounding): Rounded {
  const nan = nanResult([a, b]);
  if (nan !== undefined) return nan;
  const sign = signOf(a, b);
  const flags = denormalFlag(a, b);
  if (isInfinity(a)) return isInfinity(b) ? invalid : exact(infinity(sign), flags);
  if (isInfinity(b)) return exact(zero(sign), flags);
  if (isZero(b)) return isZero(a) ? invalid : exact(infinity(sign), flag.ZE);
  if (isZero(a)) return exact(zero(sign), flags);
  const dividend = a.significand << 140n;
  const quotient = dividend / b.significand;
  const sticky = dividend % b.significand === 0n ? 0n : 1n;
  const rounded = round(sign, (quotient << 1n) | sticky, scale(a) - scale(b) - 141, rounding);
  return { value: rounded.value, flags: flags | rounded.flags };
}

/** The whole square root, from above by Newton's method. */
export function integerRoot(n: bigint): bigint {
  let x = 1n << BigInt(Math.ceil(bitLength(n) / 2));
  for (;;) {
    const next = (x + n / x) >> 1n;
    if (next >= x) return x;
    x = next;
  }
}

export function squareRoot(a: F80, rounding: Rounding): Rounded {
  const nan = nanResult([a]);
  if (nan !== undefined) return nan;
  if (isZero(a)) return exact(a);
  if (a.sign === 1) return invalid;
  if (isInfinity(a)) return exact(a);
  const odd = scale(a) & 1;
  const magnitude = a.significand << BigInt(140 + odd);
  const root = integerRoot(magnitude);
  const sticky = root * root === magnitude ? 0n : 1n;
  const rounded = round(0, (root << 1n) | sticky, (scale(a) - odd - 140) / 2 - 1, rounding);
  return { value: rounded.value, flags: denormalFlag(a) | rounded.flags };
}

/** Less, equal, greater or unordered as -1, 0, 1, undefined. */
export function compare(a: F80, b: F80): -1 | 0 | 1 | undefined {
  if ([a, b].some((x) => isNan(x) || isUnsupported(x))) return undefined;
  if (isZero(a) && isZero(b)) return 0;
  if (a.sign !== b.sign) return a.sign === 1 ? -1 : 1;
  const order = a.exponent === b.exponent ? a.significand - b.significand : BigInt(a.exponent - b.exponent);
  // A denormal and the smallest normal number of the same significand are the same value.
  const [x, y] = [Math.max(a.exponent, 1), Math.max(b.exponent, 1)];
  const size = x === y ? a.significand - b.significand : order;
  if (size === 0n) return 0;
  return size > 0n === (a.sign === 0) ? 1 : -1;
}

/** To an integer of any size, or undefined where there is none (infinity, NaN). */
export function toInteger(a: F80, mode: number): { value: bigint; flags: number } | undefined {
  if (!isFinite80(a) || isUnsupported(a)) return undefined;
  // Beyond 2^100 nothing that integers are stored in fits.
  const shift = Math.max(-scale(a), -100);
  const { value, inexact, up } = shiftRounded(a.significand, Math.min(shift, 200), a.sign, mode);
  const tiny = shift > 200 && a.significand !== 0n;
  const small = tiny ? shiftRounded(1n, 200, a.sign, mode) : undefined;
  const magnitude = small?.value ?? value;
  const flags = ((small?.inexact ?? inexact) ? flag.PE : 0) | ((small?.up ?? up) ? flag.C1 : 0);
  return { value: a.sign === 1 ? -magnitude : magnitude, flags };
}

/** To an integer in the same format: FRNDINT. */
export function roundToInteger(a: F80, mode: number): Rounded {
  const nan = nanResult([a]);
  if (nan !== undefined) return nan;
  if (isInfinity(a) || isZero(a)) return exact(a);
  if (scale(a) >= 0) return exact(a);
  const whole = toInteger(a, mode);
  if (whole === undefined) return invalid;
  const magnitude = whole.value < 0n ? -whole.value : whole.value;
  return { value: pack(a.sign, magnitude, 0), flags: whole.flags | denormalFlag(a) };
}
