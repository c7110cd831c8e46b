// Integer operations of every width on nodes: 64 bits are an i64, everything narrower an i32 whose bits above the
// width mean nothing; they are cleared only where they would show.
import type { Width } from "../../../isa/emitter.js";
import { op } from "../../../wasm/opcodes.js";
import {
  binary32,
  binary64,
  extendS,
  extendU,
  i32,
  i64,
  isConstant,
  isZero,
  type Node,
  node,
  unary,
  wrap,
} from "./node.js";

type Binary = "add" | "sub" | "mul" | "and" | "or" | "xor" | "shl";

/** Operations whose low bits depend on low bits only. */
export const binary = (name: Binary, width: Width, a: Node, b: Node): Node =>
  width === 64
    ? binary64(op[`i64.${name}`], a, name === "shl" ? extendU(b) : b)
    : binary32(op[`i32.${name}`], a, b);

/** The value with nothing above its width. */
export function zeroExtended(width: Width, a: Node): Node {
  return width >= 32 ? a : binary32(op["i32.and"], a, i32(width === 8 ? 0xff : 0xffff));
}

/** The value with its sign above its width. */
export function signExtended(width: Width, a: Node): Node {
  if (width >= 32 || a.bits < width) return a;
  if (isConstant(a)) return i32(width === 8 ? (a.imm << 24) >> 24 : (a.imm << 16) >> 16);
  return unary(width === 8 ? op["i32.extend8_s"] : op["i32.extend16_s"], "i32", a);
}

export function shr(width: Width, a: Node, count: Node): Node {
  return width === 64
    ? binary64(op["i64.shr_u"], a, extendU(count))
    : binary32(op["i32.shr_u"], zeroExtended(width, a), count);
}

export function sar(width: Width, a: Node, count: Node): Node {
  return width === 64
    ? binary64(op["i64.shr_s"], a, extendU(count))
    : binary32(op["i32.shr_s"], signExtended(width, a), count);
}

export function rotate(left: boolean, width: Width, a: Node, count: Node): Node {
  if (width === 64) return binary64(op[left ? "i64.rotl" : "i64.rotr"], a, extendU(count));
  if (width === 32) return binary32(op[left ? "i32.rotl" : "i32.rotr"], a, count);
  const value = zeroExtended(width, a);
  const rest = binary32(op["i32.sub"], i32(width), count);
  const [up, down] = left ? [count, rest] : [rest, count];
  return binary32(op["i32.or"], binary32(op["i32.shl"], value, up), binary32(op["i32.shr_u"], value, down));
}

export function clz(width: Width, a: Node): Node {
  if (width === 64) return unary(op["i64.clz"], "i64", a, 7);
  return binary32(op["i32.sub"], unary(op["i32.clz"], "i32", zeroExtended(width, a), 6), i32(32 - width));
}

export function ctz(width: Width, a: Node): Node {
  if (width === 64) return unary(op["i64.ctz"], "i64", a, 7);
  const value = width === 32 ? a : binary32(op["i32.or"], a, i32(1 << width));
  return unary(op["i32.ctz"], "i32", value, 6);
}

export function popcnt(width: Width, a: Node): Node {
  if (width === 64) return unary(op["i64.popcnt"], "i64", a, 7);
  return unary(op["i32.popcnt"], "i32", zeroExtended(width, a), 6);
}

export function byteSwap(width: Width, a: Node): Node {
  if (width === 16) return rotate(true, 16, a, i32(8));
  if (width === 64) {
    const low = byteSwap(32, wrap(a));
    const high = byteSwap(32, wrap(shr(64, a, i32(32))));
    return binary64(op["i64.or"], binary64(op["i64.shl"], extendU(low), i64(32)), extendU(high));
  }
  const even = binary32(op["i32.and"], a, i32(0x00ff00ff));
  const odd = binary32(op["i32.and"], a, i32(0xff00ff00 | 0));
  return binary32(op["i32.or"], rotate(false, 32, even, i32(8)), rotate(true, 32, odd, i32(8)));
}

/** The upper half of a product; 64 bits from four products of halves. */
export function mulHigh(signed: boolean, width: Width, a: Node, b: Node): Node {
  const extend = signed ? signExtended : zeroExtended;
  if (width < 32) {
    return binary32(op["i32.shr_s"], binary32(op["i32.mul"], extend(width, a), extend(width, b)), i32(width));
  }
  if (width === 32) {
    const wide = signed ? extendS : extendU;
    return wrap(shr(64, binary64(op["i64.mul"], wide(a), wide(b)), i32(32)));
  }
  const low = (n: Node) => binary64(op["i64.and"], n, i64(-1, 0));
  const high = (n: Node) => shr(64, n, i32(32));
  const mul = (x: Node, y: Node) => binary64(op["i64.mul"], x, y);
  const add = (x: Node, y: Node) => binary64(op["i64.add"], x, y);
  const [aLow, aHigh, bLow, bHigh] = [low(a), high(a), low(b), high(b)];
  const middle = add(mul(aHigh, bLow), high(mul(aLow, bLow)));
  const cross = add(mul(aLow, bHigh), low(middle));
  const product = add(add(mul(aHigh, bHigh), high(middle)), high(cross));
  if (!signed) return product;
  const negative = (x: Node, y: Node) => binary64(op["i64.and"], sar(64, x, i32(63)), y);
  return binary64(op["i64.sub"], binary64(op["i64.sub"], product, negative(a, b)), negative(b, a));
}

const bit = (opcode: number, a: Node, b?: Node): Node => node(opcode, "i32", a, b, undefined, 1);

export function equal(width: Width, a: Node, b: Node): Node {
  if (a === b) return i32(1);
  if (width === 64) return isZero(b) ? bit(op["i64.eqz"], a) : bit(op["i64.eq"], a, b);
  const [left, right] = [zeroExtended(width, a), zeroExtended(width, b)];
  if (isConstant(left) && isConstant(right)) return i32(left.imm === right.imm ? 1 : 0);
  return isZero(right) ? not(left) : bit(op["i32.eq"], left, right);
}

export function less(signed: boolean, width: Width, a: Node, b: Node): Node {
  if (width === 64) return bit(signed ? op["i64.lt_s"] : op["i64.lt_u"], a, b);
  const extend = signed ? signExtended : zeroExtended;
  return bit(signed ? op["i32.lt_s"] : op["i32.lt_u"], extend(width, a), extend(width, b));
}

/** Whether `a` is not greater than `b`. */
export function atMost(signed: boolean, width: Width, a: Node, b: Node): Node {
  if (width === 64) return bit(signed ? op["i64.le_s"] : op["i64.le_u"], a, b);
  const extend = signed ? signExtended : zeroExtended;
  return bit(signed ? op["i32.le_s"] : op["i32.le_u"], extend(width, a), extend(width, b));
}

/** Comparisons and their negations, so that a negated comparison stays one instruction. */
const negations: readonly (readonly [number, number])[] = (
  [
    ["i32.eq", "i32.ne"],
    ["i64.eq", "i64.ne"],
    ["i32.lt_s", "i32.ge_s"],
    ["i32.lt_u", "i32.ge_u"],
    ["i64.lt_s", "i64.ge_s"],
    ["i64.lt_u", "i64.ge_u"],
    ["i32.le_s", "i32.gt_s"],
    ["i32.le_u", "i32.gt_u"],
    ["i64.le_s", "i64.gt_s"],
    ["i64.le_u", "i64.gt_u"],
  ] as const
).map(([one, other]) => [op[one], op[other]]);
const negation = new Map(negations.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]));

/** Whether the value is 0. */
export function not(a: Node): Node {
  if (isConstant(a)) return i32(a.imm === 0 ? 1 : 0);
  const opposite = negation.get(a.op);
  if (opposite !== undefined && a.a !== undefined) return bit(opposite, a.a, a.b);
  if (a.op === op["i32.eqz"] && a.a?.bits === 1) return a.a;
  return bit(op["i32.eqz"], a);
}

/** The sign bit as a bit. */
export function negative(width: Width, a: Node): Node {
  if (width === 64) return bit(op["i64.lt_s"], a, i64(0));
  return bit(op["i32.lt_s"], signExtended(width, a), i32(0));
}

export function extendUnsigned(to: Width, from: Width, a: Node): Node {
  const value = zeroExtended(from, a);
  return to === 64 && from !== 64 ? extendU(value) : value;
}

export function extendSigned(to: Width, from: Width, a: Node): Node {
  const value = signExtended(from, a);
  return to === 64 && from !== 64 ? extendS(value) : value;
}

export const truncate = (to: Width, from: Width, a: Node): Node => (from === 64 && to !== 64 ? wrap(a) : a);

/** The part of a 64-bit register that a narrower read sees, where it was written just so. */
export function lowPart(width: Width, whole: Node): Node {
  const mask = whole.a?.b;
  const isInserted = whole.op === op["i64.or"] && whole.a?.op === op["i64.and"] && mask !== undefined;
  const matches = isInserted && isConstant(mask) && mask.high === -1 && mask.imm === ~lowMask(width);
  return width < 32 && matches && whole.b !== undefined ? whole.b : whole;
}

const lowMask = (width: Width) => (width === 8 ? 0xff : 0xffff);

/** A 64-bit register with its low 8 or 16 bits replaced. */
export function insert(width: Width, whole: Node, value: Node): Node {
  const kept = binary64(op["i64.and"], whole, i64(~lowMask(width), -1));
  return node(op["i64.or"], "i64", kept, extendU(zeroExtended(width, value)));
}

/** A 64-bit register with bits 8 to 15 replaced. */
export function insertHigh(whole: Node, value: Node): Node {
  const kept = binary64(op["i64.and"], whole, i64(~0xff00, -1));
  return binary64(op["i64.or"], kept, extendU(binary32(op["i32.shl"], zeroExtended(8, value), i32(8))));
}
