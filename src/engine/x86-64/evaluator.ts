// The emitter that evaluates at once: the semantics of an instruction run on the state area and guest memory.
import type { Emitter, Flag, Shift, ValueType, Width } from "../../isa/x86-64/emitter.js";
import { flagBits } from "../../isa/x86-64/emitter.js";
import type {
  ExtractOperation,
  FloatOperation,
  ReplaceOperation,
  VectorOperation,
} from "../../isa/x86-64/operation.js";
import type { Cpu } from "./cpu.js";
import { divide64, fits } from "./divide.js";
import { evaluateFloat } from "./float-operations.js";
import { linearOf, type MemoryAccess, requireAlignment } from "./memory-access.js";
import { Slots } from "./slots.js";
import { FlagsOperation, state } from "./state.js";
import { evaluateExtract, evaluateReplace, evaluateVector } from "./vector-operations.js";
import { byteSwap32, ctz32, mulHigh32, mulHighSigned32, popcnt32 } from "./wide.js";

/** A value: the index of its slot. */
type V = number;

const OPERATION = state.flagsOperation >> 2;
const A = state.flagsA >> 2;
const B = state.flagsB >> 2;
const R = state.flagsResult >> 2;
const XMM = state.xmm >> 2;
const RFLAGS = state.rflags >> 2;
const MXCSR = state.mxcsr >> 2;
const STATUS = 0x8d5;

const widthLog = (width: Width) => (width === 64 ? 3 : width === 32 ? 2 : width === 16 ? 1 : 0);
const mask = (width: Width) => (width === 8 ? 0xff : width === 16 ? 0xffff : -1);
const sizeOf = (type: ValueType) =>
  type === "v128" ? 16 : type === "f64" ? 8 : type === "f32" ? 4 : type / 8;

export class Evaluator implements Emitter<V> {
  readonly slots = new Slots();
  readonly #cpu: Cpu;
  readonly #memory: MemoryAccess;
  /** Slots and the state area as 32-bit words. */
  readonly #s: Int32Array;
  readonly #r: Int32Array;
  readonly #view: DataView;

  constructor(cpu: Cpu, memory: MemoryAccess) {
    this.#cpu = cpu;
    this.#memory = memory;
    this.#s = this.slots.i32;
    this.#r = cpu.i32;
    this.#view = memory.mmu.view;
  }

  /** Forgets all values: before each instruction. */
  begin(): void {
    this.slots.top = 0;
  }

  #new(low: number, high = 0): V {
    const d = this.slots.top;
    this.slots.top = d + 4;
    this.#s[d] = low;
    this.#s[d + 1] = high;
    return d;
  }

  #low(v: V): number {
    return this.#s[v] ?? 0;
  }

  #high(v: V): number {
    return this.#s[v + 1] ?? 0;
  }

  constant(width: Width, low: number, high = low >> 31): V {
    return this.#new(low & mask(width), high);
  }

  add(width: Width, a: V, b: V): V {
    const low = (this.#low(a) + this.#low(b)) | 0;
    if (width !== 64) return this.#new(low & mask(width));
    const carry = low >>> 0 < this.#low(a) >>> 0 ? 1 : 0;
    return this.#new(low, this.#high(a) + this.#high(b) + carry);
  }

  sub(width: Width, a: V, b: V): V {
    const low = (this.#low(a) - this.#low(b)) | 0;
    if (width !== 64) return this.#new(low & mask(width));
    const borrow = this.#low(a) >>> 0 < this.#low(b) >>> 0 ? 1 : 0;
    return this.#new(low, this.#high(a) - this.#high(b) - borrow);
  }

  mul(width: Width, a: V, b: V): V {
    const [al, bl] = [this.#low(a), this.#low(b)];
    const low = Math.imul(al, bl);
    if (width !== 64) return this.#new(low & mask(width));
    const high = mulHigh32(al, bl) + Math.imul(al, this.#high(b)) + Math.imul(this.#high(a), bl);
    return this.#new(low, high);
  }

  and(_width: Width, a: V, b: V): V {
    return this.#new(this.#low(a) & this.#low(b), this.#high(a) & this.#high(b));
  }

  or(_width: Width, a: V, b: V): V {
    return this.#new(this.#low(a) | this.#low(b), this.#high(a) | this.#high(b));
  }

  xor(_width: Width, a: V, b: V): V {
    return this.#new(this.#low(a) ^ this.#low(b), this.#high(a) ^ this.#high(b));
  }

  shl(width: Width, a: V, count: V): V {
    const n = this.#low(count);
    const low = this.#low(a);
    if (width !== 64) return this.#new((low << n) & mask(width));
    if (n === 0) return this.#new(low, this.#high(a));
    if (n >= 32) return this.#new(0, low << (n - 32));
    return this.#new(low << n, (this.#high(a) << n) | (low >>> (32 - n)));
  }

  shr(width: Width, a: V, count: V): V {
    const n = this.#low(count);
    const low = this.#low(a);
    if (width !== 64) return this.#new(low >>> n);
    const high = this.#high(a);
    if (n === 0) return this.#new(low, high);
    if (n >= 32) return this.#new(high >>> (n - 32), 0);
    return this.#new((low >>> n) | (high << (32 - n)), high >>> n);
  }

  sar(width: Width, a: V, count: V): V {
    const n = this.#low(count);
    if (width !== 64) return this.#new((this.#signed(width, a) >> n) & mask(width));
    const [low, high] = [this.#low(a), this.#high(a)];
    if (n === 0) return this.#new(low, high);
    if (n >= 32) return this.#new(high >> (n - 32), high >> 31);
    return this.#new((low >>> n) | (high << (32 - n)), high >> n);
  }

  rotl(width: Width, a: V, count: V): V {
    const n = this.#low(count);
    if (n === 0) return a;
    const back = this.#new(width - n);
    return this.or(width, this.shl(width, a, count), this.shr(width, a, back));
  }

  rotr(width: Width, a: V, count: V): V {
    const n = this.#low(count);
    return n === 0 ? a : this.rotl(width, a, this.#new(width - n));
  }

  clz(width: Width, a: V): V {
    const low = this.#low(a);
    if (width !== 64) return this.#new(Math.clz32(low) - 32 + width);
    const high = this.#high(a);
    return this.#new(high === 0 ? 32 + Math.clz32(low) : Math.clz32(high));
  }

  ctz(width: Width, a: V): V {
    const low = this.#low(a);
    if (width !== 64) return this.#new(Math.min(ctz32(low), width));
    return this.#new(low === 0 ? 32 + ctz32(this.#high(a)) : ctz32(low));
  }

  popcnt(width: Width, a: V): V {
    return this.#new(popcnt32(this.#low(a)) + (width === 64 ? popcnt32(this.#high(a)) : 0));
  }

  byteSwap(width: Width, a: V): V {
    const low = byteSwap32(this.#low(a));
    if (width === 64) return this.#new(byteSwap32(this.#high(a)), low);
    return this.#new(width === 16 ? low >>> 16 : low);
  }

  mulHigh(signed: boolean, width: Width, a: V, b: V): V {
    const [al, bl] = [this.#low(a), this.#low(b)];
    if (width < 32) {
      const product = signed ? Math.imul(this.#signed(width, a), this.#signed(width, b)) : Math.imul(al, bl);
      return this.#new((product >>> width) & mask(width));
    }
    if (width === 32) return this.#new(signed ? mulHighSigned32(al, bl) : mulHigh32(al, bl));
    const d = this.#new(0);
    const { i64, u64 } = this.slots;
    const from = signed ? i64 : u64;
    u64[d >> 1] = BigInt.asUintN(64, ((from[a >> 1] ?? 0n) * (from[b >> 1] ?? 0n)) >> 64n);
    return d;
  }

  divide(signed: boolean, width: Width, high: V, low: V, divisor: V): { quotient: V; remainder: V } {
    const { u64 } = this.slots;
    const whole = (v: V): bigint => (width === 64 ? (u64[v >> 1] ?? 0n) : BigInt(this.#low(v) >>> 0));
    const result =
      width === 64 || signed ? undefined : fits(this.#low(high), this.#low(low), this.#low(divisor), width);
    const [quotient, remainder] = result ?? divide64(signed, width, whole(high), whole(low), whole(divisor));
    return {
      quotient: this.#fromBig(width, quotient),
      remainder: this.#fromBig(width, remainder),
    };
  }

  #fromBig(width: Width, value: bigint | number): V {
    if (typeof value === "number") return this.#new(value & mask(width));
    const d = this.#new(0);
    this.slots.u64[d >> 1] = BigInt.asUintN(width, value);
    return d;
  }

  equal(width: Width, a: V, b: V): V {
    const same = this.#low(a) === this.#low(b) && (width !== 64 || this.#high(a) === this.#high(b));
    return this.#new(same ? 1 : 0);
  }

  lessUnsigned(width: Width, a: V, b: V): V {
    const [al, bl] = [this.#low(a) >>> 0, this.#low(b) >>> 0];
    if (width !== 64) return this.#new(al < bl ? 1 : 0);
    const [ah, bh] = [this.#high(a) >>> 0, this.#high(b) >>> 0];
    return this.#new(ah < bh || (ah === bh && al < bl) ? 1 : 0);
  }

  lessSigned(width: Width, a: V, b: V): V {
    if (width !== 64) return this.#new(this.#signed(width, a) < this.#signed(width, b) ? 1 : 0);
    const [ah, bh] = [this.#high(a), this.#high(b)];
    return this.#new(ah < bh || (ah === bh && this.#low(a) >>> 0 < this.#low(b) >>> 0) ? 1 : 0);
  }

  #signed(width: Width, v: V): number {
    const low = this.#low(v);
    return width === 8 ? (low << 24) >> 24 : width === 16 ? (low << 16) >> 16 : low;
  }

  select(_type: ValueType, bit: V, whenOne: V, whenZero: V): V {
    return this.#low(bit) === 0 ? whenZero : whenOne;
  }

  extendUnsigned(_to: Width, _from: Width, a: V): V {
    return this.#new(this.#low(a), 0);
  }

  extendSigned(to: Width, from: Width, a: V): V {
    const low = this.#signed(from, a);
    return this.#new(low & mask(to), low >> 31);
  }

  truncate(to: Width, _from: Width, a: V): V {
    return this.#new(this.#low(a) & mask(to));
  }

  register(width: Width, index: number): V {
    const low = this.#r[index * 2] ?? 0;
    if (width === 64) return this.#new(low, this.#r[index * 2 + 1]);
    return this.#new(low & mask(width));
  }

  setRegister(width: Width, index: number, value: V): void {
    const low = this.#low(value);
    if (width >= 32) {
      this.#r[index * 2] = low;
      this.#r[index * 2 + 1] = width === 64 ? this.#high(value) : 0;
    } else {
      const keep = ~mask(width);
      this.#r[index * 2] = ((this.#r[index * 2] ?? 0) & keep) | (low & ~keep);
    }
  }

  registerHigh(index: number): V {
    return this.#new(((this.#r[index * 2] ?? 0) >>> 8) & 0xff);
  }

  setRegisterHigh(index: number, value: V): void {
    this.#r[index * 2] = ((this.#r[index * 2] ?? 0) & ~0xff00) | ((this.#low(value) & 0xff) << 8);
  }

  xmm(index: number): V {
    const d = this.slots.top;
    this.slots.top = d + 4;
    const from = XMM + index * 4;
    for (let n = 0; n < 4; n++) this.#s[d + n] = this.#r[from + n] ?? 0;
    return d;
  }

  setXmm(index: number, value: V): void {
    const to = XMM + index * 4;
    for (let n = 0; n < 4; n++) this.#r[to + n] = this.#s[value + n] ?? 0;
  }

  xmmLow(_type: 32 | 64 | "f32" | "f64", index: number): V {
    return this.#new(this.#r[XMM + index * 4] ?? 0, this.#r[XMM + index * 4 + 1]);
  }

  setXmmLow(type: 32 | 64 | "f32" | "f64", index: number, value: V): void {
    this.#r[XMM + index * 4] = this.#low(value);
    if (type === 64 || type === "f64") this.#r[XMM + index * 4 + 1] = this.#high(value);
  }

  setXmmLowZero(type: 32 | 64 | "f32" | "f64", index: number, value: V): void {
    this.#r[XMM + index * 4] = this.#low(value);
    this.#r[XMM + index * 4 + 1] = type === 64 || type === "f64" ? this.#high(value) : 0;
    this.#r[XMM + index * 4 + 2] = 0;
    this.#r[XMM + index * 4 + 3] = 0;
  }

  load(type: ValueType, address: V, aligned = false): V {
    const [low, high] = [this.#low(address), this.#high(address)];
    if (aligned) requireAlignment(linearOf(low, high), 16);
    const size = sizeOf(type);
    const at = this.#memory.place(low, high, size, "read");
    if (at >= 0) return this.#get(size, this.#view, at);
    this.#memory.gather(linearOf(low, high), size);
    return this.#get(size, this.#memory.scratch, 0);
  }

  #get(size: number, view: DataView, at: number): V {
    switch (size) {
      case 1:
        return this.#new(view.getUint8(at));
      case 2:
        return this.#new(view.getUint16(at, true));
      case 4:
        return this.#new(view.getInt32(at, true));
      case 8:
        return this.#new(view.getInt32(at, true), view.getInt32(at + 4, true));
      default: {
        const d = this.#new(view.getInt32(at, true), view.getInt32(at + 4, true));
        this.#s[d + 2] = view.getInt32(at + 8, true);
        this.#s[d + 3] = view.getInt32(at + 12, true);
        return d;
      }
    }
  }

  store(type: ValueType, address: V, value: V, aligned = false): void {
    const [low, high] = [this.#low(address), this.#high(address)];
    if (aligned) requireAlignment(linearOf(low, high), 16);
    const size = sizeOf(type);
    const at = this.#memory.place(low, high, size, "write");
    if (at >= 0) return this.#put(size, this.#view, at, value);
    this.#put(size, this.#memory.scratch, 0, value);
    this.#memory.scatter(linearOf(low, high), size);
  }

  #put(size: number, view: DataView, at: number, v: V): void {
    if (size === 1) view.setUint8(at, this.#low(v));
    else if (size === 2) view.setUint16(at, this.#low(v), true);
    else for (let n = 0; n < size; n += 4) view.setInt32(at + n, this.#s[v + (n >> 2)] ?? 0, true);
  }

  segmentBase(segment: number): V {
    const at = (segment === 4 ? state.fsBase : state.gsBase) >> 2;
    return this.#new(this.#r[at] ?? 0, this.#r[at + 1]);
  }

  #flags(operation: number, width: Width, a: V, b: V, result: V): void {
    const r = this.#r;
    r[OPERATION] = (operation << 2) | widthLog(width);
    r[A] = this.#low(a);
    r[A + 1] = this.#high(a);
    r[B] = this.#low(b);
    r[B + 1] = this.#high(b);
    r[R] = this.#low(result);
    r[R + 1] = this.#high(result);
  }

  flagsAdd(width: Width, a: V, b: V, result: V): void {
    this.#flags(FlagsOperation.add, width, a, b, result);
  }

  flagsSub(width: Width, a: V, b: V, result: V): void {
    this.#flags(FlagsOperation.sub, width, a, b, result);
  }

  flagsLogic(width: Width, result: V): void {
    this.#flags(FlagsOperation.logic, width, result, result, result);
  }

  flagsIncrement(width: Width, result: V): void {
    this.#flags(FlagsOperation.inc, width, result, this.flag("CF"), result);
  }

  flagsDecrement(width: Width, result: V): void {
    this.#flags(FlagsOperation.dec, width, result, this.flag("CF"), result);
  }

  flagsShift(shift: Shift, width: Width, a: V, count: V, result: V): void {
    if (this.#low(count) !== 0) this.#flags(FlagsOperation[shift], width, a, count, result);
  }

  setFlag(flag: Flag, bit: V): void {
    const at = flagBits[flag];
    this.#cpu.setStatus(1 << at, this.#low(bit) << at);
  }

  setFlagsZPC(zf: V, pf: V, cf: V): void {
    const bits = (this.#low(zf) << 6) | (this.#low(pf) << 2) | this.#low(cf);
    this.#r[RFLAGS] = ((this.#r[RFLAGS] ?? 0) & ~STATUS) | bits;
    this.#r[OPERATION] = FlagsOperation.none;
  }

  flag(flag: Flag): V {
    return this.#new((this.#cpu.rflags >> flagBits[flag]) & 1);
  }

  condition(code: number): V {
    return this.#new(this.#cpu.condition(code));
  }

  float(operation: FloatOperation, a: V, b: V = a): V {
    const d = this.#new(0);
    this.slots.rounding = ((this.#r[MXCSR] ?? 0) >> 13) & 3;
    evaluateFloat(this.slots, operation, d, a, b);
    return d;
  }

  vector(operation: VectorOperation, a: V, b: V = a, c: V = a): V {
    const d = this.#new(0);
    this.slots.rounding = ((this.#r[MXCSR] ?? 0) >> 13) & 3;
    evaluateVector(this.slots, operation, d, a, b, c);
    return d;
  }

  constantVector(bytes: readonly number[]): V {
    const d = this.#new(0);
    this.slots.u8.set(bytes, d * 4);
    return d;
  }

  extractLane(operation: ExtractOperation, lane: number, a: V): V {
    const d = this.#new(0);
    evaluateExtract(this.slots, operation, d, lane, a);
    return d;
  }

  replaceLane(operation: ReplaceOperation, lane: number, a: V, value: V): V {
    const d = this.#new(0);
    evaluateReplace(this.slots, operation, d, lane, a, value);
    return d;
  }

  shuffle(lanes: readonly number[], a: V, b: V): V {
    const d = this.#new(0);
    const { u8 } = this.slots;
    lanes.forEach((lane, n) => {
      u8[d * 4 + n] = u8[lane < 16 ? a * 4 + lane : b * 4 + lane - 16] ?? 0;
    });
    return d;
  }

  checkTarget(target: V): void {
    linearOf(this.#low(target), this.#high(target));
  }

  jump(target: number): void {
    this.#cpu.rip = target;
  }

  jumpIf(bit: V, target: number): void {
    if (this.#low(bit) !== 0) this.#cpu.rip = target;
  }

  call(target: number): void {
    this.#cpu.rip = target;
  }

  jumpTo(target: V): void {
    this.#cpu.rip = linearOf(this.#low(target), this.#high(target));
  }

  callTo(target: V): void {
    this.jumpTo(target);
  }

  ret(target: V): void {
    this.jumpTo(target);
  }
}
