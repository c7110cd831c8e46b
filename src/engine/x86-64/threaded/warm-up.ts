// What runs before the first tier begins: the interpreter, for the first instructions, and for more as long as most of them are new.
// Most guests say hello and end, and code that runs once gains nothing.
import type { Core } from "../core.js";

const LEAST = 20_000;
/** An instruction is worth its record when it is executed so often, about; but after so many the tier begins anyway. */
const [REPEATED, MOST] = [20, 400_000];

export class WarmUp {
  readonly #core: Core;
  /** So many and no more, where that is given. */
  readonly #fixed: number | undefined;
  #left: number;
  #done = 0;
  /** What the core had decoded at the last look. */
  #decodings = 0;

  constructor(core: Core, fixed: number | undefined) {
    this.#core = core;
    this.#fixed = fixed;
    this.#left = fixed ?? LEAST;
  }

  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** There is none. */
  skip(): void {
    this.#left = 0;
  }

  /** Interprets at most `limit` instructions of it; throws what the guest raises. */
  run(limit: number): void {
    const core = this.#core;
    const before = core.executed;
    try {
      core.run(Math.min(limit, this.#left));
    } finally {
      const count = core.executed - before;
      this.#left -= count;
      this.#done += count;
    }
    if (this.#left > 0) return;
    const isNew = (core.decodings - this.#decodings) * REPEATED > LEAST;
    this.#decodings = core.decodings;
    if (isNew && this.#done < MOST && this.#fixed === undefined) this.#left = LEAST;
  }
}
