// Numbers exactly, as a whole number times a power of two, and back with one rounding: for what doubles cannot do, the fused
// operations and halves. Specification: Arm ARM (DDI 0487), J1 (FPMulAdd, FPConvert), IEEE 754-2019, 3.4.

/** A format: bits of the significand with the leading one, of the exponent, and of all. */
export interface Format {
  readonly precision: number;
  readonly exponentBits: number;
  readonly bits: number;
}

export const half: Format = { precision: 11, exponentBits: 5, bits: 16 };
export const single: Format = { precision: 24, exponentBits: 8, bits: 32 };
export const double: Format = { precision: 53, exponentBits: 11, bits: 64 };

export type Unpacked =
  | { readonly kind: "nan"; readonly isQuiet: boolean }
  | { readonly kind: "infinity"; readonly isNegative: boolean }
  /** `whole` is signed; the sign of a zero is apart. */
  | { readonly kind: "number"; readonly whole: bigint; readonly power: number; readonly isNegative: boolean };

export type Finite = Extract<Unpacked, { kind: "number" }>;

const fractionOf = ({ precision }: Format): bigint => (1n << BigInt(precision - 1)) - 1n;
export const signOf = ({ bits }: Format): bigint => 1n << BigInt(bits - 1);
const maxExponent = ({ exponentBits }: Format): number => (1 << exponentBits) - 1;
const infinityOf = (f: Format): bigint => BigInt(maxExponent(f)) << BigInt(f.precision - 1);
export const quietBit = ({ precision }: Format): bigint => 1n << BigInt(precision - 2);
export const defaultNan = (f: Format): bigint => infinityOf(f) | quietBit(f);

/** The power of two of the last bit of denormals. */
const leastPower = (f: Format): number => 3 - (1 << (f.exponentBits - 1)) - f.precision;

export function unpack(f: Format, bits: bigint): Unpacked {
  const isNegative = (bits & signOf(f)) !== 0n;
  const fraction = bits & fractionOf(f);
  const exponent = Number((bits & infinityOf(f)) >> BigInt(f.precision - 1));
  if (exponent === maxExponent(f)) {
    if (fraction !== 0n) return { kind: "nan", isQuiet: (bits & quietBit(f)) !== 0n };
    return { kind: "infinity", isNegative };
  }
  const magnitude = exponent === 0 ? fraction : fraction | (fractionOf(f) + 1n);
  const power = leastPower(f) + Math.max(exponent, 1) - 1;
  return { kind: "number", whole: isNegative ? -magnitude : magnitude, power, isNegative };
}

/** The nearest number of a format, ties to even. */
export function round(f: Format, { whole, power, isNegative }: Omit<Finite, "kind">): bigint {
  const sign = isNegative ? signOf(f) : 0n;
  const magnitude = whole < 0n ? -whole : whole;
  if (magnitude === 0n) return sign;
  const length = magnitude.toString(2).length;
  const last = Math.max(power + length - f.precision, leastPower(f));
  const down = last - power;
  let significand = down <= 0 ? magnitude << BigInt(-down) : magnitude >> BigInt(down);
  if (down > 0) {
    const rest = magnitude - (significand << BigInt(down));
    const tie = 1n << BigInt(down - 1);
    if (rest > tie || (rest === tie && (significand & 1n) === 1n)) significand++;
  }
  // A significand that has grown by a bit carries into the exponent by itself, as does one that became normal.
  const exponent = BigInt(last - leastPower(f));
  const bits = (exponent << BigInt(f.precision - 1)) + significand;
  return sign | (bits >= infinityOf(f) ? infinityOf(f) : bits);
}

/** A NaN in another format: as much of its payload as there is room for, from above; made quiet. */
function convertNan(to: Format, from: Format, bits: bigint): bigint {
  const sign = (bits & signOf(from)) === 0n ? 0n : signOf(to);
  const up = to.precision - from.precision;
  const payload = bits & fractionOf(from);
  const moved = up >= 0 ? payload << BigInt(up) : payload >> BigInt(-up);
  return sign | defaultNan(to) | (moved & fractionOf(to));
}

/** From one format to another. */
export function convert(to: Format, from: Format, bits: bigint): bigint {
  const value = unpack(from, bits);
  if (value.kind === "nan") return convertNan(to, from, bits);
  if (value.kind === "infinity") return infinityOf(to) | (value.isNegative ? signOf(to) : 0n);
  return round(to, value);
}

const isZero = (value: Unpacked): boolean => value.kind === "number" && value.whole === 0n;

function isNegative(value: Unpacked): boolean {
  return value.kind !== "nan" && value.isNegative;
}

/** addend + a * b, rounded once. */
export function fusedMultiplyAdd(f: Format, addend: bigint, a: bigint, b: bigint): bigint {
  const all = [addend, a, b];
  const [c, x, y] = [unpack(f, addend), unpack(f, a), unpack(f, b)];
  const isInvalid = (x.kind === "infinity" && isZero(y)) || (isZero(x) && y.kind === "infinity");
  if (isInvalid && c.kind === "nan" && c.isQuiet) return defaultNan(f);
  const values = [c, x, y];
  const signalling = values.findIndex((v) => v.kind === "nan" && !v.isQuiet);
  const nan = signalling >= 0 ? signalling : values.findIndex((v) => v.kind === "nan");
  if (nan >= 0) return (all[nan] ?? 0n) | quietBit(f);
  if (isInvalid) return defaultNan(f);
  const productIsNegative = isNegative(x) !== isNegative(y);
  const signed = (negative: boolean) => infinityOf(f) | (negative ? signOf(f) : 0n);
  if (x.kind === "infinity" || y.kind === "infinity") {
    const opposes = c.kind === "infinity" && c.isNegative !== productIsNegative;
    return opposes ? defaultNan(f) : signed(productIsNegative);
  }
  if (c.kind === "infinity") return signed(c.isNegative);
  if (c.kind !== "number" || x.kind !== "number" || y.kind !== "number") return defaultNan(f);
  const product = x.whole * y.whole;
  const productPower = x.power + y.power;
  const power = Math.min(productPower, c.power);
  const whole = (product << BigInt(productPower - power)) + (c.whole << BigInt(c.power - power));
  // Nothing is left: of one sign, that, else positive.
  const negative = whole === 0n ? productIsNegative && c.isNegative : whole < 0n;
  return round(f, { whole, power, isNegative: negative });
}
