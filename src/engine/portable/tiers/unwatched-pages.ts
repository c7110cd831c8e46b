// Pages with decoded code that translated code may store to without a word: stale whenever it has run.
import { pageSize } from "../../../bytes/align.js";
import type { GuestPages } from "../guest-core.js";

export class UnwatchedPages {
  /** Address of the first page that translated code may store to. */
  writable = 0;
  readonly #mmu: GuestPages;
  readonly #pages = new Set<number>();

  constructor(mmu: GuestPages) {
    this.#mmu = mmu;
    mmu.onCodeHeld = (page) => {
      if (page * pageSize >= this.writable) this.#pages.add(page);
    };
  }

  forget(): void {
    if (this.#pages.size === 0) return;
    for (const page of this.#pages) if (page * pageSize >= this.writable) this.#mmu.forgetPage(page);
    this.#pages.clear();
  }
}
