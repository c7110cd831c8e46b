// Shifts and rotates: SHL, SHR, SAR, ROL, ROR, SHLD, SHRD, SHLX, SHRX, SARX, RORX; RCL and RCR are slow.
// Specification: Intel SDM volume 2; counts are taken modulo 32, or 64 for 64-bit operands.
import { type Emitter, flagBits, type Shift, type Width } from "../emitter.js";
import { type Instruction, rows, type Semantics } from "../instruction.js";
import { addressOf, operand, read, widthOf, write } from "../operands.js";

const { AF, OF } = flagBits;
const mask = (...bits: readonly number[]) => bits.reduce((sum, bit) => sum | (1 << bit), 0);

/** The masked count: a number where the encoding holds it, and a value of width 32 in any case. */
function countOf<V>(e: Emitter<V>, i: Instruction, position: number, width: Width): [V, number | undefined] {
  const o = operand(i, position);
  const limit = width === 64 ? 63 : 31;
  if (o.kind === "immediate") return [e.constant(32, o.low & limit), o.low & limit];
  const value = read(e, o);
  const from = widthOf(o);
  const low = from === 64 ? e.truncate(32, 64, value) : from === 8 ? e.extendUnsigned(32, 8, value) : value;
  return [e.and(32, low, e.constant(32, limit)), undefined];
}

const shift =
  (kind: Shift): Semantics =>
  (e, i) => {
    const destination = operand(i, 0);
    const width = widthOf(destination);
    const address = addressOf(e, destination);
    const a = read(e, destination, width, address);
    const [count] = countOf(e, i, 1, width);
    const result = e[kind](width, a, count);
    write(e, destination, result, width, address);
    e.flagsShift(kind, width, a, count, result);
  };

/** The bit at a fixed position, as a bit. */
function bitOf<V>(e: Emitter<V>, width: Width, a: V, position: number): V {
  const shifted = position === 0 ? a : e.shr(width, a, e.constant(32, position));
  const low =
    width === 32
      ? shifted
      : width === 64
        ? e.truncate(32, 64, shifted)
        : e.extendUnsigned(32, width, shifted);
  return e.and(32, low, e.constant(32, 1));
}

/** CF is the bit that came round; OF is defined for single steps only, whatever the count. */
const rotate =
  (left: boolean): Semantics =>
  (e, i) => {
    const destination = operand(i, 0);
    const width = widthOf(destination);
    const address = addressOf(e, destination);
    const a = read(e, destination, width, address);
    const [count, known] = countOf(e, i, 1, width);
    const within = width < 32 ? e.and(32, count, e.constant(32, width - 1)) : count;
    const result = left ? e.rotl(width, a, within) : e.rotr(width, a, within);
    write(e, destination, result, width, address);
    if (known === 0) return;
    const top = bitOf(e, width, result, width - 1);
    const cf = left ? bitOf(e, width, result, 0) : top;
    const of = e.xor(32, top, left ? cf : bitOf(e, width, result, width - 2));
    const isZero = known === undefined ? e.equal(32, count, e.constant(32, 0)) : undefined;
    e.setFlag("CF", cf, isZero);
    e.setFlag("OF", of, isZero);
  };

/** SHLD and SHRD; at 16 bits in one value of 32, where counts above 16 are undefined. */
const double =
  (kind: "shl" | "shr"): Semantics =>
  (e, i) => {
    const destination = operand(i, 0);
    const width = widthOf(destination);
    const address = addressOf(e, destination);
    const a = read(e, destination, width, address);
    const b = read(e, operand(i, 1), width);
    const [count, known] = countOf(e, i, 2, width);
    const isLeft = kind === "shl";
    let result: typeof a;
    if (width === 16) {
      const [upper, lower] = isLeft ? [a, b] : [b, a];
      const whole = e.or(
        32,
        e.shl(32, e.extendUnsigned(32, 16, upper), e.constant(32, 16)),
        e.extendUnsigned(32, 16, lower),
      );
      const shifted = e[kind](32, whole, count);
      result = e.truncate(16, 32, isLeft ? e.shr(32, shifted, e.constant(32, 16)) : shifted);
    } else {
      // Two steps, so that a count of 0 brings in nothing.
      const rest = e.sub(32, e.constant(32, width - 1), count);
      const other = isLeft ? "shr" : "shl";
      const incoming = e[other](width, e[other](width, b, e.constant(32, 1)), rest);
      result = e.or(width, e[kind](width, a, count), incoming);
    }
    write(e, destination, result, width, address);
    e.flagsShift(kind, width, a, count, result);
    if (isLeft || (known !== undefined && known !== 1)) return;
    // SHR's OF is the sign before; SHRD's is whether it changed.
    const changed = e.xor(32, bitOf(e, width, a, width - 1), bitOf(e, width, result, width - 1));
    const isOne = e.equal(32, count, e.constant(32, 1));
    e.setFlag("OF", changed, e.xor(32, isOne, e.constant(32, 1)));
  };

/** SHLX, SHRX, SARX: no flags. */
const shiftWithoutFlags =
  (kind: Shift): Semantics =>
  (e, i) => {
    const width = widthOf(operand(i, 0));
    const a = read(e, operand(i, 1), width);
    const [count] = countOf(e, i, 2, width);
    write(e, operand(i, 0), e[kind](width, a, count));
  };

const rorx: Semantics = (e, i) => {
  const width = widthOf(operand(i, 0));
  const [count] = countOf(e, i, 2, width);
  write(e, operand(i, 0), e.rotr(width, read(e, operand(i, 1), width), count));
};

/** By 1, by CL and by an immediate: rows of their own, since OF is defined for single shifts only. */
function group2(mnemonic: string, digit: number, run: Semantics | undefined, undefinedFlags: number) {
  const traits = run === undefined ? {} : { run };
  return [
    ...rows(mnemonic, { ...traits, undefinedFlags }, `D0 /${digit} | r/m8, 1`, `D1 /${digit} | r/mv, 1`),
    ...rows(
      mnemonic,
      { ...traits, undefinedFlags: undefinedFlags | mask(OF) },
      `D2 /${digit} | r/m8, CL`,
      `D3 /${digit} | r/mv, CL`,
      `C0 /${digit} ib | r/m8, imm8`,
      `C1 /${digit} ib | r/mv, imm8`,
    ),
  ];
}

const doubleShift = { undefinedFlags: mask(AF, OF) };
const bmi2 = { feature: "BMI2" } as const;

export const shiftRows = [
  ...group2("ROL", 0, rotate(true), 0),
  ...group2("ROR", 1, rotate(false), 0),
  ...group2("RCL", 2, undefined, 0),
  ...group2("RCR", 3, undefined, 0),
  ...group2("SHL", 4, shift("shl"), mask(AF)),
  ...group2("SHR", 5, shift("shr"), mask(AF)),
  ...group2("SHL", 6, shift("shl"), mask(AF)),
  ...group2("SAR", 7, shift("sar"), mask(AF)),
  ...rows(
    "SHLD",
    { run: double("shl"), ...doubleShift },
    "0F A4 /r ib | r/mv, rv, imm8",
    "0F A5 /r | r/mv, rv, CL",
  ),
  ...rows(
    "SHRD",
    { run: double("shr"), ...doubleShift },
    "0F AC /r ib | r/mv, rv, imm8",
    "0F AD /r | r/mv, rv, CL",
  ),
  ...rows("SHLX", { run: shiftWithoutFlags("shl"), ...bmi2 }, "VEX.LZ.66.0F38 F7 /r | ry, r/my, ryb"),
  ...rows("SHRX", { run: shiftWithoutFlags("shr"), ...bmi2 }, "VEX.LZ.F2.0F38 F7 /r | ry, r/my, ryb"),
  ...rows("SARX", { run: shiftWithoutFlags("sar"), ...bmi2 }, "VEX.LZ.F3.0F38 F7 /r | ry, r/my, ryb"),
  ...rows("RORX", { run: rorx, ...bmi2 }, "VEX.LZ.F2.0F3A F0 /r ib | ry, r/my, imm8"),
];
