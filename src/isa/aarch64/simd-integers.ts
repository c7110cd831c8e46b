// Packed integer operations by lanes of a size, where WebAssembly has no instruction of its own for them. Specification: Arm ARM
// (DDI 0487), C7.2.
import type { Emitter } from "./emitter.js";
import {
  byteLanes,
  extractTo,
  laneBits,
  laneCount,
  mapLanes,
  shapeOf,
  splatConstant,
  valueWidth,
  vectorNot,
  vectorShift,
  zeros,
} from "./vector-operands.js";

/** An operation on two vectors of lanes of a size. */
export type Lanes = <V>(e: Emitter<V>, size: number, a: V, b: V) => V;

export const add: Lanes = (e, size, a, b) => e.vector(`${shapeOf(size)}.add`, a, b);
export const sub: Lanes = (e, size, a, b) => e.vector(`${shapeOf(size)}.sub`, a, b);
const and: Lanes = (e, _size, a, b) => e.vector("v128.and", a, b);
const or: Lanes = (e, _size, a, b) => e.vector("v128.or", a, b);
const xor: Lanes = (e, _size, a, b) => e.vector("v128.xor", a, b);

export const equal: Lanes = (e, size, a, b) => e.vector(`${shapeOf(size)}.eq`, a, b);

/** Unsigned comparisons are signed ones of numbers with their top bit turned over. */
const turned = <V>(e: Emitter<V>, size: number, a: V): V =>
  e.vector("v128.xor", a, splatConstant(e, size, 1n << BigInt(laneBits(size) - 1)));

export const greater =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) =>
    isSigned
      ? e.vector(`${shapeOf(size)}.gt_s`, a, b)
      : e.vector(`${shapeOf(size)}.gt_s`, turned(e, size, a), turned(e, size, b));

export const greaterOrEqual =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) =>
    vectorNot(e, greater(isSigned)(e, size, b, a));

/** Bits in common. */
export const test: Lanes = (e, size, a, b) =>
  vectorNot(e, equal(e, size, e.vector("v128.and", a, b), zeros(e)));

export const extremeOf =
  (which: "min" | "max", isSigned: boolean): Lanes =>
  (e, size, a, b) => {
    const shape = shapeOf(size);
    if (shape !== "i64x2") return e.vector(`${shape}.${which}_${isSigned ? "s" : "u"}`, a, b);
    const isGreater = greater(isSigned)(e, size, a, b);
    return which === "max"
      ? e.vector("v128.bitselect", a, b, isGreater)
      : e.vector("v128.bitselect", b, a, isGreater);
  };

export const difference =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) =>
    sub(e, size, extremeOf("max", isSigned)(e, size, a, b), extremeOf("min", isSigned)(e, size, a, b));

export const multiply: Lanes = (e, size, a, b) => {
  const shape = shapeOf(size);
  if (shape !== "i8x16") return e.vector(`${shape}.mul`, a, b);
  // Even and odd bytes by themselves.
  const even = and(e, 1, e.vector("i16x8.mul", a, b), splatConstant(e, 1, 0xffn));
  const upper = (v: typeof a) => vectorShift(e, 1, "shr_u", v, 8);
  const odd = vectorShift(e, 1, "shl", e.vector("i16x8.mul", upper(a), upper(b)), 8);
  return or(e, 1, even, odd);
};

const halve = (isSigned: boolean) => (isSigned ? "shr_s" : "shr_u");

/** (a + b) / 2 without the carry that would be lost, rounded down or up, and (a - b) / 2. */
export const halvingAdd =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) =>
    add(e, size, and(e, size, a, b), shiftRight(e, size, isSigned, xor(e, size, a, b)));
export const roundingHalvingAdd =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) =>
    sub(e, size, or(e, size, a, b), shiftRight(e, size, isSigned, xor(e, size, a, b)));
export const halvingSub =
  (isSigned: boolean): Lanes =>
  (e, size, a, b) =>
    sub(e, size, shiftRight(e, size, isSigned, xor(e, size, a, b)), e.vector("v128.andnot", b, a));

/** By one bit; bytes have shifts of their own in WebAssembly too. */
const shiftRight = <V>(e: Emitter<V>, size: number, isSigned: boolean, a: V): V =>
  vectorShift(e, size, halve(isSigned), a, 1);

/** Each lane by the low byte of the other's: left, or right where it is negative; rounded there or not. */
export const shiftByLanes =
  (isSigned: boolean, rounds: boolean): Lanes =>
  (e, size, a, b) => {
    const bits = laneBits(size);
    const width = valueWidth(size);
    return mapLanes(e, size, laneCount(size), (lane) => {
      const value = extractTo(e, size, lane, a, width, isSigned);
      const raw = extractTo(e, size, lane, b, width, false);
      const low = width === 64 ? e.truncate(32, 64, raw) : raw;
      const count = e.extendSigned(32, 8, e.truncate(8, 32, low));
      const back = e.sub(32, e.constant(32, 0), count);
      const zero = e.constant(width, 0);
      const clamp = (n: typeof count) => e.and(32, n, e.constant(32, width - 1));
      const isBelow = (n: typeof count, limit: number) => e.lessUnsigned(32, n, e.constant(32, limit));
      const left = e.select(width, isBelow(count, bits), e.shl(width, value, clamp(count)), zero);
      const right = isSigned ? "sar" : "shr";
      const rest = isSigned ? e.sar(width, value, e.constant(32, width - 1)) : zero;
      const one = e.constant(32, 1);
      let moved = e.select(width, isBelow(back, bits), e[right](width, value, clamp(back)), rest);
      if (rounds) {
        // The last bit that is shifted out rounds up.
        const before = e.sub(32, back, one);
        const lost = e.select(width, isBelow(before, bits), e[right](width, value, clamp(before)), rest);
        const bit = e.and(width, lost, e.constant(width, 1));
        moved = e.add(width, moved, bit);
        // All of a negative number shifted out leaves -1 and its own bit: 0.
        const isAllOut = e.lessUnsigned(32, e.constant(32, bits), back);
        moved = e.select(width, isAllOut, zero, moved);
      }
      return e.select(width, e.lessSigned(32, count, e.constant(32, 0)), moved, left);
    });
  };

/** Neighbours of a and then of b, put together: `odd` has the second ones. */
export function neighbours<V>(
  e: Emitter<V>,
  size: number,
  lanes: number,
  a: V,
  b: V,
): readonly [even: V, odd: V] {
  const pick = (from: 0 | 1) =>
    Array.from({ length: laneCount(size) }, (_, n) => {
      const at = n % lanes;
      const half = lanes / 2;
      return at < half ? 2 * at + from : laneCount(size) + 2 * (at - half) + from;
    });
  return [e.shuffle(byteLanes(size, pick(0)), a, b), e.shuffle(byteLanes(size, pick(1)), a, b)];
}

/** Bits set in each byte. */
export function countBits<V>(e: Emitter<V>, a: V): V {
  const masked = (v: V, mask: bigint) => e.vector("v128.and", v, splatConstant(e, 0, mask));
  const down = (v: V, n: number) => vectorShift(e, 0, "shr_u", v, n);
  let value = sub(e, 0, a, masked(down(a, 1), 0x55n));
  value = add(e, 0, masked(value, 0x33n), masked(down(value, 2), 0x33n));
  return masked(add(e, 0, value, down(value, 4)), 0x0fn);
}

/** Each byte's bits the other way round. */
export function reverseBits<V>(e: Emitter<V>, a: V): V {
  let value = a;
  for (const [distance, mask] of [
    [1, 0x55n],
    [2, 0x33n],
    [4, 0x0fn],
  ] as const) {
    const lower = splatConstant(e, 0, mask);
    const down = e.vector("v128.and", vectorShift(e, 0, "shr_u", value, distance), lower);
    const up = vectorShift(e, 0, "shl", e.vector("v128.and", value, lower), distance);
    value = e.vector("v128.or", down, up);
  }
  return value;
}

/** Zeros above the highest bit that is set. */
export function leadingZeros<V>(e: Emitter<V>, size: number, a: V): V {
  const bits = laneBits(size);
  return mapLanes(e, size, laneCount(size), (lane) =>
    e.sub(32, e.clz(32, extractTo(e, size, lane, a, 32, false)), e.constant(32, 32 - bits)),
  );
}
