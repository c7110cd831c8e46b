// The CPU's registers as views of the state area (state.ts).
import { conditionOf, nzcvOf } from "./flags.js";
import { FlagsOperation, state } from "./state.js";

const FLAGS = 0xf000_0000 | 0;

export class Cpu {
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly u64: BigUint64Array;
  /** The next instruction's address while the guest runs; the state area has it at every exit. */
  pc = 0;

  constructor(buffer: ArrayBufferLike) {
    this.i32 = new Int32Array(buffer, 0, state.pages / 4);
    this.u8 = new Uint8Array(buffer, 0, state.pages);
    this.u64 = new BigUint64Array(buffer, 0, state.pages / 8);
  }

  /** X0 to X30, SP as 31. */
  general(index: number): bigint {
    return this.u64[(state.general >> 3) + index] ?? 0n;
  }

  setGeneral(index: number, value: bigint): void {
    this.u64[(state.general >> 3) + index] = value;
  }

  simd(index: number): bigint {
    const at = (state.simd >> 3) + 2 * index;
    return (this.u64[at] ?? 0n) | ((this.u64[at + 1] ?? 0n) << 64n);
  }

  setSimd(index: number, value: bigint): void {
    const at = (state.simd >> 3) + 2 * index;
    this.u64[at] = BigInt.asUintN(64, value);
    this.u64[at + 1] = BigInt.asUintN(64, value >> 64n);
  }

  /** N, Z, C and V in bits 31 to 28. */
  get nzcv(): number {
    const operation = this.i32[state.flagsOperation >> 2] ?? 0;
    return operation === FlagsOperation.none
      ? (this.i32[state.nzcv >> 2] ?? 0)
      : nzcvOf(this.i32, operation) & FLAGS;
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
    return this.i32[offset >> 2] ?? 0;
  }

  setWord(offset: number, value: number): void {
    this.i32[offset >> 2] = value;
  }
}
