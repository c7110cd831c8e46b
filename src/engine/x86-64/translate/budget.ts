// How much of a run's time goes into translation: never more than a fixed share, so that a guest whose code is hot for a
// moment only, or that is written again and again, costs a bounded factor over interpreting it.

/** What a run may spend at once, in milliseconds, and of the time that it has taken since. */
const START_MSECS = 60;
const SHARE = 0.4;

export class TranslationBudget {
  readonly #start = performance.now();
  #spent = 0;

  allows(): boolean {
    return this.#spent <= START_MSECS + SHARE * (performance.now() - this.#start);
  }

  spend(work: () => void): void {
    const before = performance.now();
    try {
      work();
    } finally {
      this.#spent += performance.now() - before;
    }
  }
}
