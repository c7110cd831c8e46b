// Values of the interpreter that have one meaning on every ISA: integers on slots, 64 bits as two halves, and lanes of vectors.
import type { ValueType, Width } from "../../../isa/emitter.js";
import type { ExtractOperation, ReplaceOperation } from "../../../isa/operation.js";
import { divide64, fits } from "./divide.js";
import { extractLane, replaceLane } from "./lanes.js";
import type { Slots } from "./slots.js";
import { byteSwap32, ctz32, mulHigh32, mulHighSigned32, popcnt32 } from "./wide.js";

/** A value: the index of its slot. */
export type V = number;

export const mask = (width: Width) => (width === 8 ? 0xff : width === 16 ? 0xffff : -1);

/** The part of the evaluator that touches nothing but values. */
export class IntegerValues<S extends Slots = Slots> {
  readonly slots: S;
  /** Slots as 32-bit words. */
  protected readonly words: Int32Array;

  constructor(slots: S) {
    this.slots = slots;
    this.words = slots.i32;
  }

  /** Forgets all values: before each instruction. */
  begin(): void {
    this.slots.top = 0;
  }

  protected fresh(low: number, high = 0): V {
    const d = this.slots.top;
    this.slots.top = d + 4;
    this.words[d] = low;
    this.words[d + 1] = high;
    return d;
  }

  protected low(v: V): number {
    return this.words[v] ?? 0;
  }

  protected high(v: V): number {
    return this.words[v + 1] ?? 0;
  }

  constant(width: Width, low: number, high = low >> 31): V {
    return this.fresh(low & mask(width), high);
  }

  add(width: Width, a: V, b: V): V {
    const low = (this.low(a) + this.low(b)) | 0;
    if (width !== 64) return this.fresh(low & mask(width));
    const carry = low >>> 0 < this.low(a) >>> 0 ? 1 : 0;
    return this.fresh(low, this.high(a) + this.high(b) + carry);
  }

  sub(width: Width, a: V, b: V): V {
    const low = (this.low(a) - this.low(b)) | 0;
    if (width !== 64) return this.fresh(low & mask(width));
    const borrow = this.low(a) >>> 0 < this.low(b) >>> 0 ? 1 : 0;
    return this.fresh(low, this.high(a) - this.high(b) - borrow);
  }

  mul(width: Width, a: V, b: V): V {
    const [al, bl] = [this.low(a), this.low(b)];
    const low = Math.imul(al, bl);
    if (width !== 64) return this.fresh(low & mask(width));
    const high = mulHigh32(al, bl) + Math.imul(al, this.high(b)) + Math.imul(this.high(a), bl);
    return this.fresh(low, high);
  }

  and(_width: Width, a: V, b: V): V {
    return this.fresh(this.low(a) & this.low(b), this.high(a) & this.high(b));
  }

  or(_width: Width, a: V, b: V): V {
    return this.fresh(this.low(a) | this.low(b), this.high(a) | this.high(b));
  }

  xor(_width: Width, a: V, b: V): V {
    return this.fresh(this.low(a) ^ this.low(b), this.high(a) ^ this.high(b));
  }

  shl(width: Width, a: V, count: V): V {
    const n = this.low(count);
    const low = this.low(a);
    if (width !== 64) return this.fresh((low << n) & mask(width));
    if (n === 0) return this.fresh(low, this.high(a));
    if (n >= 32) return this.fresh(0, low << (n - 32));
    return this.fresh(low << n, (this.high(a) << n) | (low >>> (32 - n)));
  }

  shr(width: Width, a: V, count: V): V {
    const n = this.low(count);
    const low = this.low(a);
    if (width !== 64) return this.fresh(low >>> n);
    const high = this.high(a);
    if (n === 0) return this.fresh(low, high);
    if (n >= 32) return this.fresh(high >>> (n - 32), 0);
    return this.fresh((low >>> n) | (high << (32 - n)), high >>> n);
  }

  sar(width: Width, a: V, count: V): V {
    const n = this.low(count);
    if (width !== 64) return this.fresh((this.signed(width, a) >> n) & mask(width));
    const [low, high] = [this.low(a), this.high(a)];
    if (n === 0) return this.fresh(low, high);
    if (n >= 32) return this.fresh(high >> (n - 32), high >> 31);
    return this.fresh((low >>> n) | (high << (32 - n)), high >> n);
  }

  rotl(width: Width, a: V, count: V): V {
    const n = this.low(count);
    if (n === 0) return a;
    const back = this.fresh(width - n);
    return this.or(width, this.shl(width, a, count), this.shr(width, a, back));
  }

  rotr(width: Width, a: V, count: V): V {
    const n = this.low(count);
    return n === 0 ? a : this.rotl(width, a, this.fresh(width - n));
  }

  clz(width: Width, a: V): V {
    const low = this.low(a);
    if (width !== 64) return this.fresh(Math.clz32(low) - 32 + width);
    const high = this.high(a);
    return this.fresh(high === 0 ? 32 + Math.clz32(low) : Math.clz32(high));
  }

  ctz(width: Width, a: V): V {
    const low = this.low(a);
    if (width !== 64) return this.fresh(Math.min(ctz32(low), width));
    return this.fresh(low === 0 ? 32 + ctz32(this.high(a)) : ctz32(low));
  }

  popcnt(width: Width, a: V): V {
    return this.fresh(popcnt32(this.low(a)) + (width === 64 ? popcnt32(this.high(a)) : 0));
  }

  byteSwap(width: Width, a: V): V {
    const low = byteSwap32(this.low(a));
    if (width === 64) return this.fresh(byteSwap32(this.high(a)), low);
    return this.fresh(width === 16 ? low >>> 16 : low);
  }

  mulHigh(signed: boolean, width: Width, a: V, b: V): V {
    const [al, bl] = [this.low(a), this.low(b)];
    if (width < 32) {
      const product = signed ? Math.imul(this.signed(width, a), this.signed(width, b)) : Math.imul(al, bl);
      return this.fresh((product >>> width) & mask(width));
    }
    if (width === 32) return this.fresh(signed ? mulHighSigned32(al, bl) : mulHigh32(al, bl));
    const d = this.fresh(0);
    const { i64, u64 } = this.slots;
    const from = signed ? i64 : u64;
    u64[d >> 1] = BigInt.asUintN(64, ((from[a >> 1] ?? 0n) * (from[b >> 1] ?? 0n)) >> 64n);
    return d;
  }

  divide(signed: boolean, width: Width, high: V, low: V, divisor: V): { quotient: V; remainder: V } {
    const { u64 } = this.slots;
    const whole = (v: V): bigint => (width === 64 ? (u64[v >> 1] ?? 0n) : BigInt(this.low(v) >>> 0));
    const result =
      width === 64 || signed ? undefined : fits(this.low(high), this.low(low), this.low(divisor), width);
    const [quotient, remainder] = result ?? divide64(signed, width, whole(high), whole(low), whole(divisor));
    return {
      quotient: this.#fromBig(width, quotient),
      remainder: this.#fromBig(width, remainder),
    };
  }

  #fromBig(width: Width, value: bigint | number): V {
    if (typeof value === "number") return this.fresh(value & mask(width));
    const d = this.fresh(0);
    this.slots.u64[d >> 1] = BigInt.asUintN(width, value);
    return d;
  }

  equal(width: Width, a: V, b: V): V {
    const same = this.low(a) === this.low(b) && (width !== 64 || this.high(a) === this.high(b));
    return this.fresh(same ? 1 : 0);
  }

  lessUnsigned(width: Width, a: V, b: V): V {
    const [al, bl] = [this.low(a) >>> 0, this.low(b) >>> 0];
    if (width !== 64) return this.fresh(al < bl ? 1 : 0);
    const [ah, bh] = [this.high(a) >>> 0, this.high(b) >>> 0];
    return this.fresh(ah < bh || (ah === bh && al < bl) ? 1 : 0);
  }

  lessSigned(width: Width, a: V, b: V): V {
    if (width !== 64) return this.fresh(this.signed(width, a) < this.signed(width, b) ? 1 : 0);
    const [ah, bh] = [this.high(a), this.high(b)];
    return this.fresh(ah < bh || (ah === bh && this.low(a) >>> 0 < this.low(b) >>> 0) ? 1 : 0);
  }

  protected signed(width: Width, v: V): number {
    const low = this.low(v);
    return width === 8 ? (low << 24) >> 24 : width === 16 ? (low << 16) >> 16 : low;
  }

  select(_type: ValueType, bit: V, whenOne: V, whenZero: V): V {
    return this.low(bit) === 0 ? whenZero : whenOne;
  }

  extendUnsigned(_to: Width, _from: Width, a: V): V {
    return this.fresh(this.low(a), 0);
  }

  extendSigned(to: Width, from: Width, a: V): V {
    const low = this.signed(from, a);
    return this.fresh(low & mask(to), low >> 31);
  }

  truncate(to: Width, _from: Width, a: V): V {
    return this.fresh(this.low(a) & mask(to));
  }

  constantVector(bytes: readonly number[]): V {
    const d = this.fresh(0);
    this.slots.u8.set(bytes, d * 4);
    return d;
  }

  /** Lanes 0 to 15 of `a`, 16 to 31 of `b`. */
  shuffle(lanes: readonly number[], a: V, b: V): V {
    const d = this.fresh(0);
    const { u8 } = this.slots;
    for (let n = 0; n < 16; n++) {
      const lane = lanes[n] ?? 0;
      u8[d * 4 + n] = u8[lane < 16 ? a * 4 + lane : b * 4 + lane - 16] ?? 0;
    }
    return d;
  }

  extractLane(operation: ExtractOperation, lane: number, a: V): V {
    const d = this.fresh(0);
    extractLane(this.slots, operation, d, lane, a);
    return d;
  }

  replaceLane(operation: ReplaceOperation, lane: number, a: V, value: V): V {
    const d = this.fresh(0);
    replaceLane(this.slots, operation, d, lane, a, value);
    return d;
  }
}
