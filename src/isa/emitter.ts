// What semantics of any ISA are written against: arithmetic on values, loads and stores, jumps. Each ISA's emitter adds its
// registers and flags. One function for each instruction serves the interpreter, which evaluates at once, and the translator, for
// which values become WebAssembly.
import type { ExtractOperation, FloatOperation, ReplaceOperation, VectorOperation } from "./operation.js";

/** Widths of integers in bits. */
export type Width = 8 | 16 | 32 | 64;

/** What a value can be; a `bit` is a value of width 32 that is 0 or 1. */
export type ValueType = Width | "f32" | "f64" | "v128";

/** `V` is a value of some `ValueType`, opaque to the semantics; the width given to an operation is that of its operands. */
export interface Values<V> {
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
  /** high:low / divisor, or a fault of the ISA where the quotient does not fit. */
  divide(signed: boolean, width: Width, high: V, low: V, divisor: V): { quotient: V; remainder: V };

  /** Comparisons give a bit. */
  equal(width: Width, a: V, b: V): V;
  lessUnsigned(width: Width, a: V, b: V): V;
  lessSigned(width: Width, a: V, b: V): V;
  select(type: ValueType, bit: V, whenOne: V, whenZero: V): V;

  extendUnsigned(to: Width, from: Width, a: V): V;
  extendSigned(to: Width, from: Width, a: V): V;
  truncate(to: Width, from: Width, a: V): V;

  /** A scalar floating-point or conversion instruction by WebAssembly's name. */
  float(operation: FloatOperation, a: V, b?: V): V;
  /** A packed instruction by WebAssembly's name; shifts take their count as a value of width 32. */
  vector(operation: VectorOperation, a: V, b?: V, c?: V): V;
  constantVector(bytes: readonly number[]): V;
  extractLane(operation: ExtractOperation, lane: number, a: V): V;
  replaceLane(operation: ReplaceOperation, lane: number, a: V, value: V): V;
  /** i8x16.shuffle: lanes 0 to 15 of `a`, 16 to 31 of `b`. */
  shuffle(lanes: readonly number[], a: V, b: V): V;
}

/**
 * Values never change: reading a register gives what it holds at that moment.
 *
 * An instruction makes all its loads and then at most one store before it sets a register or a flag: a load, a store
 * or `divide` may raise a fault, and a fault comes before any effect.
 */
export interface CommonEmitter<V> extends Values<V> {
  /** `address` is a value of width 64, linear. `aligned`: a fault unless a multiple of what the instruction wants. */
  load(type: ValueType, address: V, aligned?: boolean): V;
  store(type: ValueType, address: V, value: V, aligned?: boolean): void;

  /** Ends the instruction at `target`, a canonical address as a signed number. */
  jump(target: number): void;
  jumpIf(bit: V, target: number): void;
  /** The return address is already where the ISA has it. */
  call(target: number): void;
  jumpTo(target: V): void;
  callTo(target: V): void;
  /** The return address is already taken from where it was. */
  ret(target: V): void;
}
