// Which of the guest's instructions have been executed, or others of their block: a bit for each address, by linear page; and
// what these call.
import { pageSize } from "../../../bytes/align.js";
import type { GuestInstruction, GuestIsa } from "../guest-isa.js";

const PAGE_BITS = pageSize / 8;
const offsetIn = (pc: number): number => pc & (pageSize - 1);

export interface RunChanges {
  readonly pages: readonly (readonly [page: number, bits: Uint8Array])[];
  readonly called: readonly number[];
}

export class RunMap {
  readonly #pages = new Map<number, Uint8Array>();
  /** Pages with bits that `takeChanges` has not given yet. */
  readonly #changed = new Set<number>();
  readonly #called = new Set<number>();
  /** Of those, what `takeChanges` has not given yet. */
  #newlyCalled: number[] = [];

  has(pc: number): boolean {
    const bits = this.#pages.get(Math.floor(pc / pageSize));
    const at = offsetIn(pc);
    return bits !== undefined && (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
  }

  /** Whether an instruction that ran calls an address. */
  isCalled(pc: number): boolean {
    return this.#called.has(pc);
  }

  mark(i: GuestInstruction, isa: Pick<GuestIsa, "flowOf" | "targetOf">): void {
    const { pc } = i;
    const page = Math.floor(pc / pageSize);
    let bits = this.#pages.get(page);
    if (bits === undefined) this.#pages.set(page, (bits = new Uint8Array(PAGE_BITS)));
    const at = offsetIn(pc);
    bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
    this.#changed.add(page);
    const called = isa.flowOf(i) === "call" ? isa.targetOf(i) : undefined;
    if (called !== undefined) this.markCalled(called);
  }

  markCalled(pc: number): void {
    if (this.#called.has(pc)) return;
    this.#called.add(pc);
    this.#newlyCalled.push(pc);
  }

  /** What is known of a page, as bits by address. */
  bitsOf(page: number): Uint8Array | undefined {
    return this.#pages.get(page);
  }

  get called(): Iterable<number> {
    return this.#called;
  }

  /** Takes what an earlier run knew of a page whose code is the same, and the bytes with it. */
  add(page: number, bits: Uint8Array): void {
    const known = this.#pages.get(page);
    if (known === undefined) this.#pages.set(page, bits);
    else for (let at = 0; at < PAGE_BITS; at++) known[at] = (known[at] ?? 0) | (bits[at] ?? 0);
    this.#changed.add(page);
  }

  /** The code of a page is no longer what it was. */
  forgetPage(page: number): void {
    this.#pages.delete(page);
    this.#changed.delete(page);
  }

  /** All pages count as changed again. */
  touch(): void {
    for (const page of this.#pages.keys()) this.#changed.add(page);
    this.#newlyCalled = [...this.#called];
  }

  /** What has changed since the last call: pages with copies of their bits, and addresses called. */
  takeChanges(): RunChanges {
    const pages = [...this.#changed].flatMap((page) => {
      const bits = this.#pages.get(page);
      return bits === undefined ? [] : [[page, bits.slice()] as const];
    });
    this.#changed.clear();
    const called = this.#newlyCalled;
    this.#newlyCalled = [];
    return { pages, called };
  }

  /** Takes what another map's `takeChanges` gave. */
  put({ pages, called }: RunChanges): void {
    for (const [page, bits] of pages) this.#pages.set(page, bits);
    for (const pc of called) this.#called.add(pc);
  }
}
