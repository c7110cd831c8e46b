// Which of the guest's instructions have been executed, or others of their block: a bit for each address, by linear page.
import { pageSize } from "../../../bytes/align.js";

const PAGE_BITS = pageSize / 8;
const offsetIn = (pc: number): number => pc & (pageSize - 1);

export class RunMap {
  readonly #pages = new Map<number, Uint8Array>();
  /** Pages with bits that `takeChanges` has not given yet. */
  readonly #changed = new Set<number>();

  has(pc: number): boolean {
    const bits = this.#pages.get(Math.floor(pc / pageSize));
    const at = offsetIn(pc);
    return bits !== undefined && (((bits[at >> 3] ?? 0) >> (at & 7)) & 1) === 1;
  }

  mark(pc: number): void {
    const page = Math.floor(pc / pageSize);
    let bits = this.#pages.get(page);
    if (bits === undefined) this.#pages.set(page, (bits = new Uint8Array(PAGE_BITS)));
    const at = offsetIn(pc);
    bits[at >> 3] = (bits[at >> 3] ?? 0) | (1 << (at & 7));
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
  }

  /** Pages that have changed since the last call, with copies of their bits. */
  takeChanges(): (readonly [page: number, bits: Uint8Array])[] {
    const changes = [...this.#changed].flatMap((page) => {
      const bits = this.#pages.get(page);
      return bits === undefined ? [] : [[page, bits.slice()] as const];
    });
    this.#changed.clear();
    return changes;
  }

  /** Takes what another map's `takeChanges` gave. */
  put(changes: Iterable<readonly [page: number, bits: Uint8Array]>): void {
    for (const [page, bits] of changes) this.#pages.set(page, bits);
  }
}
