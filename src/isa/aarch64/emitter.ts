// What the semantics of aarch64 instructions are written against: one function per row serves the interpreter (values are
// evaluated at once) and the translator (values become WebAssembly). Specification: Arm ARM (DDI 0487), B1.2 (registers).
import type { CommonEmitter } from "../emitter.js";

/** What general registers are read and written as. */
export type RegisterWidth = 32 | 64;

/** What the lowest lane of a SIMD&FP register is read and written as. */
export type LowType = 8 | 16 | 32 | 64 | "f32" | "f64";

/** PSTATE's condition flags, by bit number in NZCV and SPSR. */
export const flagBits = { N: 31, Z: 30, C: 29, V: 28 } as const;
export type Flag = keyof typeof flagBits;

/** Conditions by their number in encodings. AL and NV are always true. */
export const conditions = "eq ne cs cc mi pl vs vc hi ls ge lt gt le al nv".split(" ");

/** SP by its number among the general registers; where an encoding means ZR by 31, semantics do not ask. */
export const SP = 31;

/**
 * An instruction of several stores may have done those before one that faults, as the manual allows: it is executed again.
 * `load` and `store`: aligned to the access's size, or an alignment fault.
 */
export interface Emitter<V> extends CommonEmitter<V> {
  /** X0 to X30, and SP as 31. Writes of width 32 clear the upper half. */
  register(width: RegisterWidth, index: number): V;
  setRegister(width: RegisterWidth, index: number, value: V): void;

  /** V0 to V31, all 128 bits. */
  simd(index: number): V;
  setSimd(index: number, value: V): void;
  simdLow(type: LowType, index: number): V;
  /** The lowest lane, and zeros above it. */
  setSimdLowZero(type: LowType, index: number, value: V): void;

  /** addend + a * b, rounded once. */
  fusedMultiplyAdd(type: "f32" | "f64", addend: V, a: V, b: V): V;
  /** The same of so many lanes from the lowest on; what is above them is anything. */
  fusedMultiplyAddLanes(type: "f32" | "f64", lanes: number, addend: V, a: V, b: V): V;

  /** TPIDR_EL0, width 64. */
  threadPointer(): V;
  setThreadPointer(value: V): void;

  /** NZCV of a + b; with a carry in, that is in `result`. */
  flagsAdd(width: RegisterWidth, a: V, b: V, result: V): void;
  /** NZCV of a - b; C is set where there is no borrow. */
  flagsSub(width: RegisterWidth, a: V, b: V, result: V): void;
  /** N and Z of `result`; C and V are 0. */
  flagsLogic(width: RegisterWidth, result: V): void;
  /** Each from a bit. */
  setFlags(n: V, z: V, c: V, v: V): void;
  flag(flag: Flag): V;
  /** A bit: condition 0 to 15 of `conditions`. */
  condition(code: number): V;
}
