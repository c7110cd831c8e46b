// The CPU's registers as views of the state area (state.ts): what interpreter, slow instructions and exceptions share.
import { STATUS_FLAGS } from "../../isa/x86-64/emitter.js";
import { conditionOf, statusOf } from "./flags.js";
import { FlagsOperation, state } from "./state.js";

const AM = 1n << 18n;

/** RFLAGS bits beyond the status flags. */
export const rflag = {
  TF: 1 << 8,
  IF: 1 << 9,
  DF: 1 << 10,
  IOPL: 3 << 12,
  NT: 1 << 14,
  RF: 1 << 16,
  VM: 1 << 17,
  AC: 1 << 18,
  ID: 1 << 21,
} as const;

/** EFER.LMA: long mode is on. */
export const LMA = 0x400n;

/** Registers on a state area. Numbers are used where they pay; bigints where they read better. */
export class Cpu {
  readonly i32: Int32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
  readonly u64: BigUint64Array;
  /** The next instruction's address while the guest runs; the state area has it at every exit. */
  rip = 0;
  #cr0 = 0x6000_0010n;
  cr2 = 0n;
  cr3 = 0n;
  cr4 = 0n;
  cr8 = 0n;
  /** `LMA` in EFER, which whoever runs instructions asks all the time. */
  isLong = false;
  #efer = 0n;
  /** RFLAGS.AC, kept apart since every access of the interpreter looks at it. */
  hasAc = false;

  constructor(buffer: ArrayBufferLike) {
    this.i32 = new Int32Array(buffer, 0, state.pages / 4);
    this.u16 = new Uint16Array(buffer, 0, state.pages / 2);
    this.u8 = new Uint8Array(buffer, 0, state.pages);
    this.f64 = new Float64Array(buffer, 0, state.pages / 8);
    this.u64 = new BigUint64Array(buffer, 0, state.pages / 8);
  }

  get efer(): bigint {
    return this.#efer;
  }

  set efer(value: bigint) {
    this.#efer = value;
    this.isLong = (value & LMA) !== 0n;
  }

  get cr0(): bigint {
    return this.#cr0;
  }

  set cr0(value: bigint) {
    this.#cr0 = value;
    this.i32[state.x87Off >> 2] = (value & 0xcn) === 0n ? 0 : 1;
  }

  /** CR0.EM or TS: x87 instructions raise #NM. Kept apart since each of them looks at it. */
  get isX87Off(): boolean {
    return this.i32[state.x87Off >> 2] !== 0;
  }

  /** A general register as an unsigned bigint. */
  gpr(index: number): bigint {
    return this.u64[index] ?? 0n;
  }

  setGpr(index: number, value: bigint): void {
    this.u64[index] = value;
  }

  /** A general register's lower half. */
  low(index: number): number {
    return this.i32[index * 2] ?? 0;
  }

  /** Writes a 32-bit register: the upper half becomes 0. */
  setLow(index: number, value: number): void {
    this.i32[index * 2] = value;
    this.i32[index * 2 + 1] = 0;
  }

  get cpl(): number {
    return this.i32[state.cpl >> 2] ?? 0;
  }

  set cpl(value: number) {
    this.i32[state.cpl >> 2] = value;
  }

  /** The lower half of RFLAGS, status flags included; the upper half is always 0. */
  get rflags(): number {
    const rest = this.i32[state.rflags >> 2] ?? 0;
    const packed = this.i32[state.flagsOperation >> 2] ?? 0;
    return packed === FlagsOperation.none ? rest : (rest & ~STATUS_FLAGS) | statusOf(this.i32, packed);
  }

  set rflags(value: number) {
    this.i32[state.rflags >> 2] = (value & 0x3f7fd5) | 2;
    this.i32[state.flagsOperation >> 2] = FlagsOperation.none;
    this.noticeFlags();
  }

  /** After the state area was written as a whole. */
  noticeFlags(): void {
    this.hasAc = ((this.i32[state.rflags >> 2] ?? 0) & rflag.AC) !== 0;
  }

  /** #AC is for user code alone, where CR0.AM allows it, which Linux sets. */
  checksAlignment(isProcess: boolean): boolean {
    return this.hasAc && this.cpl === 3 && (isProcess || (this.cr0 & AM) !== 0n);
  }

  /** 0 or 1: condition 0 to 15 of Jcc. */
  condition(code: number): number {
    const packed = this.i32[state.flagsOperation >> 2] ?? 0;
    return conditionOf(
      packed === FlagsOperation.none ? (this.i32[state.rflags >> 2] ?? 0) : statusOf(this.i32, packed),
      code,
    );
  }

  /** Replaces the status flags in `mask` by those of `bits`. */
  setStatus(mask: number, bits: number): void {
    this.rflags = (this.rflags & ~mask) | (bits & mask);
  }
}
