// The x86-64 CPU's registers in the state area, beside the engine's own words.
import { state as engine } from "../portable/memory/state.js";

/** Offsets of the state area; sizes in comments. */
export const state = {
  ...engine,
  /** 16 * 8: rax rcx rdx rbx rsp rbp rsi rdi r8 to r15. */
  gpr: 0,
  /** 8: canonical address, signed. */
  rip: engine.pc,
  /** 8: RFLAGS; its status flags hold only where `flagsOperation`, one of `FlagsOperation` * 4 + log2(width / 8), is 0. */
  rflags: 136,
  /** 8 each. */
  fsBase: 176,
  gsBase: 184,
  kernelGsBase: 192,
  /** 4. */
  mxcsr: 200,
  /** 4: the current privilege level, 0 or 3. */
  cpl: 204,
  /** 16 * 16. */
  xmm: 256,
  /** 8 * 16: ST and MMX registers by physical number, 80 bits each. */
  x87: 512,
  /** 2 each: control word, status word with TOP, tags (one bit for each physical register in use, as FXSAVE has them). */
  x87Control: 640,
  x87Status: 642,
  x87Tag: 644,
  /** 2: opcode of the last x87 instruction with an unmasked exception; 8 each: its operand, and the last instruction. */
  x87Opcode: 646,
  x87Operand: 648,
  x87Pointer: 656,
  /** 4: CR0.EM or TS, where x87 instructions raise #NM. */
  x87Off: 664,
  /** 4: the guest has changed exception flags in MXCSR, so that it may read them. */
  testsExceptions: 668,
} as const;

/**
 * How the status flags follow from flagsA, flagsB (sign-extended or not beyond the width, no matter) and flagsResult. `add` and `sub` serve ADC and SBB too: carries are those
 * of the bits of a, b and result. `inc` and `dec` have CF in flagsB; shifts have their masked count there, not 0.
 */
export const FlagsOperation = {
  none: 0,
  add: 1,
  sub: 2,
  logic: 3,
  inc: 4,
  dec: 5,
  shl: 6,
  shr: 7,
  sar: 8,
  /** The status flags themselves are in flagsA. */
  bits: 9,
  /** What translated code stores, two words and no result: a + b, a - b; a result in flagsA; a shift of a by b. */
  sum: 10,
  difference: 11,
  result: 12,
  incremented: 13,
  decremented: 14,
  shiftedLeft: 15,
  shiftedRight: 16,
  shiftedSigned: 17,
} as const;
