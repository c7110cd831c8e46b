// The status flags from what set them last: the state area keeps an operation and its operands, since most flags are
// never read. Specification: Intel SDM volume 1, 3.4.3.1 and the flags of each instruction in volume 2.
import { FlagsOperation, state } from "./state.js";

const A = state.flagsA >> 2;
const B = state.flagsB >> 2;
const R = state.flagsResult >> 2;
const [CF, PF, AF, ZF, SF, OF] = [1, 4, 0x10, 0x40, 0x80, 0x800] as const;

/** Even parity of the low four bits, as a table of 16 bits. */
const EVEN = 0x9669;
const parity = (value: number) => (EVEN >> ((value ^ (value >> 4)) & 15)) & 1;

/** Bit `position` of a 64-bit value, 0 beyond it. */
const bit = (low: number, high: number, position: number) =>
  position < 0 || position > 63 ? 0 : ((position < 32 ? low : high) >>> (position & 31)) & 1;

/** A result that the operands tell, in two halves; those of shifts are by counts that are not 0. */
const derived = new Int32Array(2);

/** Computes what translated code left out, and gives the operation that has it. */
function derive(operation: number, width: number, i32: Int32Array): number {
  const [al, ah] = [i32[A] ?? 0, i32[A + 1] ?? 0];
  const [bl, bh] = [i32[B] ?? 0, i32[B + 1] ?? 0];
  switch (operation) {
    case FlagsOperation.sum: {
      derived[0] = al + bl;
      derived[1] = ah + bh + ((derived[0] ?? 0) >>> 0 < al >>> 0 ? 1 : 0);
      return FlagsOperation.add;
    }
    case FlagsOperation.difference:
      derived[0] = al - bl;
      derived[1] = ah - bh - (al >>> 0 < bl >>> 0 ? 1 : 0);
      return FlagsOperation.sub;
    case FlagsOperation.result:
    case FlagsOperation.incremented:
    case FlagsOperation.decremented:
      derived[0] = al;
      derived[1] = ah;
      return operation === FlagsOperation.result
        ? FlagsOperation.logic
        : operation === FlagsOperation.incremented
          ? FlagsOperation.inc
          : FlagsOperation.dec;
    default:
      shifted(operation, width, al, ah, bl);
      return operation - FlagsOperation.shiftedLeft + FlagsOperation.shl;
  }
}

function shifted(operation: number, width: number, low: number, high: number, count: number): void {
  const isLeft = operation === FlagsOperation.shiftedLeft;
  if (width === 64) {
    const fill = operation === FlagsOperation.shiftedSigned ? high >> 31 : 0;
    if (isLeft) {
      derived[0] = count < 32 ? low << count : 0;
      derived[1] =
        count < 32 ? (high << count) | (count === 0 ? 0 : low >>> (32 - count)) : low << (count - 32);
    } else {
      derived[0] =
        count < 32
          ? (low >>> count) | (count === 0 ? 0 : high << (32 - count))
          : shiftedRight(high, fill, count - 32);
      derived[1] = count < 32 ? shiftedRight(high, fill, count) : fill;
    }
    return;
  }
  const shift = 32 - width;
  const unsigned = (low << shift) >>> shift;
  const signed = (low << shift) >> shift;
  derived[1] = 0;
  // Counts of narrow operands may be beyond their width.
  if (isLeft) derived[0] = unsigned << count;
  else derived[0] = operation === FlagsOperation.shiftedSigned ? signed >> count : unsigned >>> count;
}

/** By less than 32, with what comes in from above. */
const shiftedRight = (value: number, fill: number, count: number): number =>
  fill === 0 ? value >>> count : value >> count;

/** The status flags as bits of RFLAGS; `packed` is the state area's flagsOperation, not 0. */
export function statusOf(i32: Int32Array, packed: number): number {
  const width = 8 << (packed & 3);
  const wide = width === 64;
  const al = i32[A] ?? 0;
  const ah = i32[A + 1] ?? 0;
  const bl = i32[B] ?? 0;
  let operation = packed >> 2;
  let rl = i32[R] ?? 0;
  let rh = i32[R + 1] ?? 0;
  if (operation >= FlagsOperation.bits) {
    if (operation === FlagsOperation.bits) return al;
    operation = derive(operation, width, i32);
    [rl = 0, rh = 0] = derived;
  }
  const shift = wide ? 0 : 32 - width;
  // The words that hold the sign, moved to the top.
  const a = (wide ? ah : al) << shift;
  const b = (wide ? (i32[B + 1] ?? 0) : bl) << shift;
  const r = (wide ? rh : rl) << shift;
  let flags = (parity(rl) << 2) | (r < 0 ? SF : 0);
  if (wide ? (rl | rh) === 0 : r === 0) flags |= ZF;
  switch (operation) {
    case FlagsOperation.add:
      if (((a & b) | ((a | b) & ~r)) < 0) flags |= CF;
      if (((a ^ r) & (b ^ r)) < 0) flags |= OF;
      return flags | ((al ^ bl ^ rl) & AF);
    case FlagsOperation.sub:
      if (((~a & b) | ((~a | b) & r)) < 0) flags |= CF;
      if (((a ^ b) & (a ^ r)) < 0) flags |= OF;
      return flags | ((al ^ bl ^ rl) & AF);
    case FlagsOperation.logic:
      return flags;
    case FlagsOperation.inc: {
      const isMin = wide ? rl === 0 && rh === -0x8000_0000 : r === -0x8000_0000;
      return flags | (bl & CF) | ((rl & 15) === 0 ? AF : 0) | (isMin ? OF : 0);
    }
    case FlagsOperation.dec: {
      const isMax = wide ? rl === -1 && rh === 0x7fff_ffff : r === (0x7fff_ffff & (-1 << shift));
      return flags | (bl & CF) | ((rl & 15) === 15 ? AF : 0) | (isMax ? OF : 0);
    }
    case FlagsOperation.shl: {
      const carry = bit(al, ah, width - bl);
      return flags | carry | (carry !== r >>> 31 ? OF : 0);
    }
    case FlagsOperation.shr:
      return flags | (bl > width ? 0 : bit(al, wide ? ah : 0, bl - 1)) | (a < 0 ? OF : 0);
    case FlagsOperation.sar:
      return flags | (bl >= width ? a >>> 31 : bit(al, ah, bl - 1));
    default:
      throw new RangeError(`flags operation ${packed >> 2}`);
  }
}

/** 0 or 1: condition 0 to 15 of Jcc on status flags. */
export function conditionOf(flags: number, code: number): number {
  const less = ((flags >> 7) ^ (flags >> 11)) & 1;
  let holds = 0;
  switch (code >> 1) {
    case 0:
      holds = (flags >> 11) & 1;
      break;
    case 1:
      holds = flags & 1;
      break;
    case 2:
      holds = (flags >> 6) & 1;
      break;
    case 3:
      holds = (flags & (CF | ZF)) === 0 ? 0 : 1;
      break;
    case 4:
      holds = (flags >> 7) & 1;
      break;
    case 5:
      holds = (flags & PF) >> 2;
      break;
    case 6:
      holds = less;
      break;
    default:
      holds = less | ((flags >> 6) & 1);
  }
  return holds ^ (code & 1);
}
