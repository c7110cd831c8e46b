// The emitter that evaluates at once: the semantics of an instruction run on the state area and guest memory.
import {
  type Emitter,
  type Flag,
  flagBits,
  type LowType,
  type RegisterWidth,
} from "../../isa/aarch64/emitter.js";
import type { ValueType } from "../../isa/emitter.js";
import type { FloatOperation, VectorOperation } from "../../isa/operation.js";
import { evaluateLanes } from "../portable/values/integer-lanes.js";
import { IntegerValues, type V } from "../portable/values/integer-values.js";
import { Slots } from "../portable/values/slots.js";
import type { Cpu } from "./cpu.js";
import { abort, faultStatus } from "./fault.js";
import type { ProcessMemory } from "./memory.js";
import { FlagsOperation, state, WIDE } from "./state.js";

const GENERAL = state.general >> 2;
const SIMD = state.simd >> 2;
const OPERATION = state.flagsOperation >> 2;
const A = state.flagsA >> 2;
const B = state.flagsB >> 2;
const TPIDR = state.tpidr >> 2;

const sizeOf = (type: ValueType): number =>
  type === "v128" ? 16 : type === "f64" ? 8 : type === "f32" ? 4 : type / 8;

/**
 * Where a jump goes: the top byte is a tag, and the sign of what is left takes its place. Targets beyond what a number has exactly
 * are as good as others that are not there.
 */
const targetOf = (low: number, high: number): number => ((high << 8) >> 8) * 0x1_0000_0000 + (low >>> 0);

export class Evaluator extends IntegerValues implements Emitter<V> {
  readonly #cpu: Cpu;
  readonly #memory: ProcessMemory;
  /** The state area as 32-bit words. */
  readonly #r: Int32Array;
  readonly #view: DataView;

  constructor(cpu: Cpu, memory: ProcessMemory) {
    super(new Slots());
    this.#cpu = cpu;
    this.#memory = memory;
    this.#r = cpu.i32;
    this.#view = memory.view;
  }

  register(width: RegisterWidth, index: number): V {
    const at = GENERAL + index * 2;
    return this.fresh(this.#r[at] ?? 0, width === 64 ? this.#r[at + 1] : 0);
  }

  setRegister(width: RegisterWidth, index: number, value: V): void {
    const at = GENERAL + index * 2;
    this.#r[at] = this.low(value);
    this.#r[at + 1] = width === 64 ? this.high(value) : 0;
  }

  simd(index: number): V {
    const at = SIMD + index * 4;
    const d = this.fresh(this.#r[at] ?? 0, this.#r[at + 1]);
    this.words[d + 2] = this.#r[at + 2] ?? 0;
    this.words[d + 3] = this.#r[at + 3] ?? 0;
    return d;
  }

  setSimd(index: number, value: V): void {
    for (let n = 0; n < 4; n++) this.#r[SIMD + index * 4 + n] = this.words[value + n] ?? 0;
  }

  simdLow(type: LowType, index: number): V {
    const at = SIMD + index * 4;
    const low = this.#r[at] ?? 0;
    if (type === 8 || type === 16) return this.fresh(low & (type === 8 ? 0xff : 0xffff));
    return this.fresh(low, type === 64 || type === "f64" ? this.#r[at + 1] : 0);
  }

  setSimdLowZero(type: LowType, index: number, value: V): void {
    const at = SIMD + index * 4;
    this.#r[at] = this.low(value);
    this.#r[at + 1] = type === 64 || type === "f64" ? this.high(value) : 0;
    this.#r[at + 2] = 0;
    this.#r[at + 3] = 0;
  }

  /** The place of an access after all checks. */
  #place(address: V, size: number, access: "read" | "write", aligned: boolean): number {
    const [low, high] = [this.low(address), this.high(address)];
    if (aligned && (low & (size - 1)) !== 0) {
      const whole = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
      throw abort(whole, access, faultStatus.alignment, `not aligned to ${size} bytes`);
    }
    return this.#memory.place(low, high, size, access);
  }

  load(type: ValueType, address: V, aligned = false): V {
    const size = sizeOf(type);
    const at = this.#place(address, size, "read", aligned);
    const view = this.#view;
    if (size === 1) return this.fresh(view.getUint8(at));
    if (size === 2) return this.fresh(view.getUint16(at, true));
    const d = this.fresh(view.getInt32(at, true));
    for (let n = 4; n < size; n += 4) this.words[d + (n >> 2)] = view.getInt32(at + n, true);
    return d;
  }

  store(type: ValueType, address: V, value: V, aligned = false): void {
    const size = sizeOf(type);
    const at = this.#place(address, size, "write", aligned);
    const view = this.#view;
    if (size === 1) view.setUint8(at, this.low(value));
    else if (size === 2) view.setUint16(at, this.low(value), true);
    else for (let n = 0; n < size; n += 4) view.setInt32(at + n, this.words[value + (n >> 2)] ?? 0, true);
  }

  threadPointer(): V {
    return this.fresh(this.#r[TPIDR] ?? 0, this.#r[TPIDR + 1]);
  }

  setThreadPointer(value: V): void {
    this.#r[TPIDR] = this.low(value);
    this.#r[TPIDR + 1] = this.high(value);
  }

  #flags(operation: number, width: RegisterWidth, a: V, b: V): void {
    const r = this.#r;
    r[OPERATION] = operation | (width === 64 ? WIDE : 0);
    r[A] = this.low(a);
    r[A + 1] = this.high(a);
    r[B] = this.low(b);
    r[B + 1] = this.high(b);
  }

  flagsAdd(width: RegisterWidth, a: V, b: V, result: V): void {
    const hasCarry = ((this.low(a) ^ this.low(b) ^ this.low(result)) & 1) === 1;
    this.#flags(hasCarry ? FlagsOperation.sumAndOne : FlagsOperation.sum, width, a, b);
  }

  flagsSub(width: RegisterWidth, a: V, b: V): void {
    this.#flags(FlagsOperation.difference, width, a, b);
  }

  flagsLogic(width: RegisterWidth, result: V): void {
    this.#flags(FlagsOperation.result, width, result, result);
  }

  setFlags(n: V, z: V, c: V, v: V): void {
    const [N, Z, C, O] = [this.low(n), this.low(z), this.low(c), this.low(v)];
    this.#cpu.nzcv = (N << flagBits.N) | (Z << flagBits.Z) | (C << flagBits.C) | (O << flagBits.V);
  }

  flag(flag: Flag): V {
    return this.fresh((this.#cpu.nzcv >> flagBits[flag]) & 1);
  }

  condition(code: number): V {
    return this.fresh(this.#cpu.condition(code));
  }

  // What computes is done as a whole instruction: float-instructions.ts.

  float(operation: FloatOperation, a: V): V {
    if (operation.includes("reinterpret")) return a;
    throw new RangeError(operation);
  }

  fusedMultiplyAdd(): V {
    throw new RangeError("a fused operation");
  }

  fusedMultiplyAddLanes(): V {
    return this.fusedMultiplyAdd();
  }

  vector(operation: VectorOperation, a: V, b: V = a, c: V = a): V {
    const d = this.fresh(0);
    evaluateLanes(this.slots, operation, d, a, b, c);
    return d;
  }

  jump(target: number): void {
    this.#cpu.pc = target;
  }

  jumpIf(bit: V, target: number): void {
    if (this.low(bit) !== 0) this.#cpu.pc = target;
  }

  call(target: number): void {
    this.#cpu.pc = target;
  }

  jumpTo(target: V): void {
    this.#cpu.pc = targetOf(this.low(target), this.high(target));
  }

  callTo(target: V): void {
    this.jumpTo(target);
  }

  ret(target: V): void {
    this.jumpTo(target);
  }
}
