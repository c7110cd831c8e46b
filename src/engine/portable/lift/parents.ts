// Which units leave for an address: where that becomes hot, one of them is translated again with it, instead of a unit that
// has the rest of the function once more. Each unit a bounded number of times, and for each address once.
import type { Unit } from "./discover.js";

const MAX_VERSIONS = 6;

export class Parents {
  /** Entries of the units that leave for an address, and of those that an indirect jump is in. */
  readonly #leaving = new Map<number, number>();
  readonly #jumping = new Map<number, number[]>();
  readonly #versions = new Map<number, number>();
  /** Where the blocks of the latest of each begin. */
  readonly #blocks = new Map<number, ReadonlySet<number>>();
  readonly #tried = new Set<number>();

  add({ entry, leaders, leaves, jumps }: Pick<Unit, "entry" | "leaders" | "leaves" | "jumps">): void {
    this.#blocks.set(entry, leaders);
    this.#versions.set(entry, (this.#versions.get(entry) ?? 0) + 1);
    for (const pc of leaves) this.#leaving.set(pc, entry);
    for (const pc of jumps) {
      const known = this.#jumping.get(pc);
      if (known === undefined) this.#jumping.set(pc, [entry]);
      else if (!known.includes(entry)) known.push(entry);
    }
  }

  /**
   * The entries of the units that may be translated again for an address; `sources` are indirect jumps that go there. None
   * where one of them has it already and is only not entered there: it would be what it is, the others copies of it.
   */
  find(pc: number, sources: Iterable<number>): number[] {
    if (this.#tried.has(pc)) return [];
    this.#tried.add(pc);
    const jumping = [...sources].flatMap((source) => this.#jumping.get(source) ?? []);
    const entries = [...new Set([this.#leaving.get(pc) ?? [], jumping].flat())];
    if (entries.some((one) => this.#blocks.get(one)?.has(pc) === true)) return [];
    return entries.filter((one) => (this.#versions.get(one) ?? 0) < MAX_VERSIONS);
  }
}
