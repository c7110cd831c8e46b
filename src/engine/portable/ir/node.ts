// Values of a block under translation: expressions over the registers at its start, loads and constants. Every node is
// one WebAssembly instruction; what can be simplified is simplified when it is made.
import { op } from "../../../wasm/opcodes.js";
import type { ValueType } from "../../../wasm/opcodes.js";
import { type Part, partTypes } from "./parts.js";
import type { RegisterFile } from "./register-file.js";

/** `op` of nodes that are no instruction of their own. */
export const pseudo = {
  /** A constant: `imm`, and `high` where it has 64 bits; `bytes` where it has 128. */
  constant: 0x10000,
  /** What slot `imm` held at the start of the block. */
  entry: 0x10001,
  /** The same as `a`: what an entry becomes that is another's. */
  same: 0x10002,
} as const;

/** Prefixes of two-byte opcodes: a SIMD instruction's `op` is `simdPrefix` + its number. */
export const simdPrefix = 0xfd00;
export const saturatingPrefix = 0xfc00;

export interface Node {
  /** With its operands, an entry's changes once: when it is known which slots there are. */
  op: number;
  readonly type: ValueType;
  a: Node | undefined;
  b: Node | undefined;
  readonly c: Node | undefined;
  /** Constant, slot, lane, or a load's offset. */
  imm: number;
  /** The upper half of a constant; of an entry that has a vector register or a part of one, see `vectorEntry`. */
  high: number;
  readonly bytes: readonly number[] | undefined;
  /** Unsigned, the value is below 2 to this power. */
  readonly bits: number;
  /** How often it is still to be used, while code is emitted; counted just before. */
  uses: number;
  /** The local that holds it, or -1. */
  local: number;
  /** Its low half, or the zero-extension of 32 bits, once asked for: equal nodes are the same node where it matters. Of
   *  an entry that has a part of a register, the register's. */
  low: Node | undefined;
  /** Nodes made of this one before: what is computed twice in a block is one node. */
  derived: Node[] | undefined;
  /** Seen by the current walk over a block. */
  mark: boolean;
}

export function node(
  opcode: number,
  type: ValueType,
  a?: Node,
  b?: Node,
  c?: Node,
  bits = type === "i32" ? 32 : 64,
  imm = 0,
  high = 0,
  bytes?: readonly number[],
): Node {
  return {
    op: opcode,
    type,
    a,
    b,
    c,
    imm,
    high,
    bytes,
    bits,
    uses: 0,
    local: -1,
    low: undefined,
    derived: undefined,
    mark: false,
  };
}

function entry(type: ValueType, slot: number, high: number): Node {
  return node(pseudo.entry, type, undefined, undefined, undefined, type === "i32" ? 1 : 64, slot, high);
}

/** Of an entry that has part of a vector register: which, and how far its parts' slots are apart. */
const vectorEntry = (which: Part, stride: number): number => stride * 8 + which + 1;

/** What a slot holds at the start of the block. */
export function entryNode(file: RegisterFile, slot: number): Node {
  const high = file.isVector(slot) ? vectorEntry(file.partOf(slot), file.vectors) : 0;
  return entry(file.typeOf(slot), slot, high);
}

/** Whether a value is what a vector register, or the part of one, holds at the start of the block. */
export const isPart = (n: Node, which: Part): boolean => n.op === pseudo.entry && (n.high & 7) === which + 1;

/** Part of a vector register at the start of the block. */
export function partOf(whole: Node, which: Part): Node {
  const stride = whole.high >> 3;
  const slot = whole.imm + which * stride;
  const known = (whole.derived ??= []);
  let found = known.find(({ op: opcode, imm }) => opcode === pseudo.entry && imm === slot);
  if (found === undefined) {
    found = entry(partTypes[which], slot, vectorEntry(which, stride));
    found.low = whole;
    known.push(found);
  }
  return found;
}

const bitLength = (value: number) => 32 - Math.clz32(value);

export function i32(value: number): Node {
  const bits = bitLength(value);
  return node(pseudo.constant, "i32", undefined, undefined, undefined, bits, value | 0);
}

/** A 64-bit constant by halves; `high` is by default the sign of `low`. */
export function i64(low: number, high = low >> 31): Node {
  const bits = (high | 0) === 0 ? bitLength(low) : 32 + bitLength(high);
  return node(pseudo.constant, "i64", undefined, undefined, undefined, bits, low | 0, high | 0);
}

/** A 64-bit constant from a safe integer. */
export const i64FromNumber = (value: number): Node => i64(value | 0, Math.floor(value / 2 ** 32) | 0);

export const v128 = (bytes: readonly number[]): Node =>
  node(pseudo.constant, "v128", undefined, undefined, undefined, 64, 0, 0, bytes);

export const isConstant = (n: Node): boolean => n.op === pseudo.constant;
export const isZero = (n: Node): boolean => n.op === pseudo.constant && n.imm === 0 && n.high === 0;
/** A constant of 64 bits that a number holds exactly, or undefined. */
export function constantOf(n: Node): number | undefined {
  if (n.op !== pseudo.constant) return undefined;
  if (n.type === "i32") return n.imm;
  const value = n.high * 2 ** 32 + (n.imm >>> 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

const foldable: Readonly<Record<number, (a: number, b: number) => number>> = {
  [op["i32.add"]]: (a, b) => a + b,
  [op["i32.sub"]]: (a, b) => a - b,
  [op["i32.mul"]]: (a, b) => Math.imul(a, b),
  [op["i32.and"]]: (a, b) => a & b,
  [op["i32.or"]]: (a, b) => a | b,
  [op["i32.xor"]]: (a, b) => a ^ b,
  [op["i32.shl"]]: (a, b) => a << b,
  [op["i32.shr_u"]]: (a, b) => a >>> b,
  [op["i32.shr_s"]]: (a, b) => a >> b,
};

/** What `bits` of a result is, from its operands'; 32 or 64 where nothing is known. */
function resultBits(opcode: number, a: Node, b: Node): number {
  switch (opcode) {
    case op["i32.and"]:
    case op["i64.and"]:
      return Math.min(a.bits, b.bits);
    case op["i32.or"]:
    case op["i32.xor"]:
    case op["i64.or"]:
    case op["i64.xor"]:
      return Math.max(a.bits, b.bits);
    case op["i32.shr_u"]:
    case op["i64.shr_u"]:
      return isConstant(b) ? Math.max(0, a.bits - (b.imm & 63)) : a.bits;
    case op["i32.add"]:
      return Math.min(32, Math.max(a.bits, b.bits) + 1);
    case op["i64.add"]:
      return Math.min(64, Math.max(a.bits, b.bits) + 1);
    case op["i32.mul"]:
      return Math.min(32, a.bits + b.bits);
    case op["i64.mul"]:
      return Math.min(64, a.bits + b.bits);
    case op["i32.shl"]:
      return isConstant(b) ? Math.min(32, a.bits + (b.imm & 31)) : 32;
    case op["i64.shl"]:
      return isConstant(b) ? Math.min(64, a.bits + (b.imm & 63)) : 64;
    default:
      return opcode < op["i64.clz"] ? 32 : 64;
  }
}

/** A node of two operands, or the one that was made of the same before. */
function shared(opcode: number, type: "i32" | "i64", a: Node, b: Node): Node {
  const known = (a.derived ??= []);
  for (let index = known.length - 1; index >= 0 && index >= known.length - SEARCHED; index--) {
    const found = known[index];
    if (found?.op === opcode && found.b !== undefined && isSame(found.b, b)) return found;
  }
  const made = node(opcode, type, a, b, undefined, resultBits(opcode, a, b));
  known.push(made);
  return made;
}

/** How many of a node's latest uses are looked at. */
const SEARCHED = 12;

const isSame = (a: Node, b: Node): boolean =>
  a === b || (isConstant(a) && isConstant(b) && a.imm === b.imm && a.high === b.high && a.type === b.type);

/** An integer operation of two operands on 32 bits. */
export function binary32(opcode: number, a: Node, b: Node): Node {
  const fold = foldable[opcode];
  if (isConstant(a) && isConstant(b) && fold !== undefined) return i32(fold(a.imm, b.imm));
  if (isZero(b)) {
    if (opcode === op["i32.and"]) return b;
    if (opcode !== op["i32.mul"]) return a;
  }
  if (a === b && (opcode === op["i32.xor"] || opcode === op["i32.sub"])) return i32(0);
  if (a === b && (opcode === op["i32.and"] || opcode === op["i32.or"])) return a;
  if (opcode === op["i32.and"] && isConstant(b) && keepsAll(b.imm, a.bits)) return a;
  if (opcode === op["i32.xor"] && isConstant(b) && b.imm === 1 && a.bits === 1) return inverted(a);
  if (opcode === op["i32.sub"] && isConstant(b)) return binary32(op["i32.add"], a, i32(-b.imm));
  if (
    opcode === op["i32.add"] &&
    isConstant(b) &&
    a.op === opcode &&
    a.a !== undefined &&
    isConstant(a.b ?? a)
  ) {
    return binary32(opcode, a.a, i32(b.imm + (a.b?.imm ?? 0)));
  }
  return shared(opcode, "i32", a, b);
}

/** The other bit. */
const inverted = (bit: Node): Node =>
  bit.op === op["i32.eqz"] && bit.a?.bits === 1
    ? bit.a
    : node(op["i32.eqz"], "i32", bit, undefined, undefined, 1);

/** Whether a mask has all the low bits that a value may have. */
const keepsAll = (mask: number, bits: number) => bits < 32 && (~mask & ((1 << bits) - 1)) === 0;

/** An integer operation of two operands on 64 bits. */
export function binary64(opcode: number, a: Node, b: Node): Node {
  if (isConstant(a) && !isConstant(b) && opcode === op["i64.add"]) return binary64(opcode, b, a);
  if (isZero(b)) {
    if (opcode === op["i64.and"]) return b;
    if (opcode !== op["i64.mul"]) return a;
  }
  if (a === b && (opcode === op["i64.xor"] || opcode === op["i64.sub"])) return i64(0);
  if (a === b && (opcode === op["i64.and"] || opcode === op["i64.or"])) return a;
  if (isConstant(b)) {
    if (opcode === op["i64.shl"] && isConstant(a)) return shifted(a, b.imm & 63);
    if (opcode === op["i64.sub"] && !isConstant(a)) return binary64(op["i64.add"], a, negated(b));
    if (opcode === op["i64.add"]) {
      if (isConstant(a)) return sum(a, b);
      if (a.op === opcode && a.a !== undefined && a.b !== undefined && isConstant(a.b)) {
        return binary64(opcode, a.a, sum(a.b, b));
      }
    }
    if (opcode === op["i64.and"] && b.high === 0 && a.bits <= 32 && keepsAll(b.imm, a.bits)) return a;
  }
  return shared(opcode, "i64", a, b);
}

function negated(n: Node): Node {
  return i64(-n.imm, n.imm === 0 ? -n.high : ~n.high);
}

/** By 1 to 63 bits to the left. */
const shifted = ({ imm, high }: Node, by: number): Node =>
  by >= 32 ? i64(0, imm << (by - 32)) : i64(imm << by, (high << by) | (imm >>> (32 - by)));

function sum(a: Node, b: Node): Node {
  const low = (a.imm >>> 0) + (b.imm >>> 0);
  return i64(low | 0, a.high + b.high + (low >= 2 ** 32 ? 1 : 0));
}

export const unary = (opcode: number, type: ValueType, a: Node, bits?: number): Node =>
  node(opcode, type, a, undefined, undefined, bits);

/** One of two values, by a bit. */
export function select(type: ValueType, bit: Node, whenOne: Node, whenZero: Node): Node {
  if (isConstant(bit)) return bit.imm === 0 ? whenZero : whenOne;
  return node(op.select, type, whenOne, whenZero, bit, Math.max(whenOne.bits, whenZero.bits));
}

/** The low half. */
export function wrap(a: Node): Node {
  if (isConstant(a)) return i32(a.imm);
  if ((a.op === op["i64.extend_i32_u"] || a.op === op["i64.extend_i32_s"]) && a.a !== undefined) return a.a;
  return (a.low ??= node(op["i32.wrap_i64"], "i32", a, undefined, undefined, Math.min(32, a.bits)));
}

export function extendU(a: Node): Node {
  if (isConstant(a)) return i64(a.imm, 0);
  if (a.op === op["i32.wrap_i64"] && a.a !== undefined && a.a.bits <= 32) return a.a;
  return (a.low ??= node(op["i64.extend_i32_u"], "i64", a, undefined, undefined, a.bits));
}

export function extendS(a: Node): Node {
  if (isConstant(a)) return i64(a.imm);
  if (a.bits < 32) return extendU(a);
  return node(op["i64.extend_i32_s"], "i64", a);
}
