// From a linear address to a place in the WebAssembly memory: paging, the host's protections, watches, pages with code.
// The page map of the state area remembers what may be done at once; everything else comes through here.
import { pageSize } from "../../bytes/align.js";
import type { Access, Protection } from "../contract.js";
import type { Cpu } from "./cpu.js";
import { GuestFault, vector } from "./fault.js";
import { hexOf, type Mapping, walk } from "./paging.js";
import { pageHash } from "../portable/link/page-hash.js";
import { needs, PageMap } from "../portable/memory/page-map.js";
import { pageBits } from "../portable/memory/state.js";

const PG = 0x8000_0000n;
const WP = 0x1_0000n;
const NXE = 0x800n;

/** Stores to a page with code concern code by lines of so many bytes, as a power of two: 64 lines a page. */
const LINE_BITS = 6;

/** The lines of the lower or the upper half of a page that bytes are in, as a mask. */
function linesOf(half: number, offset: number, size: number): number {
  const first = Math.max((offset >> LINE_BITS) - 32 * half, 0);
  const last = Math.min(((offset + size - 1) >> LINE_BITS) - 32 * half, 31);
  return first > last ? 0 : (-1 << first) & (-1 >>> (31 - last));
}

export class Mmu extends PageMap {
  /** Counts changes of the guest's mappings, for whoever derived something from them. */
  version = 0;
  /** The lines of each page that hold decoded code, as two masks. */
  readonly #code: readonly [low: Int32Array, high: Int32Array];
  readonly #cpu: Cpu;
  readonly #tlb = new Map<number, Mapping>();

  constructor(
    buffer: ArrayBufferLike,
    size: number,
    cpu: Cpu,
    protections: readonly Protection[],
    noExecute: boolean,
  ) {
    super(buffer, size, protections, noExecute);
    const count = this.pages.length;
    this.#code = [new Int32Array(count), new Int32Array(count)];
    this.#cpu = cpu;
  }

  isExecutable(pc: number): boolean {
    if (((this.pages[Math.floor(pc / pageSize)] ?? 0) & pageBits.execute) !== 0) return true;
    try {
      this.byteAt(pc, "execute");
    } catch {
      return false;
    }
    return true;
  }

  /** What was decoded from a page is stale. */
  forgetPage(page: number): void {
    if (this.#holdsCode(page)) this.#forget(page);
  }

  #forget(page: number): void {
    for (const lines of this.#code) lines[page] = 0;
    this.onCodeWritten(page);
  }

  #holdsCode(page: number): boolean {
    const [low, high] = this.#code;
    return ((low[page] ?? 0) | (high[page] ?? 0)) !== 0;
  }

  /** Whether bytes of a page hold code, as far as lines tell. */
  #concernsCode(page: number, offset: number, size: number): boolean {
    return this.#code.some((lines, half) => ((lines[page] ?? 0) & linesOf(half, offset, size)) !== 0);
  }

  /** Forgets everything derived from the guest's tables and privilege. */
  override flush(): void {
    super.flush();
    this.#tlb.clear();
    this.version++;
  }

  get paged(): boolean {
    return (this.#cpu.cr0 & PG) !== 0n;
  }

  #map(linear: number, access: Access, mark = true): Mapping {
    if (!this.paged) {
      const page = linear - (((linear % pageSize) + pageSize) % pageSize);
      return { page, writable: true, executable: true, dirty: true };
    }
    const key = Math.floor(linear / pageSize);
    const known = this.#tlb.get(key);
    if (known !== undefined && mark) {
      const fits =
        access === "read" || (access === "write" ? known.writable && known.dirty : known.executable);
      if (fits) return known;
    }
    const paging = {
      tables: Number(this.#cpu.cr3 & 0x000f_ffff_ffff_f000n),
      user: this.#cpu.cpl === 3,
      writeProtect: (this.#cpu.cr0 & WP) !== 0n,
      noExecute: (this.#cpu.efer & NXE) !== 0n,
    };
    const mapping = walk(this, paging, linear, access, mark);
    if (mark) this.#tlb.set(key, mapping);
    return mapping;
  }

  /** A word of physical memory, as the table walk and descriptor loads read it. */
  get(address: number): number | undefined {
    return address + 4 <= this.size ? this.view.getInt32(this.base + address, true) : undefined;
  }

  set(address: number, value: number): void {
    this.noteWritten(Math.floor(address / pageSize));
    this.view.setInt32(this.base + address, value, true);
  }

  /**
   * The place of one byte in the WebAssembly memory after every check, or -1 where no memory answers at its physical
   * address. Remembers in the page map what may be done without asking again. `size` is for watches and code.
   */
  byteAt(linear: number, access: Access, size = 1): number {
    const mapping = this.#map(linear, access);
    const { page } = mapping;
    if (page >= this.size || page < 0) {
      if (access === "execute" || !this.paged) this.#refuse(linear, access, "no memory there");
      return -1;
    }
    const number = page / pageSize;
    const host = this.host[number] ?? 0;
    if ((host & needs[access]) === 0) this.#refuse(linear, access, "protected by the host");
    const offset = ((linear % pageSize) + pageSize) % pageSize;
    const watched = this.isWatched(linear - offset);
    if (watched) this.checkWatches(linear, linear + size, access);
    if (access === "write") this.noteWritten(number);
    if (access === "write" && this.#concernsCode(number, offset, size)) this.#forget(number);
    if (page === linear - offset && !watched) {
      const { read, write, execute } = pageBits;
      const writes = mapping.writable && mapping.dirty ? write : 0;
      const allowed = host & (read | writes | (mapping.executable ? execute : 0));
      this.allow(number, allowed, this.#holdsCode(number), access);
    }
    return this.base + page + offset;
  }

  /** Marks `size` bytes of the physical page of `place` as decoded code, so that stores to them are told. */
  holdsCode(place: number, size: number = pageSize): number {
    const number = Math.floor((place - this.base) / pageSize);
    const isKnown = this.#holdsCode(number);
    const offset = (place - this.base) % pageSize;
    this.#code.forEach((lines, half) => {
      lines[number] = (lines[number] ?? 0) | linesOf(half, offset, size);
    });
    if (!isKnown) this.#beginCode(number);
    return number;
  }

  /** A mapping elsewhere may lead to the page as well. */
  #beginCode(page: number): void {
    this.noteCode(page);
    if (this.paged) this.#tlb.clear();
  }

  /** The lines of a physical page that hold decoded code, as two masks. */
  linesOf(page: number): readonly [low: number, high: number] {
    const [low, high] = this.#code;
    return [low[page] ?? 0, high[page] ?? 0];
  }

  /** Marks such lines. */
  holdsLines(page: number, low: number, high: number): void {
    const isKnown = this.#holdsCode(page);
    const [lows, highs] = this.#code;
    lows[page] = (lows[page] ?? 0) | low;
    highs[page] = (highs[page] ?? 0) | high;
    if (!isKnown) this.#beginCode(page);
  }

  /** What a physical page holds, as a number. */
  hashOf(page: number): number {
    return pageHash(this.bytes.subarray(this.base, this.base + this.size), page);
  }

  /** What a debugger or a device sees at a linear address, or undefined: nothing is marked. */
  peek(linear: number): number | undefined {
    try {
      const offset = ((linear % pageSize) + pageSize) % pageSize;
      const { page } = this.#map(linear, "read", false);
      return page + offset < this.size ? this.bytes[this.base + page + offset] : undefined;
    } catch (error) {
      if (error instanceof GuestFault) return undefined;
      throw error;
    }
  }

  /** Physical address of a linear one, without marking; throws #PF. */
  physical(linear: number): number {
    return this.#map(linear, "read", false).page + (((linear % pageSize) + pageSize) % pageSize);
  }

  #refuse(linear: number, access: Access, what: string): never {
    throw new GuestFault(
      vector.PF,
      (access === "write" ? 2 : 0) | (access === "execute" ? 16 : 0),
      `${access} of ${hexOf(linear)}: ${what}`,
      { address: linear, access, refusedBy: "host" },
    );
  }
}
