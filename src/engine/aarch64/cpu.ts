// The CPU's registers as views of the state area (state.ts).
import { conditionOf, nzcvOf } from "./flags.js";
import { FlagsOperation, state } from "./state.js";

const FLAGS = 0xf000_0000 | 0;

export class Cpu {
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly u64: BigUint64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly #view: DataView;
  /** The next instruction's address while the guest runs; the state area has it at every exit. */
  pc = 0;

  constructor(buffer: ArrayBufferLike) {
    this.i32 = new Int32Array(buffer, 0, state.pages / 4);
    this.u8 = new Uint8Array(buffer, 0, state.pages);
    this.u64 = new BigUint64Array(buffer, 0, state.pages / 8);
    this.f32 = new Float32Array(buffer, 0, state.pages / 4);
    this.f64 = new Float64Array(buffer, 0, state.pages / 8);
    this.#view = new DataView(buffer, 0, state.pages);
  }

  /** X0 to X30, SP as 31. */
  general(index: number): bigint {
    return this.#view.getBigUint64(state.general + 8 * index, true);
  }

  setGeneral(index: number, value: bigint): void {
    this.#view.setBigUint64(state.general + 8 * index, value, true);
  }

  simd(index: number): bigint {
    const at = state.simd + 16 * index;
    return this.#view.getBigUint64(at, true) | (this.#view.getBigUint64(at + 8, true) << 64n);
  }

  setSimd(index: number, value: bigint): void {
    const at = state.simd + 16 * index;
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), true);
    this.#view.setBigUint64(at + 8, BigInt.asUintN(64, value >> 64n), true);
  }

  /** N, Z, C and V in bits 31 to 28. */
  get nzcv(): number {
    const operation = this.word(state.flagsOperation);
    return operation === FlagsOperation.none ? this.word(state.nzcv) : nzcvOf(this.i32, operation) & FLAGS;
  }

  set nzcv(value: number) {
    this.i32[state.nzcv >> 2] = value & FLAGS;
    this.i32[state.flagsOperation >> 2] = FlagsOperation.none;
  }

  /** 0 or 1: condition 0 to 15. */
  condition(code: number): number {
    return conditionOf(this.nzcv, code);
  }

  word(offset: number): number {
    return this.#view.getInt32(offset, true);
  }

  setWord(offset: number, value: number): void {
    this.i32[offset >> 2] = value;
  }
}
