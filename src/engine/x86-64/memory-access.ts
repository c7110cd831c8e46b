// Loads and stores of the guest at linear addresses: the fast path through the page map, and the slow one for whatever
// crosses pages, faults, or lies where no memory is and a device may answer.
import type { Access, Exit } from "../contract.js";
import type { Cpu } from "./cpu.js";
import { GuestFault, notCanonical, vector } from "./fault.js";
import type { Mmu } from "./mmu.js";
import { hexOf } from "./paging.js";
import { pageBits } from "../portable/memory/state.js";

/** Largest single access in bytes: FXSAVE's image. */
const SCRATCH = 512;

export class MemoryAccess {
  readonly mmu: Mmu;
  /** Bytes of an access that is not in one piece, at offset 0. */
  readonly scratch = new DataView(new ArrayBuffer(SCRATCH));
  /** What `load` and `store` exits go to. */
  ask: (exit: Exit) => void = () => undefined;
  #view: DataView;
  #pages: Uint8Array;
  #base: number;

  readonly #cpu: Cpu;
  readonly #isProcess: boolean;

  constructor(mmu: Mmu, cpu: Cpu, isProcess: boolean) {
    this.mmu = mmu;
    this.#cpu = cpu;
    this.#isProcess = isProcess;
    this.#view = mmu.view;
    this.#pages = mmu.pages;
    this.#base = mmu.base;
  }

  /**
   * The place of `size` bytes at linear address high:low in the WebAssembly memory, or -1 where they are not in one
   * piece of memory. Every check is done either way, but for a device's answer.
   */
  place(low: number, high: number, size: number, access: Access): number {
    if (this.#cpu.hasAc && this.#cpu.checksAlignment(this.#isProcess)) checkAlignment(low, size);
    if (high === 0) {
      const need = access === "read" ? pageBits.read : access === "write" ? pageBits.write : pageBits.execute;
      if (((this.#pages[low >>> 12] ?? 0) & need) !== 0 && (low & 4095) + size <= 4096) {
        return this.#base + (low >>> 0);
      }
    }
    return this.#slowPlace(linearOf(low, high), size, access);
  }

  #slowPlace(linear: number, size: number, access: Access): number {
    const first = this.mmu.byteAt(linear, access, size);
    if ((linear & 4095) + size <= 4096) return first;
    // A fault names the first byte that it concerns.
    const rest = 4096 - (linear & 4095);
    const next = this.mmu.byteAt(linear + rest, access, size - rest);
    return first >= 0 && next - first === rest ? first : -1;
  }

  /** Reads into `scratch` what is not in one piece; `load` exits where no memory answers. */
  gather(linear: number, size: number): void {
    for (let n = 0; n < size; n++) {
      const at = this.mmu.byteAt(linear + n, "read");
      if (at < 0) return this.#loadFromDevice(linear, size);
      this.scratch.setUint8(n, this.mmu.bytes[at] ?? 0);
    }
  }

  /** Writes from `scratch`. */
  scatter(linear: number, size: number): void {
    const places: number[] = [];
    for (let n = 0; n < size; n++) {
      const at = this.mmu.byteAt(linear + n, "write");
      if (at < 0) return this.#storeToDevice(linear, size);
      places.push(at);
    }
    for (let n = 0; n < size; n++) this.mmu.bytes[places[n] ?? 0] = this.scratch.getUint8(n);
  }

  #loadFromDevice(linear: number, size: number): void {
    const exit = { kind: "load" as const, address: BigInt(this.mmu.physical(linear)), size, value: 0n };
    this.ask(exit);
    for (let n = 0; n < size; n++) this.scratch.setUint8(n, Number((exit.value >> BigInt(8 * n)) & 0xffn));
  }

  #storeToDevice(linear: number, size: number): void {
    let value = 0n;
    for (let n = size - 1; n >= 0; n--) value = (value << 8n) | BigInt(this.scratch.getUint8(n));
    this.ask({ kind: "store", address: BigInt(this.mmu.physical(linear)), size, value });
  }

  /** For slow instructions: `size` bytes as an unsigned integer. */
  read(linear: number, size: number): bigint {
    const [view, at] = this.readable(linear, size);
    if (size === 8) return view.getBigUint64(at, true);
    if (size === 4) return BigInt(view.getUint32(at, true));
    return BigInt(size === 2 ? view.getUint16(at, true) : view.getUint8(at));
  }

  write(linear: number, size: number, value: bigint): void {
    this.writeBytes(linear, size, (view, at) => {
      if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, value), true);
      else if (size === 4) view.setUint32(at, Number(value & 0xffff_ffffn), true);
      else if (size === 2) view.setUint16(at, Number(value & 0xffffn), true);
      else view.setUint8(at, Number(value & 0xffn));
    });
  }

  /** A view and the offset in it where `size` bytes can be read. */
  readable(linear: number, size: number): readonly [view: DataView, at: number] {
    const at = this.place(linear | 0, Math.floor(linear / 0x1_0000_0000) | 0, size, "read");
    if (at >= 0) return [this.#view, at];
    this.gather(linear, size);
    return [this.scratch, 0];
  }

  /** Lets `fill` write `size` bytes, after all checks. */
  writeBytes(linear: number, size: number, fill: (view: DataView, at: number) => void): void {
    const at = this.place(linear | 0, Math.floor(linear / 0x1_0000_0000) | 0, size, "write");
    if (at >= 0) return fill(this.#view, at);
    fill(this.scratch, 0);
    this.scatter(linear, size);
  }
}

/** By size in bytes: of what is not as much itself, and not 1, an x87 number and the x87's environments and states. */
const alignments: Readonly<Record<number, number>> = { 2: 2, 4: 4, 8: 8, 10: 8, 14: 2, 28: 4, 94: 2, 108: 4 };

/** #AC; vectors have rules of their own. Specification: Intel SDM volume 3, 6.15 (interrupt 17). */
function checkAlignment(low: number, size: number): void {
  const alignment = alignments[size];
  if (alignment === undefined || (low & (alignment - 1)) === 0) return;
  throw new GuestFault(vector.AC, 0, `an address that is not aligned to ${alignment}, and RFLAGS.AC`);
}

/** An address from its halves: signed, and canonical or #GP. */
export function linearOf(low: number, high: number): number {
  const top = high >> 15;
  if (top !== 0 && top !== -1) {
    const value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    throw notCanonical(value);
  }
  return high * 0x1_0000_0000 + (low >>> 0);
}

/** #GP where an operand that must be aligned is not. */
export function requireAlignment(linear: number, alignment: number): void {
  if (linear % alignment !== 0) {
    throw new GuestFault(vector.GP, 0, `${hexOf(linear)} is not aligned to ${alignment}`);
  }
}
