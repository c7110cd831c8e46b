// What the semantics of x86-64 instructions are written against: one function per mnemonic serves the interpreter
// (values are evaluated at once), the translator (values become WebAssembly) and the effects recorder.
import type { VectorOperation, FloatOperation, ExtractOperation, ReplaceOperation } from "./operation.js";

/** Widths of integers in bits. */
export type Width = 8 | 16 | 32 | 64;

/** What a value can be; a `bit` is a value of width 32 that is 0 or 1. */
export type ValueType = Width | "f32" | "f64" | "v128";

/** The status flags by bit number in RFLAGS. */
export const flagBits = { CF: 0, PF: 2, AF: 4, ZF: 6, SF: 7, OF: 11 } as const;
export type Flag = keyof typeof flagBits;

/** All six status flags as a mask of RFLAGS. */
export const STATUS_FLAGS = 0x8d5;

/** Conditions by their number in the encodings of Jcc, SETcc and CMOVcc. */
export const conditions = "O NO B AE E NE BE A S NS P NP L GE LE G".split(" ");

/** A shift that sets the flags as SHL, SHR or SAR do. */
export type Shift = "shl" | "shr" | "sar";

/**
 * `V` is a value of some `ValueType`, opaque to the semantics; the width given to an operation is that of its operands.
 * Values never change: reading a register gives what it holds at that moment.
 *
 * An instruction makes all its loads and then at most one store before it sets a register or a flag: a load, a store
 * or `divide` may raise a fault, and a fault comes before any effect.
 */
export interface Emitter<V> {
  /** `high` is the upper half of a 64-bit constant, by default the sign of `low`. */
  constant(width: Width, low: number, high?: number): V;

  add(width: Width, a: V, b: V): V;
  sub(width: Width, a: V, b: V): V;
  mul(width: Width, a: V, b: V): V;
  and(width: Width, a: V, b: V): V;
  or(width: Width, a: V, b: V): V;
  xor(width: Width, a: V, b: V): V;
  /** `count` is a value of width 32: below 32, or 64 where the width is 64; it may exceed widths 8 and 16. */
  shl(width: Width, a: V, count: V): V;
  shr(width: Width, a: V, count: V): V;
  sar(width: Width, a: V, count: V): V;
  /** `count` is a value of width 32, below the width. */
  rotl(width: Width, a: V, count: V): V;
  rotr(width: Width, a: V, count: V): V;
  /** The width, for 0. */
  clz(width: Width, a: V): V;
  ctz(width: Width, a: V): V;
  popcnt(width: Width, a: V): V;
  byteSwap(width: Width, a: V): V;
  /** The upper half of the product. */
  mulHigh(signed: boolean, width: Width, a: V, b: V): V;
  /** high:low / divisor, or #DE where the quotient does not fit. */
  divide(signed: boolean, width: Width, high: V, low: V, divisor: V): { quotient: V; remainder: V };

  /** Comparisons give a bit. */
  equal(width: Width, a: V, b: V): V;
  lessUnsigned(width: Width, a: V, b: V): V;
  lessSigned(width: Width, a: V, b: V): V;
  select(type: ValueType, bit: V, whenOne: V, whenZero: V): V;

  extendUnsigned(to: Width, from: Width, a: V): V;
  extendSigned(to: Width, from: Width, a: V): V;
  truncate(to: Width, from: Width, a: V): V;

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

  /** `address` is a value of width 64, segment base included. `aligned`: #GP unless a multiple of 16. */
  load(type: ValueType, address: V, aligned?: boolean): V;
  store(type: ValueType, address: V, value: V, aligned?: boolean): void;
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
  /** A bit: condition 0 to 15 of `conditions`. */
  condition(code: number): V;

  /** A scalar floating-point or conversion instruction by WebAssembly's name. */
  float(operation: FloatOperation, a: V, b?: V): V;
  /** A packed instruction by WebAssembly's name; shifts take their count as a value of width 32. */
  vector(operation: VectorOperation, a: V, b?: V, c?: V): V;
  constantVector(bytes: readonly number[]): V;
  extractLane(operation: ExtractOperation, lane: number, a: V): V;
  replaceLane(operation: ReplaceOperation, lane: number, a: V, value: V): V;
  /** i8x16.shuffle: lanes 0 to 15 of `a`, 16 to 31 of `b`. */
  shuffle(lanes: readonly number[], a: V, b: V): V;

  /** #GP unless an indirect target is canonical: before the stack is touched. Translators may leave it to the jump. */
  checkTarget(target: V): void;
  /** Ends the instruction at `target`, a canonical address as a signed number. */
  jump(target: number): void;
  jumpIf(bit: V, target: number): void;
  /** The return address is already on the stack. */
  call(target: number): void;
  jumpTo(target: V): void;
  callTo(target: V): void;
  /** The return address is already off the stack. */
  ret(target: V): void;
}
