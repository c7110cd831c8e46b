// Guest memory as a process has it: addresses are places, the host's protections say what may be done with each page, and some
// are watched: for stores to code, for a debugger, for whoever wants to know what was written. The page map of the state area
// remembers what may be done at once.
import { pageSize } from "../../bytes/align.js";
import type { Access, Protection } from "../contract.js";
import type { WatchedPages } from "../portable/vcpu.js";
import { WatchHit } from "../portable/stops.js";
import { guestBase, pageBits, state } from "../portable/memory/state.js";
import { abort, faultStatus } from "./fault.js";

interface Watch {
  readonly start: number;
  readonly end: number;
  readonly access: Access;
}

const bitOf = { read: pageBits.read, write: pageBits.write, execute: pageBits.execute } as const;

export class ProcessMemory implements WatchedPages {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly base: number;
  readonly size: number;
  /** Mappings never change. */
  readonly version = 0;
  readonly pages: Uint8Array;
  watching = true;
  onCodeWritten: (page: number) => void = () => undefined;
  onCodeHeld: (page: number) => void = () => undefined;
  readonly #host: Uint8Array;
  readonly #code: Uint8Array;
  #watches: readonly Watch[] = [];
  /** Pages written since they were last taken; undefined where nobody ever took any. */
  #dirty: Set<number> | undefined;

  constructor(buffer: ArrayBufferLike, size: number, protections: readonly Protection[], noExecute: boolean) {
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.base = guestBase(size);
    this.size = size;
    const count = Math.ceil(size / pageSize);
    this.pages = new Uint8Array(buffer, state.pages, count);
    this.#code = new Uint8Array(count);
    const { read, write, execute } = pageBits;
    this.#host = new Uint8Array(count).fill(read | write | (noExecute ? 0 : execute));
    for (const p of protections) {
      const bits = (p.read ? read : 0) | (p.write ? write : 0) | (p.execute ? execute : 0);
      this.#host.fill(bits, p.start / pageSize, Math.ceil(p.end / pageSize));
    }
  }

  /** The place in `bytes` of an access at address high:low, all checks done. */
  place(low: number, high: number, size: number, access: Access): number {
    if (high === 0 && (low & (pageSize - 1)) + size <= pageSize) {
      if (((this.pages[low >>> 12] ?? 0) & bitOf[access]) !== 0) return this.base + (low >>> 0);
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
    const bits = this.#host[Math.floor(address / pageSize)] ?? 0;
    return (bits & bitOf[access]) === 0 ? faultStatus.permission : undefined;
  }

  /** What an access to part of a page is noticed by, and what may be done there from now on without asking. */
  #touch(start: number, end: number, access: Access): void {
    const number = Math.floor(start / pageSize);
    const isHit = (w: Watch) => w.access === access && w.start < end && start < w.end;
    if (this.watching && this.#watches.some(isHit)) throw new WatchHit(start, access);
    if (access === "write") {
      this.#dirty?.add(number);
      this.forgetPage(number);
    }
    const page = number * pageSize;
    if (this.#watches.some((w) => w.start < page + pageSize && w.end > page)) return;
    const host = this.#host[number] ?? 0;
    const holdsCode = this.#code[number] === 1;
    const writes = !holdsCode && (this.#dirty?.has(number) ?? true) ? pageBits.write : 0;
    const { read, execute, code, dirty } = pageBits;
    const isDirty = access === "write" ? dirty : (this.pages[number] ?? 0) & dirty;
    this.pages[number] = (host & (read | execute | writes)) | (holdsCode ? code : 0) | isDirty;
  }

  isExecutable(pc: number): boolean {
    return pc >= 0 && this.#refusal(pc, "execute") === undefined;
  }

  holdsCode(place: number): void {
    const number = Math.floor((place - this.base) / pageSize);
    if (this.#code[number] === 1) return;
    this.#code[number] = 1;
    this.onCodeHeld(number);
    this.pages[number] = ((this.pages[number] ?? 0) & ~pageBits.write) | pageBits.code;
  }

  forgetPage(page: number): void {
    if (this.#code[page] !== 1) return;
    this.#code[page] = 0;
    this.onCodeWritten(page);
  }

  /** Pages written since the last call; the first store to each has to ask again. */
  takeDirty(): readonly number[] {
    const taken = [...(this.#dirty ?? [])];
    if (this.#dirty === undefined) this.pages.fill(0);
    for (const page of taken) this.pages[page] = (this.pages[page] ?? 0) & ~pageBits.write;
    this.#dirty = new Set();
    return taken;
  }

  get tracksDirty(): boolean {
    return this.#dirty !== undefined;
  }

  get hasWatches(): boolean {
    return this.#watches.length > 0;
  }

  setWatch(start: number, length: number, access: Access, on: boolean): void {
    const isOther = (w: Watch) => w.start !== start || w.end !== start + length || w.access !== access;
    this.#watches = this.#watches.filter(isOther);
    if (on) this.#watches = [...this.#watches, { start, end: start + length, access }];
    this.pages.fill(0);
  }
}
