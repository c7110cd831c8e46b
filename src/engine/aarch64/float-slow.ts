// Floating point that WebAssembly has not: fused operations, and halves. Specification: Arm ARM (DDI 0487), C7.2.
import type { Instruction } from "../../isa/aarch64/instruction.js";
import { element } from "../../isa/aarch64/rows/simd-long.js";
import type { Slow } from "./machine.js";
import { convert, double, type Format, fusedMultiplyAdd, half, signOf, single } from "./values/exact.js";

const formats: readonly Format[] = [single, double, single, half];

const lane = (f: Format, vector: bigint, n: number): bigint =>
  BigInt.asUintN(f.bits, vector >> BigInt(f.bits * n));

/** FMADD and its kin: which operands change their sign. */
const scalar =
  (negatesFactor: boolean, negatesAddend: boolean): Slow =>
  ({ cpu }, i) => {
    const f = formats[(i.word >> 22) & 3] ?? single;
    const [n, m, a] = [i.Rn, i.Rm, i.Ra].map((index) => lane(f, cpu.simd(index), 0));
    const factor = negatesFactor ? (n ?? 0n) ^ signOf(f) : (n ?? 0n);
    const addend = negatesAddend ? (a ?? 0n) ^ signOf(f) : (a ?? 0n);
    cpu.setSimd(i.Rd, fusedMultiplyAdd(f, addend, factor, m ?? 0n));
  };

const BY_ELEMENT = 1 << 24;
const SCALAR = 1 << 28;

/** How many lanes of which format an instruction of vectors, or of an element, is about. */
function lanesOf(i: Instruction): readonly [f: Format, count: number, isByElement: boolean] {
  const isByElement = (i.word & BY_ELEMENT) !== 0;
  const isDouble = isByElement ? i.size === 3 : i.sz === 1;
  const f = isDouble ? double : single;
  return [f, (i.word & SCALAR) === 0 ? (64 << i.Q) / f.bits : 1, isByElement];
}

/** FMLA and FMLS. */
const vector =
  (negatesFactor: boolean): Slow =>
  ({ cpu }, i) => {
    const [f, count, isByElement] = lanesOf(i);
    const [n, d] = [cpu.simd(i.Rn), cpu.simd(i.Rd)];
    const [register, at] = isByElement ? element(i) : [i.Rm, 0];
    const m = cpu.simd(register);
    let result = 0n;
    for (let k = 0; k < count; k++) {
      const factor = negatesFactor ? lane(f, n, k) ^ signOf(f) : lane(f, n, k);
      const value = fusedMultiplyAdd(f, lane(f, d, k), factor, lane(f, m, isByElement ? at : k));
      result |= value << BigInt(f.bits * k);
    }
    cpu.setSimd(i.Rd, result);
  };

/** FCVT to and from halves: the formats stand in two fields. */
const convertHalf: Slow = ({ cpu }, i) => {
  const from = formats[(i.word >> 22) & 3] ?? single;
  const to = formats[(i.word >> 15) & 3] ?? single;
  cpu.setSimd(i.Rd, convert(to, from, lane(from, cpu.simd(i.Rn), 0)));
};

export const floatSlow: Readonly<Record<string, Slow>> = {
  FMADD: scalar(false, false),
  FMSUB: scalar(true, false),
  FNMADD: scalar(true, true),
  FNMSUB: scalar(false, true),
  FMLA: vector(false),
  FMLS: vector(true),
  FCVT: convertHalf,
};
