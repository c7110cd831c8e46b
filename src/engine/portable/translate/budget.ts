// How much of a run's time goes into translation: never more than a fixed share, so that a guest whose code is hot for a
// moment only, or that is written again and again, costs a bounded factor over interpreting it.

/** What a run may spend at once, in milliseconds, and of the time that it has taken since. */
export interface Share {
  readonly atOnce: number;
  readonly share: number;
}

/** Of the guest's own thread. */
export const OWN_SHARE: Share = { atOnce: 60, share: 0.4 };
/** Of a thread beside it: the guest waits for its code, not for the thread. */
export const SHARE_BESIDE: Share = { atOnce: 1500, share: 0.8 };

export class TranslationBudget {
  readonly #share: Share;
  readonly #start = performance.now();
  #spent = 0;

  constructor(share = OWN_SHARE) {
    this.#share = share;
  }

  allows(): boolean {
    const { atOnce, share } = this.#share;
    return this.#spent <= atOnce + share * (performance.now() - this.#start);
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
