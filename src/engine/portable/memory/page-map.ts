// Guest memory's pages, whatever leads to them: what the host's protections allow, which were written, where a debugger watches. The
// page map of the state area remembers what may be done at once; all else comes to an ISA's memory, which asks here.
import { pageSize } from "../../../bytes/align.js";
import type { Access, Protection } from "../../contract.js";
import { WatchHit } from "../stops.js";
import { guestBase, pageBits, state } from "./state.js";

interface Watch {
  readonly start: number;
  readonly end: number;
  readonly access: Access;
}

/** What an access needs of a page. */
export const needs = { read: pageBits.read, write: pageBits.write, execute: pageBits.execute } as const;

export class PageMap {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** Where guest memory begins in the WebAssembly memory, and how much there is. */
  readonly base: number;
  readonly size: number;
  /** The state area's page map. */
  readonly pages: Uint8Array;
  /** Whether accesses throw `WatchHit`. */
  watching = true;
  /** Called with a physical page number before a store into a page that holds decoded code. */
  onCodeWritten: (page: number) => void = () => undefined;
  /** Called with a physical page number when code was decoded from it first, or first since it was forgotten. */
  onCodeHeld: (page: number) => void = () => undefined;
  /** What the host allows, by page. */
  protected readonly host: Uint8Array;
  /** Pages written since they were last taken; undefined where nobody ever took any. */
  #dirty: Set<number> | undefined;
  #watches: readonly Watch[] = [];

  constructor(buffer: ArrayBufferLike, size: number, protections: readonly Protection[], noExecute: boolean) {
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
    this.base = guestBase(size);
    this.size = size;
    const count = Math.ceil(size / pageSize);
    this.pages = new Uint8Array(buffer, state.pages, count);
    const { read, write, execute } = pageBits;
    this.host = new Uint8Array(count).fill(read | write | (noExecute ? 0 : execute));
    for (const p of protections) {
      const bits = (p.read ? read : 0) | (p.write ? write : 0) | (p.execute ? execute : 0);
      this.host.fill(bits, p.start / pageSize, Math.ceil(p.end / pageSize));
    }
  }

  /** Forgets what may be done at once. */
  flush(): void {
    this.pages.fill(0);
  }

  /** Whether somebody takes pages that were written. */
  get tracksDirty(): boolean {
    return this.#dirty !== undefined;
  }

  /** Pages written since the last call; the first store to each has to ask again. */
  takeDirty(): readonly number[] {
    const taken = [...(this.#dirty ?? [])];
    if (this.#dirty === undefined) this.flush();
    for (const page of taken) this.pages[page] = (this.pages[page] ?? 0) & ~pageBits.write;
    this.#dirty = new Set();
    return taken;
  }

  protected noteWritten(page: number): void {
    this.#dirty?.add(page);
  }

  /** Notes in the page map what may be done with a page from now on: of what is `allowed`, no stores that somebody must be told of. */
  protected allow(page: number, allowed: number, holdsCode: boolean, access: Access): void {
    const isTold = this.#dirty?.has(page) ?? true;
    const { write, code, dirty } = pageBits;
    this.pages[page] =
      (allowed & (holdsCode || !isTold ? ~write : -1)) |
      (holdsCode ? code : 0) |
      (access === "write" ? dirty : (this.pages[page] ?? 0) & dirty);
  }

  /** The page holds code from now on: stores ask. */
  protected noteCode(page: number): void {
    this.onCodeHeld(page);
    this.pages[page] = ((this.pages[page] ?? 0) & ~pageBits.write) | pageBits.code;
  }

  get hasWatches(): boolean {
    return this.#watches.length > 0;
  }

  setWatch(start: number, length: number, access: Access, on: boolean): void {
    const others = this.#watches.filter(
      (w) => w.start !== start || w.end !== start + length || w.access !== access,
    );
    this.#watches = on ? [...others, { start, end: start + length, access }] : others;
    this.flush();
  }

  /** Whether something in the page that begins at an address is watched. */
  protected isWatched(page: number): boolean {
    return this.#watches.some((w) => w.start < page + pageSize && w.end > page);
  }

  protected checkWatches(start: number, end: number, access: Access): void {
    if (!this.watching) return;
    if (this.#watches.some((w) => w.access === access && w.start < end && start < w.end))
      throw new WatchHit(start, access);
  }
}
