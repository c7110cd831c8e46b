// SSE4.2's text comparisons, and the few packed instructions that are awkward: PHMINPOSUW, MPSADBW, MASKMOVDQU.
// Specification: Intel SDM volume 2, 4.1 (immediate byte of PCMPxSTRx).
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { xmmOf } from "../../../isa/x86-64/vector-operands.js";
import { canonical, type Machine, type Slow } from "../machine.js";
import { state } from "../state.js";
import { immediate, readBytes, vectorInstruction, xmmBytes } from "./vector.js";

/** Elements by the immediate's low bits: bytes or words, unsigned or signed. */
function elements(bytes: Uint8Array, imm: number): readonly number[] {
  const { buffer, byteOffset } = bytes;
  if ((imm & 1) === 0) return [...(imm & 2 ? new Int8Array(buffer, byteOffset, 16) : bytes)];
  return [...(imm & 2 ? new Int16Array(buffer, byteOffset, 8) : new Uint16Array(buffer, byteOffset, 8))];
}

/** The aggregation that bits 2 and 3 name, for element j of the second operand: one bit each. */
function aggregate(a: readonly number[], b: readonly number[], la: number, lb: number, imm: number): number {
  const count = a.length;
  const validB = (j: number) => j < lb;
  const test: Record<number, (j: number) => boolean> = {
    // Equal any.
    0: (j) => validB(j) && a.some((x, n) => n < la && x === b[j]),
    // Ranges: pairs of bounds.
    4: (j) =>
      validB(j) &&
      a.some((low, n) => n % 2 === 0 && n + 1 < la && low <= (b[j] ?? 0) && (b[j] ?? 0) <= (a[n + 1] ?? 0)),
    // Equal each: both past their ends are equal, one is not.
    8: (j) => (j < la && validB(j) ? a[j] === b[j] : j >= la && !validB(j)),
    // Equal ordered: the first operand begins at j, as far as both reach.
    12: (j) => a.every((x, n) => n >= la || j + n >= count || (validB(j + n) && x === b[j + n])),
  };
  let bits = 0;
  for (let j = 0; j < count; j++) if (test[imm & 12]?.(j)) bits |= 1 << j;
  return bits;
}

function compareText(m: Machine, i: Instruction): { bits: number; count: number } {
  const imm = immediate(i, 2);
  const isImplicit = i.row.mnemonic.startsWith("PCMPI");
  const [first] = i.operands;
  const b = elements(readBytes(m, i.operands[1], false), imm);
  const a = elements(xmmBytes(m, first === undefined ? 0 : xmmOf(first)).slice(), imm);
  const count = a.length;
  const implied = (v: readonly number[]) => (v.includes(0) ? v.indexOf(0) : count);
  const given = (index: number) => {
    // EAX and EDX, or with REX.W RAX and RDX: their magnitude, at most all elements.
    const value = BigInt.asIntN(i.operandWidth === 64 ? 64 : 32, m.cpu.gpr(index));
    const magnitude = value < 0n ? -value : value;
    return magnitude > BigInt(count) ? count : Number(magnitude);
  };
  const la = isImplicit ? implied(a) : given(0);
  const lb = isImplicit ? implied(b) : given(2);
  let bits = aggregate(a, b, la, lb, imm);
  const all = (1 << count) - 1;
  if (imm & 16) bits ^= imm & 32 ? (1 << lb) - 1 : all;
  const flags =
    (bits !== 0 ? 1 : 0) | (lb < count ? 0x40 : 0) | (la < count ? 0x80 : 0) | (bits & 1 ? 0x800 : 0);
  m.cpu.setStatus(STATUS_FLAGS, flags);
  return { bits, count };
}

const toIndex: Slow = (m, i) => {
  const { bits, count } = compareText(m, i);
  const highest = 31 - Math.clz32(bits);
  const lowest = 31 - Math.clz32(bits & -bits);
  m.cpu.setLow(1, bits === 0 ? count : immediate(i, 2) & 64 ? highest : lowest);
};

const toMask: Slow = (m, i) => {
  const { bits, count } = compareText(m, i);
  const result = xmmBytes(m, 0);
  const size = 16 / count;
  const expands = (immediate(i, 2) & 64) !== 0;
  for (let n = 0; n < 16; n++) {
    const bit = (bits >> Math.floor(n / size)) & 1;
    result[n] = expands ? (bit === 1 ? 255 : 0) : n < 2 ? (bits >> (8 * n)) & 255 : 0;
  }
};

const minimumPosition = vectorInstruction((_a, source) => {
  const values = [...new Uint16Array(source.buffer, source.byteOffset, 8)];
  const least = Math.min(...values);
  const result = new Uint8Array(16);
  new Uint16Array(result.buffer).set([least, values.indexOf(least)]);
  return result;
});

/** Eight sums of four absolute differences, moving through the destination. */
const multipleDifferences = vectorInstruction((a, b, imm) => {
  const from = (imm & 4) !== 0 ? 4 : 0;
  const block = (imm & 3) * 4;
  const result = new Uint8Array(16);
  const sums = new Uint16Array(result.buffer);
  for (let n = 0; n < 8; n++) {
    sums[n] = [0, 1, 2, 3].reduce(
      (sum, k) => sum + Math.abs((a[from + n + k] ?? 0) - (b[block + k] ?? 0)),
      0,
    );
  }
  return result;
});

/** Bytes of the first operand, where the second's sign bits are set, to [RDI]. */
const maskedStore: Slow = (m, i) => {
  const [from, by] = i.operands;
  if (from === undefined || by === undefined) return;
  storeMasked(m, i, xmmBytes(m, xmmOf(from)), xmmBytes(m, xmmOf(by)));
};

/** Bytes of `value`, where the mask's sign bits are set, to [RDI]. */
export function storeMasked(m: Machine, i: Instruction, value: Uint8Array, mask: Uint8Array): void {
  const base = i.segment < 4 ? 0n : (m.cpu.u64[(i.segment === 4 ? state.fsBase : state.gsBase) >> 3] ?? 0n);
  const offset = i.addressWidth === 64 ? m.cpu.gpr(7) : BigInt.asUintN(32, m.cpu.gpr(7));
  const to = canonical(BigInt.asUintN(64, base + offset));
  const chosen = [...mask.keys()].filter((n) => (mask[n] ?? 0) >= 0x80);
  // All are checked before the first is written.
  for (const n of chosen) m.mmu.byteAt(to + n, "write");
  for (const n of chosen) m.memory.write(to + n, 1, BigInt(value[n] ?? 0));
}

export const textInstructions: Record<string, Slow> = {
  PCMPESTRI: toIndex,
  PCMPISTRI: toIndex,
  PCMPESTRM: toMask,
  PCMPISTRM: toMask,
  PHMINPOSUW: minimumPosition,
  MPSADBW: multipleDifferences,
  MASKMOVDQU: maskedStore,
};
