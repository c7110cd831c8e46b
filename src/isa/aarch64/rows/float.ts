// Scalar floating point: moves, arithmetic, comparison, selection. Specification: Arm ARM (DDI 0487), C7.2.
import type { Emitter } from "../emitter.js";
import {
  absoluteBits,
  bitsOf,
  extreme,
  extremeNumber,
  floatConstant,
  immediateBits,
  negate,
  negateBits,
  type Rounding,
  roundToIntegral,
} from "../float-operands.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import { constant, notBit } from "../operands.js";
import type { FloatType } from "../vector-operands.js";

export const floatTypes = [
  ["f32", "00", "S"],
  ["f64", "01", "D"],
] as const;

type Two = <V>(e: Emitter<V>, type: FloatType, a: V, b: V) => V;

const two =
  (type: FloatType, operation: Two): Semantics =>
  (e, i) =>
    e.setSimdLowZero(type, i.Rd, operation(e, type, e.simdLow(type, i.Rn), e.simdLow(type, i.Rm)));

const operations: readonly (readonly [opcode: string, name: string, operation: Two])[] = [
  ["0000", "FMUL", (e, t, a, b) => e.float(`${t}.mul`, a, b)],
  ["0001", "FDIV", (e, t, a, b) => e.float(`${t}.div`, a, b)],
  ["0010", "FADD", (e, t, a, b) => e.float(`${t}.add`, a, b)],
  ["0011", "FSUB", (e, t, a, b) => e.float(`${t}.sub`, a, b)],
  ["0100", "FMAX", (e, t, a, b) => extreme(e, t, "max", a, b)],
  ["0101", "FMIN", (e, t, a, b) => extreme(e, t, "min", a, b)],
  ["0110", "FMAXNM", (e, t, a, b) => extremeNumber(e, t, "max", a, b)],
  ["0111", "FMINNM", (e, t, a, b) => extremeNumber(e, t, "min", a, b)],
  ["1000", "FNMUL", (e, t, a, b) => negate(e, t, e.float(`${t}.mul`, a, b))],
];

/** On bits: signs of NaNs count. */
const bits =
  (type: FloatType, operation: <V>(e: Emitter<V>, type: FloatType, bits: V) => V): Semantics =>
  (e, i) => {
    const width = bitsOf(type);
    e.setSimdLowZero(width, i.Rd, operation(e, type, e.simdLow(width, i.Rn)));
  };

const one =
  (type: FloatType, operation: <V>(e: Emitter<V>, type: FloatType, value: V) => V): Semantics =>
  (e, i) =>
    e.setSimdLowZero(type, i.Rd, operation(e, type, e.simdLow(type, i.Rn)));

const roundings: readonly (readonly [opcode: string, rounding: Rounding])[] = [
  ["000", "N"],
  ["001", "P"],
  ["010", "M"],
  ["011", "Z"],
  ["100", "A"],
  ["110", "X"],
  ["111", "I"],
];

/** Less, equal, greater and unordered give NZCV 1000, 0110, 0010 and 0011. */
function compare<V>(e: Emitter<V>, type: FloatType, a: V, b: V): readonly [n: V, z: V, c: V, v: V] {
  const [less, equal] = [e.float(`${type}.lt`, a, b), e.float(`${type}.eq`, a, b)];
  const ordered = e.or(32, e.float(`${type}.le`, a, b), e.float(`${type}.lt`, b, a));
  return [less, equal, notBit(e, less), notBit(e, ordered)];
}

const compareWith =
  (type: FloatType, isZero: boolean): Semantics =>
  (e, i) => {
    const other = isZero ? floatConstant(e, type, 0) : e.simdLow(type, i.Rm);
    e.setFlags(...compare(e, type, e.simdLow(type, i.Rn), other));
  };

const compareIf =
  (type: FloatType): Semantics =>
  (e, i) => {
    const [n, z, c, v] = compare(e, type, e.simdLow(type, i.Rn), e.simdLow(type, i.Rm));
    const holds = e.condition(i.cond);
    const either = (bit: typeof n, at: number) =>
      e.select(32, holds, bit, e.constant(32, (i.nzcv >> at) & 1));
    e.setFlags(either(n, 3), either(z, 2), either(c, 1), either(v, 0));
  };

const select =
  (type: FloatType): Semantics =>
  (e, i) => {
    const width = bitsOf(type);
    const value = e.select(width, e.condition(i.cond), e.simdLow(width, i.Rn), e.simdLow(width, i.Rm));
    e.setSimdLowZero(width, i.Rd, value);
  };

const moveImmediate =
  (type: FloatType): Semantics =>
  (e, i: Instruction) =>
    e.setSimdLowZero(bitsOf(type), i.Rd, constant(e, bitsOf(type), immediateBits(type, i.imm)));

/** Which operands change their sign: the factor in Vn, and the addend. */
const signs = [
  ["FMADD", false, false],
  ["FMSUB", true, false],
  ["FNMADD", true, true],
  ["FNMSUB", false, true],
] as const;

const fuse =
  (type: FloatType, negatesFactor: boolean, negatesAddend: boolean): Semantics =>
  (e, i) => {
    const [n, a] = [e.simdLow(type, i.Rn), e.simdLow(type, i.Ra)];
    const factor = negatesFactor ? negate(e, type, n) : n;
    const addend = negatesAddend ? negate(e, type, a) : a;
    e.setSimdLowZero(type, i.Rd, e.fusedMultiplyAdd(type, addend, factor, e.simdLow(type, i.Rm)));
  };

/** Rounded once. */
const fused = (type: FloatType, ftype: string, r: string) =>
  signs.flatMap(([name, negatesFactor, negatesAddend], n) =>
    rows(
      name,
      { run: fuse(type, negatesFactor, negatesAddend) },
      `00011111 ${ftype} ${n >> 1} Rm ${n & 1} Ra Rn Rd | ${r}d, ${r}n, ${r}m, ${r}a`,
    ),
  );

export const floatRows = floatTypes.flatMap(([type, ftype, r]) => [
  ...operations.flatMap(([opcode, name, operation]) =>
    rows(
      name,
      { run: two(type, operation) },
      `00011110 ${ftype} 1 Rm ${opcode} 10 Rn Rd | ${r}d, ${r}n, ${r}m`,
    ),
  ),
  ...rows(
    "FMOV",
    { run: bits(type, (_e, _t, value) => value) },
    `00011110 ${ftype} 1 000000 10000 Rn Rd | ${r}d, ${r}n`,
  ),
  ...rows("FABS", { run: bits(type, absoluteBits) }, `00011110 ${ftype} 1 000001 10000 Rn Rd | ${r}d, ${r}n`),
  ...rows("FNEG", { run: bits(type, negateBits) }, `00011110 ${ftype} 1 000010 10000 Rn Rd | ${r}d, ${r}n`),
  ...rows(
    "FSQRT",
    { run: one(type, (e, t, value) => e.float(`${t}.sqrt`, value)) },
    `00011110 ${ftype} 1 000011 10000 Rn Rd | ${r}d, ${r}n`,
  ),
  ...roundings.flatMap(([opcode, rounding]) =>
    rows(
      `FRINT${rounding}`,
      { run: one(type, (e, t, value) => roundToIntegral(e, t, rounding, value)) },
      `00011110 ${ftype} 1 001${opcode} 10000 Rn Rd | ${r}d, ${r}n`,
    ),
  ),
  // FCMPE differs in the exceptions that it tells of.
  ...["FCMP", "FCMPE"].flatMap((name, signals) => [
    ...rows(
      name,
      { run: compareWith(type, false) },
      `00011110 ${ftype} 1 Rm 00 1000 Rn ${signals} 0000 | ${r}n, ${r}m`,
    ),
    ...rows(
      name,
      { run: compareWith(type, true) },
      `00011110 ${ftype} 1 00000 00 1000 Rn ${signals} 1000 | ${r}n, #0.0`,
    ),
  ]),
  ...["FCCMP", "FCCMPE"].flatMap((name, signals) =>
    rows(
      name,
      { run: compareIf(type) },
      `00011110 ${ftype} 1 Rm cond 01 Rn ${signals} nzcv | ${r}n, ${r}m, #nzcv, cond`,
    ),
  ),
  ...rows("FCSEL", { run: select(type) }, `00011110 ${ftype} 1 Rm cond 11 Rn Rd | ${r}d, ${r}n, ${r}m, cond`),
  ...rows("FMOV", { run: moveImmediate(type) }, `00011110 ${ftype} 1 imm8 100 00000 Rd | ${r}d, #float`),
  ...fused(type, ftype, r),
]);
