// NZCV from what set it. Specification: Arm ARM (DDI 0487), J1 (AddWithCarry, ConditionHolds).
import { FlagsOperation, state, WIDE } from "./state.js";

const [A, B] = [state.flagsA >> 2, state.flagsB >> 2];

const packed = (n: boolean, z: boolean, c: boolean, v: boolean): number =>
  (n ? -0x8000_0000 : 0) | (z ? 0x4000_0000 : 0) | (c ? 0x2000_0000 : 0) | (v ? 0x1000_0000 : 0);

/** a + b + carry at 32 bits. */
function sum32(a: number, b: number, carry: number): number {
  const result = (a + b + carry) | 0;
  const unsigned = (a >>> 0) + (b >>> 0) + carry;
  return packed(result < 0, result === 0, unsigned > 0xffff_ffff, ((a ^ result) & (b ^ result)) < 0);
}

/** The same of halves. */
function sum64(al: number, ah: number, bl: number, bh: number, carry: number): number {
  const low = (al >>> 0) + (bl >>> 0) + carry;
  const carried = low > 0xffff_ffff ? 1 : 0;
  const result = (ah + bh + carried) | 0;
  const unsigned = (ah >>> 0) + (bh >>> 0) + carried;
  const isZero = result === 0 && (low | 0) === 0;
  return packed(result < 0, isZero, unsigned > 0xffff_ffff, ((ah ^ result) & (bh ^ result)) < 0);
}

/** NZCV where an operation other than none set it. */
export function nzcvOf(words: Int32Array, operation: number): number {
  const [al, ah, bl, bh] = [words[A] ?? 0, words[A + 1] ?? 0, words[B] ?? 0, words[B + 1] ?? 0];
  const isWide = (operation & WIDE) !== 0;
  switch (operation & ~WIDE) {
    case FlagsOperation.sum:
      return isWide ? sum64(al, ah, bl, bh, 0) : sum32(al, bl, 0);
    case FlagsOperation.sumAndOne:
      return isWide ? sum64(al, ah, bl, bh, 1) : sum32(al, bl, 1);
    case FlagsOperation.difference:
      return isWide ? sum64(al, ah, ~bl, ~bh, 1) : sum32(al, ~bl, 1);
    case FlagsOperation.result:
      return isWide ? packed(ah < 0, (al | ah) === 0, false, false) : packed(al < 0, al === 0, false, false);
    default:
      return al;
  }
}

/** 0 or 1: condition 0 to 15. */
export function conditionOf(nzcv: number, code: number): number {
  const [n, z, c, v] = [(nzcv >> 31) & 1, (nzcv >> 30) & 1, (nzcv >> 29) & 1, (nzcv >> 28) & 1];
  const base = [z, c, n, v, c & ~z & 1, n ^ v ^ 1, (n ^ v ^ 1) & ~z & 1, 1][code >> 1] ?? 1;
  return (code & 1) === 1 && code !== 15 ? base ^ 1 : base;
}
