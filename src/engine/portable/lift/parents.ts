// Which units leave for an address: where that becomes hot, one of them is translated again with it, instead of a unit that
// has the rest of the function once more. Each unit a bounded number of times, and for each address once.
import type { Unit } from "./discover.js";

const MAX_VERSIONS = 3;

export class Parents {
  /** Entries of the units that leave for an address, and of those that an indirect jump is in. */
  readonly #leaving = new Map<number, number>();
  readonly #jumping = new Map<number, number[]>();
  readonly #versions = new Map<number, number>();
  readonly #tried = new Set<number>();

  add({ entry, leaves, jumps }: Unit): void {
    this.#versions.set(entry, (this.#versions.get(entry) ?? 0) + 1);
    for (const pc of leaves) this.#leaving.set(pc, entry);
    for (const pc of jumps) {
      const known = this.#jumping.get(pc);
      if (known === undefined) this.#jumping.set(pc, [entry]);
      else if (!known.includes(entry)) known.push(entry);
    }
  }

  /** The entry of the unit that is to be translated again for an address; `sources` are indirect jumps that go there. */
  find(pc: number, sources: Iterable<number>): number[] {
    if (this.#tried.has(pc)) return [];
    this.#tried.add(pc);
    const entries = new Set([
      this.#leaving.get(pc),
      ...[...sources].flatMap((source) => this.#jumping.get(source) ?? []),
    ]);
    return [...entries].filter(
      (one): one is number => one !== undefined && (this.#versions.get(one) ?? 0) < MAX_VERSIONS,
    );
  }
}
