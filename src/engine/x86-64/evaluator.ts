// The emitter that evaluates at once: the semantics of an instruction run on the state area and guest memory.
import type { Emitter, Flag, Shift, ValueType, Width } from "../../isa/x86-64/emitter.js";
import { flagBits, STATUS_FLAGS } from "../../isa/x86-64/emitter.js";
import type { FloatOperation, VectorOperation } from "../../isa/x86-64/operation.js";
import { type Cpu, rflag } from "./cpu.js";
import { evaluateFloat } from "./values/float-operations.js";
import { linearOf, type MemoryAccess, requireAlignment } from "./memory-access.js";
import { FloatSlots } from "./values/float-slots.js";
import { QuotientError } from "../portable/values/divide.js";
import { GuestFault, vector as interrupt } from "./fault.js";
import { IntegerValues, mask, type V } from "../portable/values/integer-values.js";
import { FlagsOperation, state } from "./state.js";
import { evaluateVector } from "./values/vector-operations.js";

const OPERATION = state.flagsOperation >> 2;
const A = state.flagsA >> 2;
const B = state.flagsB >> 2;
const R = state.flagsResult >> 2;
const XMM = state.xmm >> 2;
const RFLAGS = state.rflags >> 2;
const MXCSR = state.mxcsr >> 2;

const widthLog = (width: Width) => (width === 64 ? 3 : width === 32 ? 2 : width === 16 ? 1 : 0);
const sizeOf = (type: ValueType) =>
  type === "v128" ? 16 : type === "f64" ? 8 : type === "f32" ? 4 : type / 8;

export class Evaluator extends IntegerValues<FloatSlots> implements Emitter<V> {
  readonly #cpu: Cpu;
  readonly #memory: MemoryAccess;
  /** The state area as 32-bit words. */
  readonly #r: Int32Array;
  readonly #view: DataView;

  constructor(cpu: Cpu, memory: MemoryAccess) {
    super(new FloatSlots());
    this.#cpu = cpu;
    this.#memory = memory;
    this.#r = cpu.i32;
    this.#view = memory.mmu.view;
  }

  /** #DE where the quotient does not fit. */
  override divide(signed: boolean, width: Width, high: V, low: V, divisor: V): { quotient: V; remainder: V } {
    try {
      return super.divide(signed, width, high, low, divisor);
    } catch (error) {
      if (!(error instanceof QuotientError)) throw error;
      throw new GuestFault(interrupt.DE, 0, error.message);
    }
  }

  register(width: Width, index: number): V {
    const low = this.#r[index * 2] ?? 0;
    if (width === 64) return this.fresh(low, this.#r[index * 2 + 1]);
    return this.fresh(low & mask(width));
  }

  setRegister(width: Width, index: number, value: V): void {
    const low = this.low(value);
    if (width >= 32) {
      this.#r[index * 2] = low;
      this.#r[index * 2 + 1] = width === 64 ? this.high(value) : 0;
    } else {
      const keep = ~mask(width);
      this.#r[index * 2] = ((this.#r[index * 2] ?? 0) & keep) | (low & ~keep);
    }
  }

  registerHigh(index: number): V {
    return this.fresh(((this.#r[index * 2] ?? 0) >>> 8) & 0xff);
  }

  setRegisterHigh(index: number, value: V): void {
    this.#r[index * 2] = ((this.#r[index * 2] ?? 0) & ~0xff00) | ((this.low(value) & 0xff) << 8);
  }

  xmm(index: number): V {
    const d = this.slots.top;
    this.slots.top = d + 4;
    const from = XMM + index * 4;
    for (let n = 0; n < 4; n++) this.words[d + n] = this.#r[from + n] ?? 0;
    return d;
  }

  setXmm(index: number, value: V): void {
    const to = XMM + index * 4;
    for (let n = 0; n < 4; n++) this.#r[to + n] = this.words[value + n] ?? 0;
  }

  xmmLow(_type: 32 | 64 | "f32" | "f64", index: number): V {
    return this.fresh(this.#r[XMM + index * 4] ?? 0, this.#r[XMM + index * 4 + 1]);
  }

  setXmmLow(type: 32 | 64 | "f32" | "f64", index: number, value: V): void {
    this.#r[XMM + index * 4] = this.low(value);
    if (type === 64 || type === "f64") this.#r[XMM + index * 4 + 1] = this.high(value);
  }

  setXmmLowZero(type: 32 | 64 | "f32" | "f64", index: number, value: V): void {
    this.#r[XMM + index * 4] = this.low(value);
    this.#r[XMM + index * 4 + 1] = type === 64 || type === "f64" ? this.high(value) : 0;
    this.#r[XMM + index * 4 + 2] = 0;
    this.#r[XMM + index * 4 + 3] = 0;
  }

  load(type: ValueType, address: V, aligned = false): V {
    const [low, high] = [this.low(address), this.high(address)];
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
        return this.fresh(view.getUint8(at));
      case 2:
        return this.fresh(view.getUint16(at, true));
      case 4:
        return this.fresh(view.getInt32(at, true));
      case 8:
        return this.fresh(view.getInt32(at, true), view.getInt32(at + 4, true));
      default: {
        const d = this.fresh(view.getInt32(at, true), view.getInt32(at + 4, true));
        this.words[d + 2] = view.getInt32(at + 8, true);
        this.words[d + 3] = view.getInt32(at + 12, true);
        return d;
      }
    }
  }

  store(type: ValueType, address: V, value: V, aligned = false): void {
    const [low, high] = [this.low(address), this.high(address)];
    if (aligned) requireAlignment(linearOf(low, high), 16);
    const size = sizeOf(type);
    const at = this.#memory.place(low, high, size, "write");
    if (at >= 0) return this.#put(size, this.#view, at, value);
    this.#put(size, this.#memory.scratch, 0, value);
    this.#memory.scatter(linearOf(low, high), size);
  }

  #put(size: number, view: DataView, at: number, v: V): void {
    if (size === 1) view.setUint8(at, this.low(v));
    else if (size === 2) view.setUint16(at, this.low(v), true);
    else for (let n = 0; n < size; n += 4) view.setInt32(at + n, this.words[v + (n >> 2)] ?? 0, true);
  }

  segmentBase(segment: number): V {
    const at = (segment === 4 ? state.fsBase : state.gsBase) >> 2;
    return this.fresh(this.#r[at] ?? 0, this.#r[at + 1]);
  }

  #flags(operation: number, width: Width, a: V, b: V, result: V): void {
    const r = this.#r;
    r[OPERATION] = (operation << 2) | widthLog(width);
    r[A] = this.low(a);
    r[A + 1] = this.high(a);
    r[B] = this.low(b);
    r[B + 1] = this.high(b);
    r[R] = this.low(result);
    r[R + 1] = this.high(result);
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
    if (this.low(count) !== 0) this.#flags(FlagsOperation[shift], width, a, count, result);
  }

  setFlag(flag: Flag, bit: V, keep?: V): void {
    if (keep !== undefined && this.low(keep) !== 0) return;
    const at = flagBits[flag];
    this.#cpu.setStatus(1 << at, this.low(bit) << at);
  }

  setFlagsZPC(zf: V, pf: V, cf: V): void {
    const bits = (this.low(zf) << 6) | (this.low(pf) << 2) | this.low(cf);
    this.#r[RFLAGS] = ((this.#r[RFLAGS] ?? 0) & ~STATUS_FLAGS) | bits;
    this.#r[OPERATION] = FlagsOperation.none;
  }

  setDirection(direction: "up" | "down"): void {
    const others = (this.#r[RFLAGS] ?? 0) & ~rflag.DF;
    this.#r[RFLAGS] = direction === "down" ? others | rflag.DF : others;
  }

  flag(flag: Flag): V {
    return this.fresh((this.#cpu.rflags >> flagBits[flag]) & 1);
  }

  condition(code: number): V {
    return this.fresh(this.#cpu.condition(code));
  }

  #configure(): void {
    const mxcsr = this.#r[MXCSR] ?? 0;
    if (mxcsr !== this.slots.mxcsr) this.slots.configure(mxcsr);
  }

  float(operation: FloatOperation, a: V, b: V = a): V {
    const d = this.fresh(0);
    this.#configure();
    evaluateFloat(this.slots, operation, d, a, b);
    return d;
  }

  vector(operation: VectorOperation, a: V, b: V = a, c: V = a): V {
    const d = this.fresh(0);
    this.#configure();
    evaluateVector(this.slots, operation, d, a, b, c);
    return d;
  }

  checkTarget(target: V): void {
    linearOf(this.low(target), this.high(target));
  }

  jump(target: number): void {
    this.#cpu.rip = target;
  }

  jumpIf(bit: V, target: number): void {
    if (this.low(bit) !== 0) this.#cpu.rip = target;
  }

  call(target: number): void {
    this.#cpu.rip = target;
  }

  jumpTo(target: V): void {
    this.#cpu.rip = linearOf(this.low(target), this.high(target));
  }

  callTo(target: V): void {
    this.jumpTo(target);
  }

  ret(target: V): void {
    this.jumpTo(target);
  }
}
