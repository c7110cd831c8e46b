// The aarch64 CPU's registers in the state area, beside the engine's own words.
import { state as engine } from "../portable/memory/state.js";

/** Offsets of the state area; sizes in comments. */
export const state = {
  ...engine,
  /** 4: the condition flags as NZCV has them; they hold only where `flagsOperation` is 0. */
  nzcv: 0,
  /** 4 each. */
  fpcr: 4,
  fpsr: 8,
  /** 4: whether an exclusive access has been begun; 8 each: its address, and what was read. */
  isExclusive: 12,
  exclusiveAddress: 16,
  exclusiveLow: 24,
  exclusiveHigh: 32,
  /** 8. */
  tpidr: 40,
  /** 4: the guest has looked at the exceptions in FPSR. */
  testsExceptions: 48,
  /** 32 * 8: X0 to X30, and SP. */
  general: 256,
  /** 32 * 16. */
  simd: 512,
} as const;

/**
 * How NZCV follows from `flagsA` and `flagsB`, at 32 bits, or at 64 with the lowest bit set: of a sum, with a carry in or without, of
 * a difference, of a result that is in `flagsA`; or NZCV itself is there.
 */
export const FlagsOperation = { none: 0, sum: 2, sumAndOne: 4, difference: 6, result: 8, bits: 10 } as const;
export const WIDE = 1;
