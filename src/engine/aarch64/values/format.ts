// Numbers exactly, as a whole number times a power of two, and back with one rounding, as FPCR has it. Specification: Arm ARM (DDI 0487),
// J1 (FPUnpack, FPRound), C5.2 (FPCR, FPSR), IEEE 754-2019, 3.4.

/** A format: bits of the significand with the leading one, of the exponent, and of all. */
export interface Format {
  readonly precision: number;
  readonly exponentBits: number;
  readonly bits: 16 | 32 | 64;
}

export const half: Format = { precision: 11, exponentBits: 5, bits: 16 };
export const single: Format = { precision: 24, exponentBits: 8, bits: 32 };
export const double: Format = { precision: 53, exponentBits: 11, bits: 64 };

/** Directions of rounding; the first four by the numbers that arithmetic on moderate exponents has for them. */
export const rounding = { nearest: 0, down: 1, up: 2, towardsZero: 3, nearestAway: 4 } as const;
export type Rounding = (typeof rounding)[keyof typeof rounding];

/** Cumulative exception flags by their bits in FPSR; QC tells of saturation. */
export const flag = { IOC: 1, DZC: 2, OFC: 4, UFC: 8, IXC: 16, IDC: 128, QC: 1 << 27 } as const;

/** FPCR by its bits. */
const [RMODE, FZ, DN, AHP] = [22, 1 << 24, 1 << 25, 1 << 26];
/** All that has another meaning than at the start. */
export const FPCR_MODES = (3 << RMODE) | FZ | DN | AHP;
const byMode: readonly Rounding[] = [rounding.nearest, rounding.up, rounding.down, rounding.towardsZero];

/** How an instruction computes, and the exceptions that it has met. */
export interface Mode {
  rounding: Rounding;
  /** Denormal singles and doubles are zeros, as operands and as results. */
  flushes: boolean;
  defaultsNans: boolean;
  /** Halves have numbers in place of infinities and NaNs. */
  hasAlternativeHalves: boolean;
  flags: number;
}

export const newMode = (): Mode => ({
  rounding: rounding.nearest,
  flushes: false,
  defaultsNans: false,
  hasAlternativeHalves: false,
  flags: 0,
});

/** Takes what FPCR says, with no exceptions so far. */
export function configure(m: Mode, fpcr: number): void {
  m.rounding = byMode[(fpcr >> RMODE) & 3] ?? rounding.nearest;
  m.flushes = (fpcr & FZ) !== 0;
  m.defaultsNans = (fpcr & DN) !== 0;
  m.hasAlternativeHalves = (fpcr & AHP) !== 0;
  m.flags = 0;
}

export type Unpacked =
  | { readonly kind: "nan"; readonly isQuiet: boolean; readonly isNegative: boolean }
  | { readonly kind: "infinity"; readonly isNegative: boolean }
  /** `whole` is signed; the sign of a zero is apart. */
  | { readonly kind: "number"; readonly whole: bigint; readonly power: number; readonly isNegative: boolean };

export type Finite = Omit<Extract<Unpacked, { kind: "number" }>, "kind">;

export const fractionOf = ({ precision }: Format): bigint => (1n << BigInt(precision - 1)) - 1n;
export const signOf = ({ bits }: Format): bigint => 1n << BigInt(bits - 1);
const maxExponent = ({ exponentBits }: Format): number => (1 << exponentBits) - 1;
export const infinityOf = (f: Format): bigint => BigInt(maxExponent(f)) << BigInt(f.precision - 1);
export const quietBit = ({ precision }: Format): bigint => 1n << BigInt(precision - 2);
export const defaultNan = (f: Format): bigint => infinityOf(f) | quietBit(f);
export const signed = (f: Format, isNegative: boolean, magnitude: bigint): bigint =>
  isNegative ? magnitude | signOf(f) : magnitude;

/** The power of two of the last bit of denormals. */
const leastPower = (f: Format): number => 3 - (1 << (f.exponentBits - 1)) - f.precision;

const isAlternative = (m: Mode, f: Format): boolean => m.hasAlternativeHalves && f.bits === 16;
const isFlushed = (m: Mode, f: Format): boolean => m.flushes && f.bits !== 16;

export function unpack(m: Mode, f: Format, bits: bigint): Unpacked {
  const isNegative = (bits & signOf(f)) !== 0n;
  const fraction = bits & fractionOf(f);
  const exponent = Number((bits & infinityOf(f)) >> BigInt(f.precision - 1));
  if (exponent === maxExponent(f) && !isAlternative(m, f)) {
    if (fraction !== 0n) return { kind: "nan", isQuiet: (bits & quietBit(f)) !== 0n, isNegative };
    return { kind: "infinity", isNegative };
  }
  const isZero = exponent === 0 && fraction !== 0n && isFlushed(m, f);
  if (isZero) m.flags |= flag.IDC;
  const magnitude = isZero ? 0n : exponent === 0 ? fraction : fraction | (fractionOf(f) + 1n);
  const power = leastPower(f) + Math.max(exponent, 1) - 1;
  return { kind: "number", whole: isNegative ? -magnitude : magnitude, power, isNegative };
}

export function bitLength(magnitude: bigint): number {
  const digits = magnitude.toString(16);
  return 4 * digits.length - Math.clz32(Number.parseInt(digits.charAt(0), 16)) + 28;
}

/** Whether what is left of a magnitude makes it greater: twice the rest, less what one bit of the result is worth. */
export function roundsUp(
  how: Rounding,
  isNegative: boolean,
  isOdd: boolean,
  rest: bigint,
  half: bigint,
): boolean {
  if (rest === 0n) return false;
  switch (how) {
    case rounding.nearest:
      return rest > half || (rest === half && isOdd);
    case rounding.nearestAway:
      return rest >= half;
    case rounding.up:
      return !isNegative;
    case rounding.down:
      return isNegative;
    case rounding.towardsZero:
      return false;
    default:
      return how satisfies never;
  }
}

/** The greatest number, or what is beyond it. */
function overflow(m: Mode, f: Format, isNegative: boolean): bigint {
  if (isAlternative(m, f)) {
    m.flags |= flag.IOC;
    return signOf(f) - 1n;
  }
  m.flags |= flag.OFC | flag.IXC;
  const stays =
    m.rounding === rounding.towardsZero ||
    (m.rounding === rounding.up && isNegative) ||
    (m.rounding === rounding.down && !isNegative);
  return stays ? infinityOf(f) - 1n : infinityOf(f);
}

/** A number of a format. What is tiny is so before it is rounded. */
export function round(m: Mode, f: Format, { whole, power, isNegative }: Finite): bigint {
  const magnitude = whole < 0n ? -whole : whole;
  if (magnitude === 0n) return signed(f, isNegative, 0n);
  const length = bitLength(magnitude);
  const isTiny = power + length < leastPower(f) + f.precision;
  if (isTiny && isFlushed(m, f)) {
    m.flags |= flag.UFC;
    return signed(f, isNegative, 0n);
  }
  const last = Math.max(power + length - f.precision, leastPower(f));
  const down = last - power;
  let significand = down <= 0 ? magnitude << BigInt(-down) : magnitude >> BigInt(down);
  const rest = down <= 0 ? 0n : magnitude - (significand << BigInt(down));
  if (rest !== 0n) {
    if (roundsUp(m.rounding, isNegative, (significand & 1n) === 1n, rest, 1n << BigInt(down - 1)))
      significand++;
  }
  // A significand that has grown by a bit carries into the exponent by itself, as does one that became normal.
  const bits = (BigInt(last - leastPower(f)) << BigInt(f.precision - 1)) + significand;
  const limit = isAlternative(m, f) ? signOf(f) : infinityOf(f);
  if (bits >= limit) return signed(f, isNegative, overflow(m, f, isNegative));
  if (rest !== 0n) m.flags |= flag.IXC | (isTiny ? flag.UFC : 0);
  return signed(f, isNegative, bits);
}

/** The NaN that operands make: the first signalling one, else the first; undefined where none is one. */
export function nanOf(
  m: Mode,
  f: Format,
  values: readonly Unpacked[],
  bits: readonly bigint[],
): bigint | undefined {
  const signalling = values.findIndex((v) => v.kind === "nan" && !v.isQuiet);
  if (signalling >= 0) m.flags |= flag.IOC;
  const found = signalling >= 0 ? signalling : values.findIndex((v) => v.kind === "nan");
  if (found < 0) return undefined;
  return m.defaultsNans ? defaultNan(f) : (bits[found] ?? 0n) | quietBit(f);
}

export function invalid(m: Mode, f: Format): bigint {
  m.flags |= flag.IOC;
  return defaultNan(f);
}

/** A NaN in another format: as much of its payload as there is room for, from above; made quiet. */
function convertNan(m: Mode, to: Format, from: Format, bits: bigint, isNegative: boolean): bigint {
  if (isAlternative(m, to)) {
    m.flags |= flag.IOC;
    return signed(to, isNegative, 0n);
  }
  if (m.defaultsNans) return defaultNan(to);
  const up = to.precision - from.precision;
  const payload = bits & fractionOf(from);
  const moved = up >= 0 ? payload << BigInt(up) : payload >> BigInt(-up);
  return signed(to, isNegative, defaultNan(to) | (moved & fractionOf(to)));
}

/** From one format to another. */
export function convert(m: Mode, to: Format, from: Format, bits: bigint): bigint {
  const value = unpack(m, from, bits);
  if (value.kind === "number") return round(m, to, value);
  if (value.kind === "nan") {
    if (!value.isQuiet) m.flags |= flag.IOC;
    return convertNan(m, to, from, bits, value.isNegative);
  }
  if (!isAlternative(m, to)) return signed(to, value.isNegative, infinityOf(to));
  m.flags |= flag.IOC;
  return signed(to, value.isNegative, signOf(to) - 1n);
}
