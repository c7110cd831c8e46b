// Integers that stay within what a lane holds, with FPSR.QC where they had to, and polynomials: lane by lane, by mnemonic. Which lanes an
// instruction is about, its row's operands say. Specification: Arm ARM (DDI 0487), C7.2, J1 (SatQ).
import type { Instruction, Row } from "../../isa/aarch64/instruction.js";
import { element } from "../../isa/aarch64/rows/simd-long.js";
import { immediateSize, leftDistance, rightDistance } from "../../isa/aarch64/rows/simd-shift.js";
import { keepsFlags, type Slow } from "./machine.js";
import { state } from "./state.js";
import { flag } from "./values/format.js";

/** Whether something did not fit. */
interface Saturation {
  happened: boolean;
}

/** What an operation is given of each lane, as unsigned numbers, and how many bits results have. */
interface Lane {
  readonly n: bigint;
  readonly m: bigint;
  readonly d: bigint;
  /** Of the result, and of Vn's lane. */
  readonly bits: number;
  readonly from: number;
  /** An immediate's: to the left or right, as the row says. */
  readonly distance: bigint;
}
type Operation = (s: Saturation, lane: Lane) => bigint;

function fit(s: Saturation, value: bigint, bits: number, isSigned: boolean): bigint {
  const most = (1n << BigInt(isSigned ? bits - 1 : bits)) - 1n;
  const least = isSigned ? -most - 1n : 0n;
  const cut = value > most ? most : value < least ? least : value;
  if (cut !== value) s.happened = true;
  return cut;
}

type Sign = "S" | "U";
const read = (sign: Sign, bits: number, value: bigint): bigint =>
  sign === "S" ? BigInt.asIntN(bits, value) : value;

/** Of two lanes that are read with a sign, and fit into such. */
const of =
  (sign: Sign, compute: (a: bigint, b: bigint, lane: Lane) => bigint): Operation =>
  (s, lane) =>
    fit(
      s,
      compute(read(sign, lane.from, lane.n), read(sign, lane.from, lane.m), lane),
      lane.bits,
      sign === "S",
    );

const toUnsigned =
  (compute: (a: bigint, lane: Lane) => bigint): Operation =>
  (s, lane) =>
    fit(s, compute(BigInt.asIntN(lane.from, lane.n), lane), lane.bits, false);

/** To the right, rounded or not; to the left where it is negative. */
function shifted(value: bigint, right: bigint, rounds: boolean): bigint {
  if (right <= 0n) return value << -right;
  return (rounds ? value + (1n << (right - 1n)) : value) >> right;
}
const byRegister =
  (rounds: boolean) =>
  (a: bigint, _b: bigint, { m }: Lane): bigint =>
    shifted(a, -BigInt.asIntN(8, m), rounds);

const doubled = (s: Saturation, { n, m, from, bits }: Lane): bigint =>
  fit(s, 2n * BigInt.asIntN(from, n) * BigInt.asIntN(from, m), bits, true);

function polynomial({ n, m, bits }: Lane): bigint {
  let product = 0n;
  for (let at = 0n; at < 8n; at++) if (((n >> at) & 1n) === 1n) product ^= m << at;
  return BigInt.asUintN(bits, product);
}

const signs: readonly Sign[] = ["S", "U"];
const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/** Same-sized shifts by an immediate go by another name than those by a register: see `nameOf`. */
const operations: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(
    signs.flatMap((sign): (readonly [string, Operation])[] => [
      [`${sign}QADD`, of(sign, (a, b) => a + b)],
      [`${sign}QSUB`, of(sign, (a, b) => a - b)],
      [`${sign}QSHL`, of(sign, byRegister(false))],
      [`${sign}QRSHL`, of(sign, byRegister(true))],
      [`${sign}QSHL #left`, of(sign, (a, _b, { distance }) => a << distance)],
      [`${sign}QXTN`, of(sign, (a) => a)],
      [`${sign}QSHRN`, of(sign, (a, _b, { distance }) => shifted(a, distance, false))],
      [`${sign}QRSHRN`, of(sign, (a, _b, { distance }) => shifted(a, distance, true))],
    ]),
  ),
  "SQSHLU #left": toUnsigned((a, { distance }) => a << distance),
  SQXTUN: toUnsigned((a) => a),
  SQSHRUN: toUnsigned((a, { distance }) => shifted(a, distance, false)),
  SQRSHRUN: toUnsigned((a, { distance }) => shifted(a, distance, true)),
  SQABS: of("S", magnitude),
  SQNEG: of("S", (a) => -a),
  SUQADD: (s, { n, d, bits }) => fit(s, BigInt.asIntN(bits, d) + n, bits, true),
  USQADD: (s, { n, d, bits }) => fit(s, d + BigInt.asIntN(bits, n), bits, false),
  SQDMULH: of("S", (a, b, { bits }) => (2n * a * b) >> BigInt(bits)),
  SQRDMULH: of("S", (a, b, { bits }) => shifted(2n * a * b, BigInt(bits), true)),
  SQDMULL: doubled,
  SQDMLAL: (s, lane) => fit(s, BigInt.asIntN(lane.bits, lane.d) + doubled(s, lane), lane.bits, true),
  SQDMLSL: (s, lane) => fit(s, BigInt.asIntN(lane.bits, lane.d) - doubled(s, lane), lane.bits, true),
  PMUL: (_s, lane) => polynomial(lane),
  PMULL: (_s, lane) => polynomial(lane),
};

const nameOf = ({ mnemonic, operands }: Row): string =>
  `${mnemonic.replace("{2}", "")}${operands.endsWith("#left") && mnemonic.includes("QSHL") ? " #left" : ""}`;

/** Whether an instruction may tell of saturation, or multiplies polynomials. */
export const isSaturating = (row: Row): boolean => nameOf(row) in operations;

/** Bits of a lane by how a row names its register. */
const sizes: Readonly<Record<string, (i: Instruction) => number>> = {
  "V.T": ({ size }) => size,
  "V.Tw": ({ size }) => size + 1,
  "V.Ti": immediateSize,
  "V.Tiw": (i) => immediateSize(i) + 1,
  E: ({ size }) => size,
  L: ({ size }) => size + 1,
  Y: immediateSize,
  N: (i) => immediateSize(i) + 1,
};
const bitsOf = (i: Instruction, operand = ""): number =>
  8 << (sizes[operand.replace(/^([A-Z])[dnm]/, "$1")]?.(i) ?? 0);

const laneAt = (vector: bigint, bits: number, n: number): bigint =>
  BigInt.asUintN(bits, vector >> BigInt(bits * n));

/** What does the instructions of a row; undefined for others. */
export function saturatingInstruction(row: Row): Slow | undefined {
  const operation = operations[nameOf(row)];
  const names = row.operands.split(", ");
  if (operation === undefined) return undefined;
  const isScalar = !row.operands.startsWith("V");
  return (machine, i) => {
    const { cpu } = machine;
    const [bits, from] = [bitsOf(i, names[0]), bitsOf(i, names[1])];
    const [n, d] = [cpu.simd(i.Rn), cpu.simd(i.Rd)];
    const [register, at] = names[2] === "element" ? element(i) : [i.Rm, -1];
    const m = cpu.simd(register);
    // A register's upper half is what the second of two instructions reads or writes.
    const isUpper = !isScalar && i.Q === 1 && bits !== from;
    const count = isScalar ? 1 : (bits === from ? 64 << i.Q : 64) / Math.min(bits, from);
    const first = isUpper && from < bits ? count : 0;
    const distance = BigInt(
      names[2] === "#left" ? leftDistance(i) : names[2] === "#right" ? rightDistance(i) : 0,
    );
    const saturation = { happened: false };
    let result = 0n;
    for (let k = 0; k < count; k++) {
      const value = operation(saturation, {
        n: laneAt(n, from, first + k),
        m: laneAt(m, from, at < 0 ? first + k : at),
        d: laneAt(d, bits, k),
        bits,
        from,
        distance,
      });
      result |= BigInt.asUintN(bits, value) << BigInt(bits * k);
    }
    cpu.setSimd(i.Rd, isUpper && bits < from ? BigInt.asUintN(64, d) | (result << 64n) : result);
    if (saturation.happened && keepsFlags(machine)) cpu.setWord(state.fpsr, cpu.word(state.fpsr) | flag.QC);
  };
}
