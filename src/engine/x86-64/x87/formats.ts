// Between the x87's 80-bit values and what memory holds: singles, doubles, extended, integers, packed decimals.
// Specification: Intel SDM volume 1, 4.2, 4.7 and 8.3.2.
import {
  type F80,
  flag,
  indefinite,
  infinity,
  isInfinity,
  isNan,
  isSignaling,
  isUnsupported,
  isZero,
  pack,
  quiet,
  round,
  type Rounded,
  scale,
  zero,
} from "./f80.js";

interface Small {
  readonly width: 32 | 64;
  readonly fractionBits: number;
  readonly bias: number;
}
const small: Record<32 | 64, Small> = {
  32: { width: 32, fractionBits: 23, bias: 127 },
  64: { width: 64, fractionBits: 52, bias: 1023 },
};

/** A single's or double's bits; a signaling NaN becomes quiet. */
export function fromFloat(bits: bigint, width: 32 | 64): Rounded {
  const { fractionBits, bias } = small[width];
  const sign = Number(bits >> BigInt(width - 1)) as 0 | 1;
  const all = 2 * bias + 1;
  const exponent = Number((bits >> BigInt(fractionBits)) & BigInt(all));
  const fraction = bits & ((1n << BigInt(fractionBits)) - 1n);
  if (exponent === all) {
    if (fraction === 0n) return { value: infinity(sign), flags: 0 };
    const significand = (1n << 63n) | (fraction << BigInt(63 - fractionBits));
    const value: F80 = { sign, exponent: 0x7fff, significand };
    return { value: quiet(value), flags: isSignaling(value) ? flag.IE : 0 };
  }
  const magnitude = exponent === 0 ? fraction : fraction | (1n << BigInt(fractionBits));
  const value = pack(sign, magnitude, Math.max(exponent, 1) - bias - fractionBits);
  return { value, flags: exponent === 0 && fraction !== 0n ? flag.DE : 0 };
}

/** Bits of a single or double, rounded. */
export function toFloat(x: F80, width: 32 | 64, mode: number): { bits: bigint; flags: number } {
  const { fractionBits, bias } = small[width];
  const all = BigInt(2 * bias + 1) << BigInt(fractionBits);
  const signBit = BigInt(x.sign) << BigInt(width - 1);
  const indefiniteBits = (1n << BigInt(width - 1)) | all | (1n << BigInt(fractionBits - 1));
  if (isUnsupported(x)) return { bits: indefiniteBits, flags: flag.IE };
  if (isNan(x)) {
    const fraction = (quiet(x).significand & ((1n << 63n) - 1n)) >> BigInt(63 - fractionBits);
    return { bits: signBit | all | fraction, flags: isSignaling(x) ? flag.IE : 0 };
  }
  if (isInfinity(x)) return { bits: signBit | all, flags: 0 };
  if (isZero(x)) return { bits: signBit, flags: 0 };
  return floatOf(x.sign, x.significand, scale(x), width, mode);
}

/** Bits of (-1)^sign * magnitude * 2^exponent, not 0, rounded once. A sticky bit of an inexact magnitude is its lowest. */
export function floatOf(
  sign: 0 | 1,
  magnitude: bigint,
  exponent: number,
  width: 32 | 64,
  mode: number,
): { bits: bigint; flags: number } {
  const { fractionBits, bias } = small[width];
  const all = BigInt(2 * bias + 1) << BigInt(fractionBits);
  const signBit = BigInt(sign) << BigInt(width - 1);
  const format = { emin: 1 - bias, emax: bias };
  const rounding = { precision: fractionBits + 1, mode };
  const { value, flags } = round(sign, magnitude, exponent, rounding, format);
  if (isInfinity(value)) return { bits: signBit | all, flags };
  // Exact from here on: in units of the smallest denormal.
  const units = shift(value.significand, scale(value) - (1 - bias - fractionBits));
  const isNormal = value.exponent - 16383 >= 1 - bias && value.significand !== 0n;
  if (!isNormal) return { bits: signBit | units, flags };
  const biased = BigInt(value.exponent - 16383 + bias);
  const fraction = (value.significand & ((1n << 63n) - 1n)) >> BigInt(63 - fractionBits);
  return { bits: signBit | (biased << BigInt(fractionBits)) | fraction, flags };
}

const shift = (value: bigint, by: number) => (by >= 0 ? value << BigInt(by) : value >> BigInt(-by));

/** An integer is exact. */
export function fromInteger(value: bigint): F80 {
  return pack(value < 0n ? 1 : 0, value < 0n ? -value : value, 0);
}

/** Ten bytes of packed decimals: 18 digits and a sign. */
export function fromDecimal(bytes: Uint8Array): F80 {
  let value = 0n;
  for (let n = 8; n >= 0; n--) {
    const byte = bytes[n] ?? 0;
    value = value * 100n + BigInt((byte >> 4) * 10 + (byte & 15));
  }
  const sign = (bytes[9] ?? 0) >= 0x80 ? 1 : 0;
  return value === 0n ? zero(sign) : pack(sign, value, 0);
}

/** The indefinite packed decimal, for what does not fit. */
const indefiniteDecimal = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0xc0, 0xff, 0xff]);

export function toDecimal(value: bigint | undefined, sign: number): Uint8Array {
  const magnitude = value === undefined ? undefined : value < 0n ? -value : value;
  if (magnitude === undefined || magnitude >= 10n ** 18n) return indefiniteDecimal;
  const bytes = new Uint8Array(10);
  let rest = magnitude;
  for (let n = 0; n < 9; n++, rest /= 100n) {
    const pair = Number(rest % 100n);
    bytes[n] = (Math.floor(pair / 10) << 4) | (pair % 10);
  }
  bytes[9] = sign === 1 ? 0x80 : 0;
  return bytes;
}

const scratch = new DataView(new ArrayBuffer(8));
/** Exponents of extended numbers that are far from the ends of a double's range. */
const [LEAST, MOST] = [16383 - 1000, 16383 + 1000];
const INTEGER_BIT = 1n << 63n;
const FRACTION = (1n << 52n) - 1n;

/** Through a double, where the arithmetic is stated to be in double (transcendental functions). */
export function toNumber(x: F80): number {
  const { sign, exponent, significand } = x;
  if (exponent > LEAST && exponent < MOST) {
    const size = Number(significand) * 2 ** (exponent - 16383 - 63);
    return sign === 1 ? -size : size;
  }
  scratch.setBigUint64(0, toFloat(x, 64, 0).bits);
  return scratch.getFloat64(0);
}

export function fromNumber(x: number): F80 {
  if (Number.isNaN(x)) return indefinite;
  scratch.setFloat64(0, x);
  const high = scratch.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const bits = scratch.getBigUint64(0);
  if (exponent === 0 || exponent === 0x7ff) return fromFloat(bits, 64).value;
  const significand = ((bits & FRACTION) << 11n) | INTEGER_BIT;
  return { sign: (high >>> 31) as 0 | 1, exponent: exponent - 1023 + 16383, significand };
}

/** All 80 bits as an integer, and back. */
export const to80 = (x: F80): bigint => (BigInt((x.sign << 15) | x.exponent) << 64n) | x.significand;
export const from80 = (bits: bigint): F80 => ({
  sign: Number((bits >> 79n) & 1n) as 0 | 1,
  exponent: Number((bits >> 64n) & 0x7fffn),
  significand: BigInt.asUintN(64, bits),
});
