// How semantics reach an instruction's operands: registers with ZR or SP, constants, shifted and extended registers.
// Specification: Arm ARM (DDI 0487), C1.2.5 (register names), J1 (shared/functions: ShiftReg, ExtendReg, DecodeBitMasks).
import type { Width } from "../emitter.js";
import { type Emitter, type RegisterWidth, SP } from "./emitter.js";
import type { Instruction } from "./instruction.js";

/** The width of an instruction whose `sf` says it. */
export const widthOf = (i: Instruction): RegisterWidth => (i.sf === 0 ? 32 : 64);

/** A constant from its bits. */
export function constant<V>(e: Emitter<V>, width: Width, value: bigint): V {
  const low = Number(BigInt.asIntN(32, value));
  return e.constant(width, low, Number(BigInt.asIntN(32, value >> 32n)));
}

/** A constant from a number, up to 2^53 either way. */
export const constantOf = <V>(e: Emitter<V>, width: Width, value: number): V =>
  e.constant(width, value | 0, Math.floor(value / 0x1_0000_0000));

/** A general register, where 31 is ZR. */
export const read = <V>(e: Emitter<V>, width: RegisterWidth, index: number): V =>
  index === SP ? e.constant(width, 0) : e.register(width, index);

/** Writes a general register, where 31 is ZR. */
export function write<V>(e: Emitter<V>, width: RegisterWidth, index: number, value: V): void {
  if (index !== SP) e.setRegister(width, index, value);
}

/** A bit, or any value of width 32, as one of another width. */
export const widen = <V>(e: Emitter<V>, width: RegisterWidth, value: V): V =>
  width === 64 ? e.extendUnsigned(64, 32, value) : value;

export const not = <V>(e: Emitter<V>, width: Width, value: V): V =>
  e.xor(width, value, e.constant(width, -1));

export const notBit = <V>(e: Emitter<V>, bit: V): V => e.xor(32, bit, e.constant(32, 1));

/** By a constant: LSL, LSR, ASR, ROR as 0 to 3. */
export function shiftBy<V>(e: Emitter<V>, width: RegisterWidth, value: V, kind: number, amount: number): V {
  if (amount === 0) return value;
  const count = e.constant(32, amount);
  if (kind === 0) return e.shl(width, value, count);
  if (kind === 1) return e.shr(width, value, count);
  return kind === 2 ? e.sar(width, value, count) : e.rotr(width, value, count);
}

/** Rm, shifted as `shift` and `imm` say. */
export const shifted = <V>(e: Emitter<V>, i: Instruction): V =>
  shiftBy(e, widthOf(i), read(e, widthOf(i), i.Rm), i.shift, i.imm);

/** A register extended as `option` says (UXTB to UXTX, SXTB to SXTX), then shifted left. */
export function extended<V>(
  e: Emitter<V>,
  width: RegisterWidth,
  index: number,
  option: number,
  amount: number,
): V {
  const from = ([8, 16, 32, 64] as const)[option & 3] ?? 64;
  const isSigned = option >= 4;
  let value: V;
  if (from === 64 || from >= width) value = read(e, width, index);
  else {
    const low = read(e, 32, index);
    const part = from === 32 ? low : e.truncate(from, 32, low);
    value = isSigned ? e.extendSigned(width, from, part) : e.extendUnsigned(width, from, part);
  }
  return shiftBy(e, width, value, 0, amount);
}

/** The mask that a logical immediate's N, imms and immr stand for, or undefined where they are reserved. */
export function bitMask(width: RegisterWidth, n: number, imms: number, immr: number): bigint | undefined {
  const length = 31 - Math.clz32((n << 6) | (~imms & 0x3f));
  if (length < 1 || (width === 32 && n === 1)) return undefined;
  const size = 1 << length;
  const levels = size - 1;
  const [ones, rotation] = [(imms & levels) + 1, immr & levels];
  if (ones === size) return undefined;
  const element = (1n << BigInt(ones)) - 1n;
  const rotated = BigInt.asUintN(size, (element >> BigInt(rotation)) | (element << BigInt(size - rotation)));
  let mask = 0n;
  for (let at = 0; at < width; at += size) mask |= rotated << BigInt(at);
  return mask;
}
