// Checks of memory accesses that fail again and again, as where a guest reads what lies below the memory that is plain: their
// loads look at the page map instead, once the unit is made again.

/** Failures of an instruction before that. */
const OFTEN = 200;
/** Units that are made again for one instruction. */
const MOST_UNITS = 8;

export class FailedChecks {
  /** Instructions whose loads are to look at the page map. */
  readonly often = new Set<number>();
  readonly #counts = new Map<number, number>();
  /** Units that have been made again, by instruction. */
  readonly #made = new Map<number, Set<number>>();
  readonly #isAll: boolean;

  /** `isAll`: every load looks at the page map from the start, for tests. */
  constructor(isAll = false) {
    this.#isAll = isAll;
  }

  has(pc: number): boolean {
    return this.#isAll || this.often.has(pc);
  }

  /** A check of an instruction has failed, in the unit of an entry; whether that unit is to be made again. */
  count(pc: number, entry: number): boolean {
    const count = (this.#counts.get(pc) ?? 0) + 1;
    this.#counts.set(pc, count);
    if (count < OFTEN) return false;
    const made = this.#made.get(pc) ?? new Set<number>();
    if (made.size >= MOST_UNITS || made.has(entry)) return false;
    this.#counts.set(pc, 0);
    this.#made.set(pc, made.add(entry));
    this.often.add(pc);
    return true;
  }
}
