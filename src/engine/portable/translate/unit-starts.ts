// Where the unit for a hot address begins: with the function that it is in, where that is called, or with its loop.
import { type Code, follow, type Found } from "../lift/follow.js";
import { loopOf } from "../lift/loops.js";

/** A function that has been called so often is translated where something in it becomes hot. */
const OFTEN_CALLED = 30;
/** A function is looked for so far before an address in it, in bytes. */
const MOST_BEFORE = 16 * 1024;
/** Instructions of a unit that is not copied into others: they go on in it. */
export const LARGE = 100;

export class UnitStarts {
  readonly #code: Code;
  readonly #isMade: (pc: number) => boolean;
  /** Addresses that were left to what they are in: what becomes hot in spite of that gets a unit of its own. */
  readonly #left = new Set<number>();
  /** What has been followed since the code last changed, by entry. */
  readonly #followed = new Map<number, Found>();
  #most = 0;

  /** `isMade`: whether there is a unit at an address, or never will be. */
  constructor(code: Code, isMade: (pc: number) => boolean) {
    this.#code = code;
    this.#isMade = isMade;
  }

  /** More has run; a unit has `most` instructions at most. */
  begin(most: number): void {
    this.#most = most;
    this.#followed.clear();
  }

  of(pc: number): number {
    if (this.#code.isEntry(pc) || this.#left.has(pc)) return pc;
    this.#left.add(pc);
    const start = this.#around(pc);
    return this.#isMade(start) ? pc : start;
  }

  #around(pc: number): number {
    const entry = this.#functionOf(pc);
    if (entry === undefined) return loopOf(pc, pc, this.#follow(pc), this.#code).head;
    const found = this.#follow(entry);
    const { head, size } = loopOf(pc, entry, found, this.#code);
    const whole = found.instructions.size;
    const isOneLoop = size >= LARGE && size * 2 >= whole;
    return isOneLoop || whole > this.#most || this.#code.countAt(entry) < OFTEN_CALLED ? head : entry;
  }

  /** The function that an address is in, where anything has called that. */
  #functionOf(pc: number): number | undefined {
    for (let at = pc - 1; at >= Math.max(0, pc - MOST_BEFORE); at--) {
      if (this.#code.isEntry(at)) return this.#follow(at).leaders.has(pc) ? at : undefined;
    }
    return undefined;
  }

  #follow(entry: number): Found {
    let found = this.#followed.get(entry);
    if (found === undefined) this.#followed.set(entry, (found = follow(entry, this.#code)));
    return found;
  }
}
