// When translated code may run at all, and which: what computes as WebAssembly does, or exactly as the guest's modes have it.
import type { GuestCore } from "../guest-core.js";

/** Instructions, about, for which floating point is exact after it had to be. */
const EXACT_SPAN = 2 ** 22;

export class Conditions {
  /** Instructions are counted exactly: the replay profile. */
  readonly isCounted: boolean;
  readonly #core: GuestCore;
  readonly #isWatched: boolean;
  /** `core.executed` when floating point last had to be exact. */
  #lastExact = Number.NEGATIVE_INFINITY;

  /** `isWatched`: somebody may look at the registers at any place. */
  constructor(core: GuestCore, isCounted: boolean, isWatched: boolean) {
    this.#core = core;
    this.#isWatched = isWatched;
    this.isCounted = isCounted;
  }

  /** Whether translated code may run now. */
  isPlain(): boolean {
    return this.#core.isUnwatched && !(this.isCounted && this.isExactLately());
  }

  /** Whether status flags matter where no instruction reads them: to debuggers, and to a guest that takes its own faults. */
  get keepsFlags(): boolean {
    return this.isCounted || this.#isWatched || this.#core.takesFaults;
  }

  /** Code that sets a rounding mode and takes it back mostly does so again soon. */
  isExactLately(): boolean {
    const core = this.#core;
    // A counted run begins exact, whatever its code does.
    if (core.isExact && this.isCounted && core.keepsExceptions) return true;
    if (core.isExact) this.#lastExact = core.executed;
    return core.executed - this.#lastExact < EXACT_SPAN;
  }
}
