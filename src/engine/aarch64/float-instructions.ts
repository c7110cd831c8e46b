// Floating point as FPCR has it, with its exceptions in FPSR: every instruction that computes, by mnemonic, lane by lane. Which lanes an
// instruction is about, its row's operands say. Specification: Arm ARM (DDI 0487), C7.2, C5.2 (FPCR, FPSR).
import type { Instruction, Row } from "../../isa/aarch64/instruction.js";
import { element } from "../../isa/aarch64/rows/simd-long.js";
import { immediateSize, rightDistance } from "../../isa/aarch64/rows/simd-shift.js";
import { keepsFlags, type Machine, readGeneral, type Slow, writeGeneral } from "./machine.js";
import { quickFloat } from "./float-quick.js";
import { state } from "./state.js";
import { add, div, fusedMultiplyAdd, mul, type One, sqrt, sub, type Two } from "./values/exact.js";
import { fromFixed, toFixed, toIntegral } from "./values/exact-integers.js";
import { compare, extreme, extremeNumber, mask, maskOfMagnitudes } from "./values/exact-order.js";
import {
  configure,
  convert,
  double,
  type Format,
  half,
  type Mode,
  newMode,
  type Rounding,
  rounding,
  signOf,
  single,
} from "./values/format.js";

interface Lanes {
  readonly f: Format;
  readonly count: number;
}

const bySize = (size: number): Format => (size === 3 ? double : size === 2 ? single : half);
const packed = (f: Format, i: Instruction): Lanes => ({ f, count: (64 << i.Q) / f.bits });

/** By how a row names a vector register. */
const lanesBy: Readonly<Record<string, (i: Instruction) => Lanes>> = {
  H: () => ({ f: half, count: 1 }),
  S: () => ({ f: single, count: 1 }),
  D: () => ({ f: double, count: 1 }),
  Z: ({ sz }) => ({ f: bySize(2 + sz), count: 1 }),
  E: ({ size }) => ({ f: bySize(size), count: 1 }),
  Y: (i) => ({ f: bySize(immediateSize(i)), count: 1 }),
  "V.F": (i) => packed(bySize(2 + i.sz), i),
  "V.T": (i) => packed(bySize(i.size), i),
  "V.Ti": (i) => packed(bySize(immediateSize(i)), i),
  "V.Fp": ({ sz }) => ({ f: bySize(2 + sz), count: 2 }),
  "V.4S": () => ({ f: single, count: 4 }),
  "V.2D": () => ({ f: double, count: 2 }),
  "V.S": () => ({ f: single, count: 2 }),
  "V.H": () => ({ f: half, count: 4 }),
  "V.4H": () => ({ f: half, count: 4 }),
};

/** An operand of the row: undefined for general registers and immediates. */
function lanesOf(i: Instruction, operand: string): Lanes | undefined {
  return lanesBy[operand.replace(/^([A-Z])[dnma]/, "$1")]?.(i);
}

const lane = (f: Format, vector: bigint, n: number): bigint =>
  BigInt.asUintN(f.bits, vector >> BigInt(f.bits * n));

function join(f: Format, values: readonly bigint[]): bigint {
  return values.reduce((vector, value, n) => vector | (value << BigInt(f.bits * n)), 0n);
}

type Run = (m: Machine, mode: Mode, i: Instruction, operands: readonly string[]) => void;

const lanesIn = ({ cpu }: Machine, { f, count }: Lanes, index: number): bigint[] => {
  const vector = cpu.simd(index);
  return Array.from({ length: count }, (_, n) => lane(f, vector, n));
};

const lanesAt = (i: Instruction, operands: readonly string[], n: number): Lanes =>
  lanesOf(i, operands[n] ?? "") ?? { f: single, count: 1 };

/** The lanes of Vm, or as many times the element. */
function factors(m: Machine, i: Instruction, lanes: Lanes, isByElement: boolean): bigint[] {
  if (!isByElement) return lanesIn(m, lanes, i.Rm);
  const [register, at] = element(i);
  const value = lane(lanes.f, m.cpu.simd(register), at);
  return Array.from({ length: lanes.count }, () => value);
}

/** Neighbours: of a register's two or four lanes, or of all that two have. */
const pairs = (values: readonly bigint[], operation: (a: bigint, b: bigint) => bigint): bigint[] =>
  Array.from({ length: values.length / 2 }, (_, n) =>
    operation(values[2 * n] ?? 0n, values[2 * n + 1] ?? 0n),
  );

const two =
  (operation: Two): Run =>
  (m, mode, i, operands) => {
    const lanes = lanesAt(i, operands, 0);
    const others = operands[2] === "#0.0" ? undefined : factors(m, i, lanes, operands[2] === "element");
    const results = lanesIn(m, lanes, i.Rn).map((a, n) => operation(mode, lanes.f, a, others?.[n] ?? 0n));
    m.cpu.setSimd(i.Rd, join(lanes.f, results));
  };

const pairwise =
  (operation: Two): Run =>
  (m, mode, i, operands) => {
    const lanes = lanesAt(i, operands, 1);
    let values = lanesIn(m, lanes, i.Rn);
    if (operands.length > 2) values.push(...lanesIn(m, lanes, i.Rm));
    const { count } = lanesAt(i, operands, 0);
    do values = pairs(values, (a, b) => operation(mode, lanes.f, a, b));
    while (values.length > count);
    m.cpu.setSimd(i.Rd, join(lanes.f, values));
  };

/** FMADD and its kin, FMLA and FMLS: which operands change their sign. */
const fused =
  (negatesFactor: boolean, negatesAddend: boolean): Run =>
  (m, mode, i, operands) => {
    const lanes = lanesAt(i, operands, 0);
    const { f } = lanes;
    const others = factors(m, i, lanes, operands[2] === "element");
    const addends = lanesIn(m, lanes, operands.length > 3 ? i.Ra : i.Rd);
    const results = lanesIn(m, lanes, i.Rn).map((a, n) => {
      const addend = addends[n] ?? 0n;
      const factor = negatesFactor ? a ^ signOf(f) : a;
      return fusedMultiplyAdd(mode, f, negatesAddend ? addend ^ signOf(f) : addend, factor, others[n] ?? 0n);
    });
    m.cpu.setSimd(i.Rd, join(f, results));
  };

const one =
  (operation: One): Run =>
  (m, mode, i, operands) => {
    const lanes = lanesAt(i, operands, 0);
    m.cpu.setSimd(
      i.Rd,
      join(
        lanes.f,
        lanesIn(m, lanes, i.Rn).map((a) => operation(mode, lanes.f, a)),
      ),
    );
  };

/** Between formats; of vectors one is twice as wide, and the half of the register that has the narrow one is Q's. */
const reformat: Run = (m, mode, i, operands) => {
  const [to, from] = [lanesAt(i, operands, 0), lanesAt(i, operands, 1)];
  const isWidening = to.f.bits > from.f.bits;
  const isUpper = from.count > 1 && i.Q === 1;
  const source = m.cpu.simd(i.Rn) >> (isUpper && isWidening ? 64n : 0n);
  const results = Array.from({ length: Math.min(to.count, from.count) }, (_, n) =>
    convert(mode, to.f, from.f, lane(from.f, source, n)),
  );
  const value = join(to.f, results);
  const keepsLower = isUpper && !isWidening;
  m.cpu.setSimd(i.Rd, keepsLower ? BigInt.asUintN(64, m.cpu.simd(i.Rd)) | (value << 64n) : value);
};

/** Bits behind the point that an instruction names. */
const fractionIn = (i: Instruction, operands: readonly string[]): number =>
  operands[2] === "#fbits" ? 64 - i.scale : operands[2] === "#right" ? rightDistance(i) : 0;
const generalBits = (i: Instruction): 32 | 64 => (i.sf === 1 ? 64 : 32);

const toInteger =
  (how: Rounding, isSigned: boolean): Run =>
  (m, mode, i, operands) => {
    const lanes = lanesAt(i, operands, 1);
    const { f } = lanes;
    const isGeneral = operands[0] === "Rd";
    const bits = isGeneral ? generalBits(i) : f.bits;
    const results = lanesIn(m, lanes, i.Rn).map((a) =>
      toFixed(mode, f, a, how, bits, isSigned, fractionIn(i, operands)),
    );
    if (isGeneral) writeGeneral(m, i.Rd, results[0] ?? 0n);
    else m.cpu.setSimd(i.Rd, join(f, results));
  };

const fromInteger =
  (isSigned: boolean): Run =>
  (m, mode, i, operands) => {
    const lanes = lanesAt(i, operands, 0);
    const isGeneral = operands[1] === "Rn";
    const bits = isGeneral ? generalBits(i) : lanes.f.bits;
    const values = isGeneral ? [readGeneral(m, i.Rn)] : lanesIn(m, lanes, i.Rn);
    const results = values.map((value) =>
      fromFixed(mode, lanes.f, value, bits, isSigned, fractionIn(i, operands)),
    );
    m.cpu.setSimd(i.Rd, join(lanes.f, results));
  };

/** NZCV of each order. */
const orders = { less: 0b1000, equal: 0b0110, greater: 0b0010, unordered: 0b0011 } as const;

const comparison =
  (signals: boolean): Run =>
  (m, mode, i, operands) => {
    const { f } = lanesAt(i, operands, 0);
    if (operands[3] === "cond" && m.cpu.condition(i.cond) === 0) {
      m.cpu.nzcv = i.nzcv << 28;
      return;
    }
    const b = operands[1] === "#0.0" ? 0n : lane(f, m.cpu.simd(i.Rm), 0);
    m.cpu.nzcv = orders[compare(mode, f, lane(f, m.cpu.simd(i.Rn), 0), b, signals)] << 28;
  };

const twos: Readonly<Record<string, Two>> = {
  FADD: add,
  FSUB: sub,
  FMUL: mul,
  FDIV: div,
  FNMUL: (m, f, a, b) => mul(m, f, a, b) ^ signOf(f),
  FABD: (m, f, a, b) => sub(m, f, a, b) & (signOf(f) - 1n),
  FMAX: extreme("max"),
  FMIN: extreme("min"),
  FMAXNM: extremeNumber("max"),
  FMINNM: extremeNumber("min"),
  FCMEQ: mask(["equal"], false),
  FCMGE: mask(["greater", "equal"], true),
  FCMGT: mask(["greater"], true),
  FCMLE: mask(["less", "equal"], true),
  FCMLT: mask(["less"], true),
  FACGE: maskOfMagnitudes(["greater", "equal"]),
  FACGT: maskOfMagnitudes(["greater"]),
};
const directions = {
  N: rounding.nearest,
  P: rounding.up,
  M: rounding.down,
  Z: rounding.towardsZero,
  A: rounding.nearestAway,
} as const;

const renamed = <T>(all: Readonly<Record<string, T>>, names: (name: string) => string) =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [names(name), value]));
const mapped = <T>(all: Readonly<Record<string, T>>, make: (value: T) => Run): Record<string, Run> =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [name, make(value)]));

const runs: Readonly<Record<string, Run>> = {
  ...mapped(twos, two),
  ...mapped(
    renamed(twos, (name) => `${name}P`),
    pairwise,
  ),
  ...mapped(
    renamed(twos, (name) => `${name}V`),
    pairwise,
  ),
  FMADD: fused(false, false),
  FMSUB: fused(true, false),
  FNMADD: fused(true, true),
  FNMSUB: fused(false, true),
  FMLA: fused(false, false),
  FMLS: fused(true, false),
  FSQRT: one(sqrt),
  FRINTI: one(toIntegral()),
  FRINTX: one(toIntegral(undefined, true)),
  ...mapped(
    renamed(directions, (letter) => `FRINT${letter}`),
    (how) => one(toIntegral(how)),
  ),
  ...mapped(
    renamed(directions, (letter) => `FCVT${letter}S`),
    (how) => toInteger(how, true),
  ),
  ...mapped(
    renamed(directions, (letter) => `FCVT${letter}U`),
    (how) => toInteger(how, false),
  ),
  SCVTF: fromInteger(true),
  UCVTF: fromInteger(false),
  FCVT: reformat,
  "FCVTL{2}": reformat,
  "FCVTN{2}": reformat,
  FCMP: comparison(false),
  FCMPE: comparison(true),
  FCCMP: comparison(false),
  FCCMPE: comparison(true),
};

/** Whether an instruction rounds, compares or tells of exceptions. */
export const isFloating = ({ mnemonic }: Row): boolean => mnemonic in runs;

const mode = newMode();

/** What does the instructions of a row that is about floating point; undefined for others. */
export function floatInstruction({ mnemonic, operands }: Row): Slow | undefined {
  const run = runs[mnemonic];
  const names = operands.split(", ");
  if (run === undefined) return undefined;
  const quick = quickFloat(mnemonic, operands);
  return (m, i) => {
    const { cpu } = m;
    configure(mode, cpu.word(state.fpcr));
    if (quick?.(m, mode, i) !== true) run(m, mode, i, names);
    if (mode.flags !== 0 && keepsFlags(m)) cpu.setWord(state.fpsr, cpu.word(state.fpsr) | mode.flags);
  };
}
