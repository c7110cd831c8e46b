// The state area: the guest CPU's registers and the engine's own words at the start of the one WebAssembly memory,
// shared by interpreter and translated code. Guest-physical memory follows it. All little endian, offsets in bytes.
import { pageSize } from "../../bytes/align.js";

/** Offsets of the state area; sizes in comments. */
export const state = {
  /** 16 * 8: rax rcx rdx rbx rsp rbp rsi rdi r8 to r15. */
  gpr: 0,
  /** 8: canonical address, signed. */
  rip: 128,
  /** 8: RFLAGS; its status flags hold only where flagsOperation is 0. */
  rflags: 136,
  /** 4: one of `FlagsOperation` * 4 + log2(width / 8). */
  flagsOperation: 144,
  /** 8 each: sign-extended or not beyond the width, no matter. */
  flagsA: 152,
  flagsB: 160,
  flagsResult: 168,
  /** 8 each. */
  fsBase: 176,
  gsBase: 184,
  kernelGsBase: 192,
  /** 4. */
  mxcsr: 200,
  /** 4: the current privilege level, 0 or 3. */
  cpl: 204,
  /** 8: instructions executed; a double, exact to 2^53. */
  instructions: 208,
  /** 8: instructions left before a `budget` exit; a double. */
  budget: 216,
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
  /** Free for the translator: spill areas, fuel, scratch. */
  translator: 1024,
  /** 64: words of the first tier (threaded/layout.ts). */
  threaded: 61440,
  /** Where translated code finds units: `translate/lookup.ts`. */
  lookup: 65536,
  /** One byte for every guest-physical page: `pageBits`. */
  pages: 65536 + 1024 * 1024,
} as const;

/**
 * How the status flags follow from flagsA, flagsB and flagsResult. `add` and `sub` serve ADC and SBB too: carries are those
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

/**
 * What may be done at once with the page of guest memory whose linear and physical addresses are the same; 0 where the
 * slow door must be asked (not mapped so, or not yet known, or watched).
 */
export const pageBits = {
  read: 1,
  write: 2,
  execute: 4,
  /** Holds decoded or translated code: a store must tell. Then `write` is clear. */
  code: 8,
  /** Written since it was last cleared (replay profile). */
  dirty: 16,
} as const;

/** WebAssembly's memory page, and the most that a memory holds. */
const WASM_PAGE = 65536;
const MOST = 2 ** 32;
/** Room for what the first tier decodes: address space, which costs nothing until it is touched. */
const ARENA = 32 << 20;

/** The part of the WebAssembly memory between page map and guest memory: what the first tier decodes; maybe little or none. */
export function arenaOf(sizeBytes: number): { readonly start: number; readonly size: number } {
  const start = state.pages + Math.ceil(sizeBytes / pageSize / WASM_PAGE) * WASM_PAGE;
  const room = Math.floor((MOST - start - sizeBytes) / WASM_PAGE) * WASM_PAGE;
  return { start, size: Math.max(0, Math.min(ARENA, room)) };
}

/** Where guest memory of a size begins: a multiple of 64 KiB. */
export function guestBase(sizeBytes: number): number {
  const { start, size } = arenaOf(sizeBytes);
  return start + size;
}
