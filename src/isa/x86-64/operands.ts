// How semantics reach an instruction's operands: addresses, reads and writes, the stack.
// Specification: Intel SDM volume 1, 3.7 (operand addressing).
import type { Emitter, Width } from "./emitter.js";
import type { Instruction, MemoryOperand, Operand } from "./instruction.js";

const RSP = 4;

/** The operand at `position`; the table and the decoder agree on how many there are. */
export function operand(i: Instruction, position: number): Operand {
  const found = i.operands[position];
  if (found === undefined) throw new RangeError(`${i.row.mnemonic} has no operand ${position}`);
  return found;
}

/** Base + index * scale + displacement, cut to the address width: what LEA gives. */
export function offsetOf<V>(e: Emitter<V>, m: MemoryOperand): V {
  let address: V | undefined;
  if (m.base >= 0) address = e.register(64, m.base);
  if (m.index >= 0) {
    let index = e.register(64, m.index);
    if (m.scale > 0) index = e.shl(64, index, e.constant(32, m.scale));
    address = address === undefined ? index : e.add(64, address, index);
  }
  if (address === undefined) address = e.constant(64, m.low, m.high);
  else if (m.low !== 0 || m.high !== 0) address = e.add(64, address, e.constant(64, m.low, m.high));
  if (m.addressWidth !== 64) {
    address = e.extendUnsigned(64, m.addressWidth, e.truncate(m.addressWidth, 64, address));
  }
  return address;
}

/** The operand's offset plus the base of FS or GS. */
export function effectiveAddress<V>(e: Emitter<V>, m: MemoryOperand): V {
  const offset = offsetOf(e, m);
  return m.segment >= 4 ? e.add(64, offset, e.segmentBase(m.segment)) : offset;
}

const isWidth = (bits: number): bits is Width => bits === 8 || bits === 16 || bits === 32 || bits === 64;

/** The width of an integer operand in bits. */
export function widthOf(o: Operand): Width {
  if (o.kind === "register" || o.kind === "immediate") return o.width;
  if (o.kind === "memory" && isWidth(o.width)) return o.width;
  throw new RangeError(`a ${o.kind} operand has no integer width`);
}

/** The address of an operand that is both read and written, so that it is computed once; undefined for registers. */
export function addressOf<V>(e: Emitter<V>, o: Operand): V | undefined {
  return o.kind === "memory" ? effectiveAddress(e, o) : undefined;
}

/** Reads an integer operand; an immediate is sign-extended to `width`. */
export function read<V>(e: Emitter<V>, o: Operand, width: Width = widthOf(o), address?: V): V {
  if (o.kind === "register") return o.high ? e.registerHigh(o.index) : e.register(width, o.index);
  if (o.kind === "memory") return e.load(width, address ?? effectiveAddress(e, o));
  if (o.kind === "immediate") return e.constant(width, o.low, o.high);
  throw new RangeError(`a ${o.kind} operand cannot be read as an integer`);
}

/** Writes an integer operand: memory before anything else, see `Emitter`. */
export function write<V>(e: Emitter<V>, o: Operand, value: V, width: Width = widthOf(o), address?: V): void {
  if (o.kind === "register") {
    if (o.high) e.setRegisterHigh(o.index, value);
    else e.setRegister(width, o.index, value);
  } else if (o.kind === "memory") e.store(width, address ?? effectiveAddress(e, o), value);
  else throw new RangeError(`a ${o.kind} operand cannot be written`);
}

/** Stores below the stack pointer and moves it. */
export function push<V>(e: Emitter<V>, width: 16 | 32 | 64, value: V): void {
  const rsp = e.sub(64, e.register(64, RSP), e.constant(64, width / 8));
  e.store(width, rsp, value);
  e.setRegister(64, RSP, rsp);
}

/** Loads from the stack and moves its pointer by the value's size. */
export function pop<V>(e: Emitter<V>, width: 16 | 32 | 64): V {
  const rsp = e.register(64, RSP);
  const value = e.load(width, rsp);
  e.setRegister(64, RSP, e.add(64, rsp, e.constant(64, width / 8)));
  return value;
}
