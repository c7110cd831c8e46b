// Scalar floating point as the manual has it where WebAssembly's instructions differ: signs, least and greatest numbers, rounding,
// conversion to and from integers. Specification: Arm ARM (DDI 0487), J1 (FPNeg, FPMax, FPMaxNum, FPRoundInt, FPToFixed).
import { type Emitter } from "./emitter.js";
import { constant, notBit } from "./operands.js";
import type { FloatType } from "./vector-operands.js";

export const bitsOf = (type: FloatType): 32 | 64 => (type === "f32" ? 32 : 64);

/** The same bits as an integer, and back. */
export const toBits = <V>(e: Emitter<V>, type: FloatType, value: V): V =>
  e.float(type === "f32" ? "i32.reinterpret_f32" : "i64.reinterpret_f64", value);
export const fromBits = <V>(e: Emitter<V>, type: FloatType, bits: V): V =>
  e.float(type === "f32" ? "f32.reinterpret_i32" : "f64.reinterpret_i64", bits);

const view = new DataView(new ArrayBuffer(8));

/** A number's bits as a double or single. */
export function encode(type: FloatType, value: number): bigint {
  if (type === "f64") {
    view.setFloat64(0, value);
    return view.getBigUint64(0);
  }
  view.setFloat32(0, value);
  return BigInt(view.getUint32(0));
}

export const floatConstant = <V>(e: Emitter<V>, type: FloatType, value: number): V =>
  fromBits(e, type, constant(e, bitsOf(type), encode(type, value)));

const signMask = (type: FloatType): bigint => 1n << BigInt(bitsOf(type) - 1);

/** With another sign, on bits. */
export const negateBits = <V>(e: Emitter<V>, type: FloatType, bits: V): V =>
  e.xor(bitsOf(type), bits, constant(e, bitsOf(type), signMask(type)));
export const absoluteBits = <V>(e: Emitter<V>, type: FloatType, bits: V): V =>
  e.and(bitsOf(type), bits, constant(e, bitsOf(type), signMask(type) - 1n));

export const negate = <V>(e: Emitter<V>, type: FloatType, value: V): V =>
  fromBits(e, type, negateBits(e, type, toBits(e, type, value)));
export const absolute = <V>(e: Emitter<V>, type: FloatType, value: V): V =>
  fromBits(e, type, absoluteBits(e, type, toBits(e, type, value)));

const isNumber = <V>(e: Emitter<V>, type: FloatType, value: V): V => e.float(`${type}.eq`, value, value);

/** The greater or lesser; of zeros the positive or negative one; a NaN where there is one. */
export function extreme<V>(e: Emitter<V>, type: FloatType, which: "max" | "min", a: V, b: V): V {
  const bits = bitsOf(type);
  const [x, y] = [toBits(e, type, a), toBits(e, type, b)];
  const isFirst = which === "max" ? e.float(`${type}.lt`, b, a) : e.float(`${type}.lt`, a, b);
  const isSecond = which === "max" ? e.float(`${type}.lt`, a, b) : e.float(`${type}.lt`, b, a);
  const same = which === "max" ? e.and(bits, x, y) : e.or(bits, x, y);
  // Neither: they are equal, or there is a NaN, which an addition passes on.
  const equal = e.float(`${type}.eq`, a, b);
  const rest = e.select(bits, equal, same, toBits(e, type, e.float(`${type}.add`, a, b)));
  return fromBits(e, type, e.select(bits, isFirst, x, e.select(bits, isSecond, y, rest)));
}

/** The same, where one quiet NaN gives way to a number. */
export function extremeNumber<V>(e: Emitter<V>, type: FloatType, which: "max" | "min", a: V, b: V): V {
  const bits = bitsOf(type);
  const [x, y] = [toBits(e, type, a), toBits(e, type, b)];
  const quietBit = constant(e, bits, 1n << (type === "f32" ? 22n : 51n));
  const isQuiet = (value: V, of: V) =>
    e.and(
      32,
      notBit(e, isNumber(e, type, value)),
      notBit(e, e.equal(bits, e.and(bits, of, quietBit), e.constant(bits, 0))),
    );
  const [aIsNumber, bIsNumber] = [isNumber(e, type, a), isNumber(e, type, b)];
  const takesB = e.and(32, isQuiet(a, x), bIsNumber);
  const takesA = e.and(32, isQuiet(b, y), aIsNumber);
  const both = toBits(e, type, extreme(e, type, which, a, b));
  return fromBits(e, type, e.select(bits, takesB, y, e.select(bits, takesA, x, both)));
}

/** To nearest with ties to even, up, down, to zero, to nearest with ties away; as FPCR says. */
export type Rounding = "N" | "P" | "M" | "Z" | "A" | "I" | "X";

export function roundToIntegral<V>(e: Emitter<V>, type: FloatType, rounding: Rounding, value: V): V {
  if (rounding === "P") return e.float(`${type}.ceil`, value);
  if (rounding === "M") return e.float(`${type}.floor`, value);
  if (rounding === "Z") return e.float(`${type}.trunc`, value);
  if (rounding !== "A") return e.float(`${type}.nearest`, value);
  const bits = bitsOf(type);
  const towardsZero = e.float(`${type}.trunc`, value);
  const rest = absolute(e, type, e.float(`${type}.sub`, value, towardsZero));
  const isFar = e.float(`${type}.le`, floatConstant(e, type, 0.5), rest);
  const sign = e.and(bits, toBits(e, type, value), constant(e, bits, signMask(type)));
  const one = fromBits(e, type, e.or(bits, sign, constant(e, bits, encode(type, 1))));
  const away = e.float(`${type}.add`, towardsZero, one);
  return fromBits(e, type, e.select(bits, isFar, toBits(e, type, away), toBits(e, type, towardsZero)));
}

/** To an integer, saturating, a NaN to 0. `value` is integral or to be cut. */
export function toInteger<V>(e: Emitter<V>, type: FloatType, to: 32 | 64, isSigned: boolean, value: V): V {
  if (isSigned) return e.float(`i${to}.trunc_sat_${type}_s`, value);
  const wide = e.float(`i64.trunc_sat_${type}_s`, value);
  const zero = e.constant(64, 0);
  const positive = e.select(64, e.lessSigned(64, wide, zero), zero, wide);
  if (to === 32) {
    const most = constant(e, 64, 0xffff_ffffn);
    return e.truncate(32, 64, e.select(64, e.lessSigned(64, most, positive), most, positive));
  }
  const half = floatConstant(e, type, 2 ** 63);
  const upper = e.float(`i64.trunc_sat_${type}_s`, e.float(`${type}.sub`, value, half));
  const large = e.xor(64, upper, constant(e, 64, 1n << 63n));
  return e.select(64, e.float(`${type}.le`, half, value), large, positive);
}

/** From an integer of width `from`. */
export function fromInteger<V>(
  e: Emitter<V>,
  type: FloatType,
  from: 32 | 64,
  isSigned: boolean,
  value: V,
): V {
  if (isSigned) return e.float(`${type}.convert_i${from}_s`, value);
  if (from === 32) return e.float(`${type}.convert_i64_s`, e.extendUnsigned(64, 32, value));
  // Half of it, with the bit that is lost kept as one that matters for rounding.
  const half = e.or(64, e.shr(64, value, e.constant(32, 1)), e.and(64, value, e.constant(64, 1)));
  const halved = e.float(`${type}.convert_i64_s`, half);
  const doubled = e.float(`${type}.add`, halved, halved);
  const bits = bitsOf(type);
  const small = e.float(`${type}.convert_i64_s`, value);
  const isLarge = e.lessSigned(64, value, e.constant(64, 0));
  return fromBits(e, type, e.select(bits, isLarge, toBits(e, type, doubled), toBits(e, type, small)));
}

/** The number that the eight bits of an FMOV stand for. */
export function immediateBits(type: FloatType, imm8: number): bigint {
  const sign = imm8 >> 7;
  const exponent = ((imm8 >> 4) & 3) + ((imm8 & 0x40) === 0 ? 1 : -3);
  return encode(type, (sign === 1 ? -1 : 1) * (1 + (imm8 & 15) / 16) * 2 ** exponent);
}
