// Which units leave for an address: where that becomes hot, one of them is translated again with it, instead of a unit that
// has the rest of the function once more. Each unit a bounded number of times, for each address once, and not before what
// it was left for has taken about as long as that.
import type { Unit } from "./discover.js";

const MAX_VERSIONS = 6;
/** The same for a unit that has no room for more: it gains what is executed more, and loses something else. */
const MAX_FULL = 3;
/** Jumps to places that a unit leaves for take as long as translating it anew, for each of its instructions; twice as many each time. */
const JUMPS_AN_INSTRUCTION = 6;

export class Parents {
  /** Entries of the units that leave for an address, and of those that an indirect jump is in. */
  readonly #leaving = new Map<number, number>();
  readonly #jumping = new Map<number, number[]>();
  readonly #versions = new Map<number, number>();
  readonly #most = new Map<number, number>();
  /** Where the blocks of the latest of each begin. */
  readonly #blocks = new Map<number, ReadonlySet<number>>();
  readonly #tried = new Set<number>();
  /** Instructions of the latest of each, and jumps to where it was left for since it was made. */
  readonly #sizes = new Map<number, number>();
  readonly #missed = new Map<number, number>();

  add(unit: Pick<Unit, "entry" | "leaders" | "leaves" | "jumps" | "instructions" | "isFull">): void {
    const { entry, leaders, leaves, jumps } = unit;
    this.#sizes.set(entry, unit.instructions);
    this.#missed.delete(entry);
    this.#blocks.set(entry, leaders);
    this.#versions.set(entry, (this.#versions.get(entry) ?? 0) + 1);
    this.#most.set(entry, unit.isFull ? MAX_FULL : MAX_VERSIONS);
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
   * "later" where that is not worth it yet; `jumps`: how many have gone there since the last time.
   */
  find(pc: number, sources: Iterable<number>, jumps: number): number[] | "later" {
    if (this.#tried.has(pc)) return [];
    const found = this.#leftFor(pc, sources);
    const due = found.filter((entry) => this.#isDue(entry, jumps));
    if (found.length > 0 && due.length === 0) return "later";
    this.#tried.add(pc);
    return due;
  }

  #isDue(entry: number, jumps: number): boolean {
    const missed = (this.#missed.get(entry) ?? 0) + jumps;
    this.#missed.set(entry, missed);
    const versions = this.#versions.get(entry) ?? 0;
    return missed >= (this.#sizes.get(entry) ?? 0) * JUMPS_AN_INSTRUCTION * 2 ** (versions - 1);
  }

  #leftFor(pc: number, sources: Iterable<number>): number[] {
    const jumping = [...sources].flatMap((source) => this.#jumping.get(source) ?? []);
    const entries = [...new Set([this.#leaving.get(pc) ?? [], jumping].flat())];
    if (entries.some((one) => this.#blocks.get(one)?.has(pc) === true)) return [];
    return entries.filter((one) => (this.#versions.get(one) ?? 0) < (this.#most.get(one) ?? MAX_VERSIONS));
  }
}
