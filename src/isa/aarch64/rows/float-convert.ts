// Scalar conversions: between floating-point types, to and from integers and fixed point, and moves of bits. Specification: Arm
// ARM (DDI 0487), C7.2.
import {
  bitsOf,
  floatConstant,
  fromInteger,
  type Rounding,
  roundToIntegral,
  toInteger,
} from "../float-operands.js";
import { rows, type Semantics } from "../instruction.js";
import { read, widthOf, write } from "../operands.js";
import type { FloatType } from "../vector-operands.js";
import { floatTypes } from "./float.js";

const toGeneral =
  (type: FloatType, rounding: Rounding, isSigned: boolean): Semantics =>
  (e, i) => {
    const value = e.simdLow(type, i.Rn);
    const whole = rounding === "Z" ? value : roundToIntegral(e, type, rounding, value);
    write(e, widthOf(i), i.Rd, toInteger(e, type, widthOf(i), isSigned, whole));
  };

const toFixed =
  (type: FloatType, isSigned: boolean): Semantics =>
  (e, i) => {
    const scale = floatConstant(e, type, 2 ** (64 - i.scale));
    const scaled = e.float(`${type}.mul`, e.simdLow(type, i.Rn), scale);
    write(e, widthOf(i), i.Rd, toInteger(e, type, widthOf(i), isSigned, scaled));
  };

const fromGeneral =
  (type: FloatType, isSigned: boolean, isFixed: boolean): Semantics =>
  (e, i) => {
    const width = widthOf(i);
    const whole = fromInteger(e, type, width, isSigned, read(e, width, i.Rn));
    const value = isFixed
      ? e.float(`${type}.mul`, whole, floatConstant(e, type, 2 ** (i.scale - 64)))
      : whole;
    e.setSimdLowZero(type, i.Rd, value);
  };

const fromRegister =
  (width: 32 | 64): Semantics =>
  (e, i) =>
    e.setSimdLowZero(width, i.Rd, read(e, width, i.Rn));
const toRegister =
  (width: 32 | 64): Semantics =>
  (e, i) =>
    write(e, width, i.Rd, e.simdLow(width, i.Rn));

const fromUpper: Semantics = (e, i) =>
  write(e, 64, i.Rd, e.extractLane("i64x2.extract_lane", 1, e.simd(i.Rn)));
const toUpper: Semantics = (e, i) =>
  e.setSimd(i.Rd, e.replaceLane("i64x2.replace_lane", 1, e.simd(i.Rd), read(e, 64, i.Rn)));

const roundings: readonly (readonly [rmode: string, opcode: string, rounding: Rounding])[] = [
  ["00", "00", "N"],
  ["01", "00", "P"],
  ["10", "00", "M"],
  ["11", "00", "Z"],
  ["00", "10", "A"],
];

const validScale = ({ sf, scale }: { readonly sf: number; readonly scale: number }) =>
  sf === 1 || scale >= 32;

const integers = floatTypes.flatMap(([type, ftype, r]) => [
  ...["S", "U"].flatMap((sign, u) => [
    ...roundings.flatMap(([rmode, opcode, rounding]) =>
      rows(
        `FCVT${rounding}${sign}`,
        { run: toGeneral(type, rounding, sign === "S") },
        `sf 0011110 ${ftype} 1 ${rmode} ${opcode.slice(0, 1)}0${u} 000000 Rn Rd | Rd, ${r}n`,
      ),
    ),
    ...rows(
      `${sign}CVTF`,
      { run: fromGeneral(type, sign === "S", false) },
      `sf 0011110 ${ftype} 1 00 01${u} 000000 Rn Rd | ${r}d, Rn`,
    ),
    ...rows(
      `FCVTZ${sign}`,
      { run: toFixed(type, sign === "S"), only: validScale },
      `sf 0011110 ${ftype} 0 11 00${u} scale Rn Rd | Rd, ${r}n, #fbits`,
    ),
    ...rows(
      `${sign}CVTF`,
      { run: fromGeneral(type, sign === "S", true), only: validScale },
      `sf 0011110 ${ftype} 0 00 01${u} scale Rn Rd | ${r}d, Rn, #fbits`,
    ),
  ]),
  ...rows(
    "FMOV",
    { run: toRegister(bitsOf(type)) },
    `sf=${type === "f64" ? 1 : 0} 0011110 ${ftype} 1 00 110 000000 Rn Rd | Rd, ${r}n`,
  ),
  ...rows(
    "FMOV",
    { run: fromRegister(bitsOf(type)) },
    `sf=${type === "f64" ? 1 : 0} 0011110 ${ftype} 1 00 111 000000 Rn Rd | ${r}d, Rn`,
  ),
]);

const promote: Semantics = (e, i) =>
  e.setSimdLowZero("f64", i.Rd, e.float("f64.promote_f32", e.simdLow("f32", i.Rn)));
const demote: Semantics = (e, i) =>
  e.setSimdLowZero("f32", i.Rd, e.float("f32.demote_f64", e.simdLow("f64", i.Rn)));

export const floatConvertRows = [
  ...integers,
  ...rows("FMOV", { run: fromUpper }, "1 0011110 10 1 01 110 000000 Rn Rd | Xd, Vn.D[1]"),
  ...rows("FMOV", { run: toUpper }, "1 0011110 10 1 01 111 000000 Rn Rd | Vd.D[1], Xn"),
  ...rows("FCVT", { run: promote }, "00011110 00 1 0001 01 10000 Rn Rd | Dd, Sn"),
  ...rows("FCVT", { run: demote }, "00011110 01 1 0001 00 10000 Rn Rd | Sd, Dn"),
  // Halves are slow.
  ...rows("FCVT", {}, "00011110 00 1 0001 11 10000 Rn Rd | Hd, Sn"),
  ...rows("FCVT", {}, "00011110 01 1 0001 11 10000 Rn Rd | Hd, Dn"),
  ...rows("FCVT", {}, "00011110 11 1 0001 00 10000 Rn Rd | Sd, Hn"),
  ...rows("FCVT", {}, "00011110 11 1 0001 01 10000 Rn Rd | Dd, Hn"),
];
