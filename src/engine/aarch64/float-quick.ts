// The usual cases of the usual instructions by the host's numbers: what float-instructions.ts does with whole numbers, which takes twenty
// times as long. Each gives false, and has changed nothing, where a case is not such.
import type { Instruction } from "../../isa/aarch64/instruction.js";
import { element } from "../../isa/aarch64/rows/simd-long.js";
import { type Arithmetic, moderately } from "../portable/values/moderate.js";
import type { Cpu } from "./cpu.js";
import { type Machine, readGeneral, writeGeneral } from "./machine.js";
import { state } from "./state.js";
import { flag, type Mode, rounding } from "./values/format.js";

type Quick = (m: Machine, mode: Mode, i: Instruction) => boolean;

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  FADD: "add",
  FSUB: "sub",
  FMUL: "mul",
  FDIV: "div",
  FSQRT: "sqrt",
};

const numbersOf = (cpu: Cpu, width: 32 | 64): Float32Array | Float64Array =>
  width === 64 ? cpu.f64 : cpu.f32;
const placeOf = (width: 32 | 64, index: number): number => (state.simd + 16 * index) / (width / 8);

const results = new Float64Array(4);

/** Width and lanes by a row's first operand; undefined for what is not here. */
const lanesBy: Readonly<Record<string, (i: Instruction) => readonly [width: 32 | 64, count: number]>> = {
  Sd: () => [32, 1],
  Dd: () => [64, 1],
  "Vd.F": ({ sz, Q }) => (sz === 1 ? [64, 2] : [32, 2 << Q]),
  "Vd.T": ({ size, Q }) => (size === 3 ? [64, 2] : [32, 2 << Q]),
};

function write(cpu: Cpu, width: 32 | 64, count: number, index: number): void {
  const numbers = numbersOf(cpu, width);
  const at = placeOf(width, index);
  numbers.fill(0, at, at + 128 / width);
  for (let n = 0; n < count; n++) numbers[at + n] = results[n] ?? 0;
}

function computing(operation: Arithmetic, operands: string): Quick | undefined {
  const lanes = lanesBy[operands.slice(0, operands.indexOf(","))];
  const isByElement = operands.endsWith("element");
  if (lanes === undefined) return undefined;
  return ({ cpu }, mode, i) => {
    const [width, count] = lanes(i);
    const numbers = numbersOf(cpu, width);
    const a = placeOf(width, i.Rn);
    let [b, step] = [operation === "sqrt" ? a : placeOf(width, i.Rm), 1];
    if (isByElement) {
      const [register, lane] = element(i);
      [b, step] = [placeOf(width, register) + lane, 0];
    }
    for (let n = 0; n < count; n++) {
      const found = moderately(
        mode,
        flag.IXC,
        operation,
        width,
        numbers[a + n] ?? 0,
        numbers[b + n * step] ?? 0,
      );
      if (Number.isNaN(found)) {
        mode.flags = 0;
        return false;
      }
      results[n] = found;
    }
    write(cpu, width, count, i.Rd);
    return true;
  };
}

/** FCMP and FCMPE of numbers. */
const comparing =
  (width: 32 | 64, isZero: boolean): Quick =>
  ({ cpu }, mode, i) => {
    const numbers = numbersOf(cpu, width);
    const x = numbers[placeOf(width, i.Rn)] ?? 0;
    const y = isZero ? 0 : (numbers[placeOf(width, i.Rm)] ?? 0);
    if (mode.flushes || Number.isNaN(x) || Number.isNaN(y)) return false;
    cpu.nzcv = (x === y ? 0b0110 : x < y ? 0b1000 : 0b0010) << 28;
    return true;
  };

/** Between singles and doubles, to nearest, away from both ends of the range of singles. */
const reformatting =
  (from: 32 | 64): Quick =>
  ({ cpu }, mode, i) => {
    const x = numbersOf(cpu, from)[placeOf(from, i.Rn)] ?? 0;
    const size = Math.abs(x);
    if (mode.rounding !== rounding.nearest || !(size > 2 ** -125 && size < 2 ** 127)) return false;
    results[0] = Math.fround(x);
    if (results[0] !== x) mode.flags = flag.IXC;
    write(cpu, from === 64 ? 32 : 64, 1, i.Rd);
    return true;
  };

/** To integers that are small enough, cut. */
const toInteger =
  (from: 32 | 64): Quick =>
  (m, mode, i) => {
    const x = numbersOf(m.cpu, from)[placeOf(from, i.Rn)] ?? 0;
    const whole = Math.trunc(x);
    if (mode.flushes || !(Math.abs(x) < 2 ** 31)) return false;
    if (whole !== x) mode.flags = flag.IXC;
    writeGeneral(m, i.Rd, BigInt.asUintN(i.sf === 1 ? 64 : 32, BigInt(whole)));
    return true;
  };

/** From integers that a double has. */
const fromInteger: Quick = (m, _mode, i) => {
  const value = readGeneral(m, i.Rn);
  const whole = Number(BigInt.asIntN(i.sf === 1 ? 64 : 32, value));
  if (!Number.isSafeInteger(whole)) return false;
  results[0] = whole;
  write(m.cpu, 64, 1, i.Rd);
  return true;
};

const others: Readonly<Record<string, Quick>> = {
  ...Object.fromEntries(
    ["FCMP", "FCMPE"].flatMap((name): (readonly [string, Quick])[] => [
      [`${name} Dn, Dm`, comparing(64, false)],
      [`${name} Sn, Sm`, comparing(32, false)],
      [`${name} Dn, #0.0`, comparing(64, true)],
      [`${name} Sn, #0.0`, comparing(32, true)],
    ]),
  ),
  "FCVT Dd, Sn": reformatting(32),
  "FCVT Sd, Dn": reformatting(64),
  "FCVTZS Rd, Dn": toInteger(64),
  "FCVTZS Rd, Sn": toInteger(32),
  "SCVTF Dd, Rn": fromInteger,
};

/** By mnemonic and operands of a row. */
export function quickFloat(mnemonic: string, operands: string): Quick | undefined {
  const operation = arithmetic[mnemonic];
  return operation === undefined ? others[`${mnemonic} ${operands}`] : computing(operation, operands);
}
