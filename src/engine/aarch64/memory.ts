// Guest memory as a process has it: addresses are places, and the host's protections say what may be done with each page.
import { pageSize } from "../../bytes/align.js";
import type { Access, Protection } from "../contract.js";
import { needs, PageMap } from "../portable/memory/page-map.js";
import type { WatchedPages } from "../portable/vcpu.js";
import { abort, faultStatus } from "./fault.js";

export class ProcessMemory extends PageMap implements WatchedPages {
  /** Mappings never change. */
  readonly version = 0;
  readonly #code: Uint8Array;

  constructor(buffer: ArrayBufferLike, size: number, protections: readonly Protection[], noExecute: boolean) {
    super(buffer, size, protections, noExecute);
    this.#code = new Uint8Array(this.pages.length);
  }

  /** The place in `bytes` of an access at address high:low, all checks done. */
  place(low: number, high: number, size: number, access: Access): number {
    if (high === 0 && (low & (pageSize - 1)) + size <= pageSize) {
      if (((this.pages[low >>> 12] ?? 0) & needs[access]) !== 0) return this.base + (low >>> 0);
    }
    return this.#slowPlace(low, high, size, access);
  }

  #slowPlace(low: number, high: number, size: number, access: Access): number {
    // The top byte of a data address is a tag that counts for nothing.
    const top = access === "execute" ? high : high & 0xff_ffff;
    const whole = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    if (top !== 0) throw abort(whole, access, faultStatus.translation, "no memory there");
    const address = low >>> 0;
    const end = address + size;
    for (let at = address; at < end; at = Math.floor(at / pageSize) * pageSize + pageSize) {
      const refused = this.#refusal(at, access);
      if (refused === undefined) continue;
      const what = refused === faultStatus.translation ? "no memory there" : "protected by the host";
      throw abort(whole + BigInt(at - address), access, refused, what);
    }
    for (let at = address; at < end; at = Math.floor(at / pageSize) * pageSize + pageSize)
      this.#touch(at, Math.min(end, Math.floor(at / pageSize) * pageSize + pageSize), access);
    return this.base + address;
  }

  #refusal(address: number, access: Access): number | undefined {
    if (address >= this.size) return faultStatus.translation;
    const bits = this.host[Math.floor(address / pageSize)] ?? 0;
    return (bits & needs[access]) === 0 ? faultStatus.permission : undefined;
  }

  /** What an access to part of a page is noticed by, and what may be done there from now on without asking. */
  #touch(start: number, end: number, access: Access): void {
    const number = Math.floor(start / pageSize);
    this.checkWatches(start, end, access);
    if (access === "write") {
      this.noteWritten(number);
      this.forgetPage(number);
    }
    if (!this.isWatched(number * pageSize))
      this.allow(number, this.host[number] ?? 0, this.#code[number] === 1, access);
  }

  isExecutable(pc: number): boolean {
    return pc >= 0 && this.#refusal(pc, "execute") === undefined;
  }

  holdsCode(place: number): void {
    const number = Math.floor((place - this.base) / pageSize);
    if (this.#code[number] === 1) return;
    this.#code[number] = 1;
    this.noteCode(number);
  }

  forgetPage(page: number): void {
    if (this.#code[page] !== 1) return;
    this.#code[page] = 0;
    this.onCodeWritten(page);
  }
}
