// Packed operations on integers by WebAssembly's names, on slots: those that semantics of aarch64 name. Specification: WebAssembly 2.0,
// "Vector Instructions".
import type { ExtractOperation, ReplaceOperation, VectorOperation } from "../../../isa/operation.js";
import type { Slots } from "../../portable/values/slots.js";

/** Operands and result are indices of 32-bit words. */
type Evaluate = (s: Slots, d: number, a: number, b: number, c: number) => void;

type Lanes = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

const lanesOf = (s: Slots, bits: number, isSigned: boolean): Lanes => {
  if (bits === 8) return isSigned ? s.i8 : s.u8;
  if (bits === 16) return isSigned ? s.i16 : s.u16;
  return isSigned ? s.i32 : s.u32;
};

const byWords =
  (operation: (a: number, b: number, c: number) => number): Evaluate =>
  (s, d, a, b, c) => {
    for (let n = 0; n < 4; n++)
      s.i32[d + n] = operation(s.i32[a + n] ?? 0, s.i32[b + n] ?? 0, s.i32[c + n] ?? 0);
  };

const bitwise: Readonly<Record<string, Evaluate>> = {
  and: byWords((a, b) => a & b),
  or: byWords((a, b) => a | b),
  xor: byWords((a, b) => a ^ b),
  andnot: byWords((a, b) => a & ~b),
  not: byWords((a) => ~a),
  bitselect: byWords((a, b, c) => (a & c) | (b & ~c)),
};

/** Lane by lane; the arrays cut results to their width. The second operand of shifts is a count for all. */
const small: Readonly<Record<string, readonly [isSigned: boolean, (a: number, b: number) => number]>> = {
  add: [true, (a, b) => a + b],
  sub: [true, (a, b) => a - b],
  mul: [true, (a, b) => Math.imul(a, b)],
  eq: [true, (a, b) => (a === b ? -1 : 0)],
  gt_s: [true, (a, b) => (a > b ? -1 : 0)],
  abs: [true, (a) => Math.abs(a)],
  min_s: [true, Math.min],
  max_s: [true, Math.max],
  min_u: [false, Math.min],
  max_u: [false, Math.max],
};
const smallShifts: Readonly<Record<string, readonly [isSigned: boolean, (a: number, n: number) => number]>> =
  {
    shl: [true, (a, n) => a << n],
    shr_s: [true, (a, n) => a >> n],
    shr_u: [false, (a, n) => a >>> n],
  };
const large: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  eq: (a, b) => (a === b ? -1n : 0n),
  gt_s: (a, b) => (a > b ? -1n : 0n),
  abs: (a) => (a < 0n ? -a : a),
};
const largeShifts: Readonly<Record<string, (a: bigint, n: bigint) => bigint>> = {
  shl: (a, n) => a << n,
  shr_s: (a, n) => a >> n,
  shr_u: (a, n) => BigInt.asUintN(64, a) >> n,
};

function smallLanes(bits: number, name: string): Evaluate | undefined {
  const count = 128 / bits;
  const per = 32 / bits;
  if (name === "splat")
    return (s, d, a) => void lanesOf(s, bits, true).fill(s.i32[a] ?? 0, d * per, d * per + count);
  const shift = smallShifts[name];
  const found = shift ?? small[name];
  if (found === undefined) return undefined;
  const [isSigned, compute] = found;
  return (s, d, a, b) => {
    const lanes = lanesOf(s, bits, isSigned);
    const by = (s.i32[b] ?? 0) & (bits - 1);
    for (let n = 0; n < count; n++) {
      const other = shift === undefined ? (lanes[b * per + n] ?? 0) : by;
      lanes[d * per + n] = compute(lanes[a * per + n] ?? 0, other);
    }
  };
}

function largeLanes(name: string): Evaluate | undefined {
  if (name === "splat") return (s, d, a) => void s.u64.fill(s.u64[a >> 1] ?? 0n, d >> 1, (d >> 1) + 2);
  const shift = largeShifts[name];
  const compute = shift ?? large[name];
  if (compute === undefined) return undefined;
  return (s, d, a, b) => {
    const by = BigInt((s.i32[b] ?? 0) & 63);
    for (let n = 0; n < 2; n++) {
      const other = shift === undefined ? (s.i64[(b >> 1) + n] ?? 0n) : by;
      s.i64[(d >> 1) + n] = BigInt.asIntN(64, compute(s.i64[(a >> 1) + n] ?? 0n, other));
    }
  };
}

/** The lower lanes of half the size, extended. */
function extend(bits: number, isSigned: boolean): Evaluate {
  const half = bits / 2;
  const count = 128 / bits;
  const per = 32 / half;
  return (s, d, a) => {
    const from = lanesOf(s, half, isSigned);
    for (let n = 0; n < count; n++) {
      const value = from[a * per + n] ?? 0;
      if (bits === 64) s.i64[(d >> 1) + n] = BigInt(value);
      else lanesOf(s, bits, true)[(d * per) / 2 + n] = value;
    }
  };
}

const others: Readonly<Record<string, Evaluate>> = {
  "i8x16.swizzle": (s, d, a, b) => {
    for (let n = 0; n < 16; n++) {
      const at = s.u8[b * 4 + n] ?? 0;
      s.u8[d * 4 + n] = at < 16 ? (s.u8[a * 4 + at] ?? 0) : 0;
    }
  },
};

function make(operation: string): Evaluate {
  const [shape = "", name = ""] = operation.split(".");
  const bits = Number(/^[if](\d+)x/.exec(shape)?.[1] ?? 0);
  const extension = /^extend_low_\w+_([su])$/.exec(name);
  const found =
    others[operation] ??
    (shape === "v128" ? bitwise[name] : undefined) ??
    (extension !== null ? extend(bits, extension[1] === "s") : undefined) ??
    (bits === 64 ? largeLanes(name) : smallLanes(bits, name));
  if (found === undefined) throw new RangeError(operation);
  return found;
}

const made = new Map<string, Evaluate>();

/** Does one operation on slots: the result at `d`, which is none of the operands. */
export function evaluateVector(
  s: Slots,
  operation: VectorOperation,
  d: number,
  a: number,
  b: number,
  c: number,
): void {
  let evaluate = made.get(operation);
  if (evaluate === undefined) made.set(operation, (evaluate = make(operation)));
  evaluate(s, d, a, b, c);
}

const bitsOfLanes = (operation: string): number => Number(/^[if](\d+)/.exec(operation)?.[1] ?? 0);

export function evaluateExtract(
  s: Slots,
  operation: ExtractOperation,
  d: number,
  lane: number,
  a: number,
): void {
  const bits = bitsOfLanes(operation);
  if (bits === 64) s.i64[d >> 1] = s.i64[(a >> 1) + lane] ?? 0n;
  else s.i32[d] = lanesOf(s, bits, bits === 32)[(a * 32) / bits + lane] ?? 0;
}

export function evaluateReplace(
  s: Slots,
  operation: ReplaceOperation,
  d: number,
  lane: number,
  a: number,
  value: number,
): void {
  const bits = bitsOfLanes(operation);
  s.i32.copyWithin(d, a, a + 4);
  if (bits === 64) s.i64[(d >> 1) + lane] = s.i64[value >> 1] ?? 0n;
  else lanesOf(s, bits, true)[(d * 32) / bits + lane] = s.i32[value] ?? 0;
}
