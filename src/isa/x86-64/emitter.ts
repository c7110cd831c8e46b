// What the semantics of x86-64 instructions are written against: one function per mnemonic serves the interpreter
// (values are evaluated at once), the translator (values become WebAssembly) and the effects recorder.
import type { CommonEmitter, ValueType, Width } from "../emitter.js";

export type { ValueType, Width };

/** The status flags by bit number in RFLAGS. */
export const flagBits = { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, OF: 11 } as const;
export type Flag = keyof typeof flagBits;

/** All six status flags as a mask of RFLAGS. */
export const STATUS_FLAGS = 0x8d5;

/** Conditions by their number in the encodings of Jcc, SETcc and CMOVcc. */
export const conditions = "O NO B AE E NE BE A S NS P NP L GE LE G".split(" ");

/** A shift that sets the flags as SHL, SHR or SAR do. */
export type Shift = "shl" | "shr" | "sar";

/** The registers and flags of x86-64. `load` and `store`: segment base included; aligned to 16 bytes, or #GP. */
export interface Emitter<V> extends CommonEmitter<V> {
  /** General registers 0 to 15 by their numbers in encodings. Writes of width 32 clear the upper half. */
  register(width: Width, index: number): V;
  setRegister(width: Width, index: number, value: V): void;
  /** AH, CH, DH, BH by `index` 0 to 3; values of width 8. */
  registerHigh(index: number): V;
  setRegisterHigh(index: number, value: V): void;

  xmm(index: number): V;
  setXmm(index: number, value: V): void;
  /** The lowest lane; writing it keeps the rest. */
  xmmLow(type: 32 | 64 | "f32" | "f64", index: number): V;
  setXmmLow(type: 32 | 64 | "f32" | "f64", index: number, value: V): void;
  /** The lowest lane, and zeros above it. */
  setXmmLowZero(type: 32 | 64 | "f32" | "f64", index: number, value: V): void;

  /** The base of FS (4) or GS (5), width 64. */
  segmentBase(segment: number): V;

  /** Set all six status flags; `a`, `b` and `result` are of `width`. For ADC and SBB the carry is in `result`. */
  flagsAdd(width: Width, a: V, b: V, result: V): void;
  flagsSub(width: Width, a: V, b: V, result: V): void;
  flagsLogic(width: Width, result: V): void;
  /** INC and DEC: all but CF. */
  flagsIncrement(width: Width, result: V): void;
  flagsDecrement(width: Width, result: V): void;
  /** As a shift of `a` by `count` (width 32, as masked by the CPU) does: nothing where it is 0. */
  flagsShift(shift: Shift, width: Width, a: V, count: V, result: V): void;
  /** One flag from a bit, or the same as before where `keep` is 1; the others keep theirs. */
  setFlag(flag: Flag, bit: V, keep?: V): void;
  /** ZF, PF and CF from bits, the others cleared (COMISD, PTEST); `above` is a bit that says that ZF and CF are 0. */
  setFlagsZPC(zf: V, pf: V, cf: V, above?: V): void;
  flag(flag: Flag): V;
  /** DF: where string instructions go from. */
  setDirection(direction: "up" | "down"): void;
  /** A bit: condition 0 to 15 of `conditions`. */
  condition(code: number): V;

  /** #GP unless an indirect target is canonical: before the stack is touched. Translators may leave it to the jump. */
  checkTarget(target: V): void;
}
