// How semantics of SSE reach their operands: whole registers, low lanes, memory with and without alignment, constants.
import type { Emitter } from "./emitter.js";
import type { Instruction, Operand } from "./instruction.js";
import { effectiveAddress, operand } from "./operands.js";

export type Lane = 32 | 64 | "f32" | "f64";

/** The number of an XMM register operand. */
export function xmmOf(o: Operand): number {
  if (o.kind !== "xmm") throw new RangeError(`a ${o.kind} operand is no XMM register`);
  return o.index;
}

/** All of a register or of memory; most instructions want it aligned, but for the parts of MMX. */
export function readVector<V>(e: Emitter<V>, o: Operand, aligned = true): V {
  if (o.kind === "memory" && o.width < 128) return readPart(e, o);
  return o.kind === "memory" ? e.load("v128", effectiveAddress(e, o), aligned) : e.xmm(xmmOf(o));
}

/** The lowest lane, or as much of memory. */
export function readLow<V>(e: Emitter<V>, o: Operand, lane: Lane): V {
  return o.kind === "memory" ? e.load(lane, effectiveAddress(e, o)) : e.xmmLow(lane, xmmOf(o));
}

/** A vector whose low part is a register's or as much of memory as the operand is wide; the rest is not looked at. */
export function readPart<V>(e: Emitter<V>, o: Operand): V {
  if (o.kind !== "memory") return e.xmm(xmmOf(o));
  const address = effectiveAddress(e, o);
  if (o.width === 64) return e.vector("f64x2.splat", e.load("f64", address));
  if (o.width === 32) return e.vector("f32x4.splat", e.load("f32", address));
  return e.vector("i32x4.splat", e.extendUnsigned(32, 16, e.load(16, address)));
}

/** The immediate at a position, as an unsigned byte. */
export function imm8(i: Instruction, position: number): number {
  const o = operand(i, position);
  if (o.kind !== "immediate") throw new RangeError(`${i.row.mnemonic} has no immediate ${position}`);
  return o.low & 0xff;
}

export const zero = <V>(e: Emitter<V>): V => e.constantVector(Array.from({ length: 16 }, () => 0));

/** The same lane throughout, from its bytes in little-endian order. */
export const splatBytes = <V>(e: Emitter<V>, ...bytes: readonly number[]): V =>
  e.constantVector(Array.from({ length: 16 }, (_, n) => bytes[n % bytes.length] ?? 0));

/** Byte lanes of a shuffle, from lanes of `size` bytes. */
export const byteLanes = (size: number, lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => Array.from({ length: size }, (_, n) => lane * size + n));

/** A constant of a floating-point type, from the bits of a double. */
export function floatConstant<V>(e: Emitter<V>, type: "f32" | "f64", value: number): V {
  const view = new DataView(new ArrayBuffer(8));
  if (type === "f32") {
    view.setFloat32(0, value);
    return e.float("f32.reinterpret_i32", e.constant(32, view.getInt32(0)));
  }
  view.setFloat64(0, value);
  return e.float("f64.reinterpret_i64", e.constant(64, view.getInt32(4), view.getInt32(0)));
}
