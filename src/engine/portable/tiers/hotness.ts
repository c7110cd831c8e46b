// When guest code is worth translating: events at an address are counted until they weigh enough. Translating a
// function takes about as long as interpreting it a hundred times, more while the translator itself is cold.

/** Jumps to an address before it is translated. */
export const THRESHOLD = 150;

/**
 * Jumps to an address before it is translated, where the first tier runs it: that takes as long as translating a function.
 * With 150, a JavaScript engine's start of 2.5 million instructions took 23 s, with 3,000 it took 3 s, so 0.7 s.
 */
export const THREADED_JUMPS = 3000;
/** What is hot and cannot be translated yet is tried again after a part of the jumps. */
export const RETRIES = 8;

/** What an event counts for, in jumps. */
const weights = {
  /** The interpreter jumps there. */
  jump: 1,
  /** Translated code calls it and has to leave for it. */
  call: 10,
  /** Translated code returns to it and has to leave: a loop around it is the better entry, and has the first chance. */
  return: 4,
} as const;

export class Hotness {
  readonly #counts = new Map<number, number>();
  /** Jumps to an address before it is hot. */
  readonly threshold: number;

  /** 0 takes whatever comes as hot. */
  constructor(threshold = THRESHOLD) {
    this.threshold = threshold;
  }

  /** Counts an event; whether the address is hot now. */
  count(pc: number, event: keyof typeof weights): boolean {
    const sum = (this.#counts.get(pc) ?? 0) + weights[event];
    this.#counts.set(pc, sum);
    return sum >= this.threshold;
  }

  /** Whether anything has happened there. */
  isKnown(pc: number): boolean {
    return this.threshold === 0 || this.#counts.has(pc);
  }

  /** What has happened there, in jumps. */
  at(pc: number): number {
    return this.#counts.get(pc) ?? 0;
  }

  /** Each address with what has happened there. */
  counts(): Iterable<readonly [pc: number, count: number]> {
    return this.#counts;
  }

  /** Nothing has happened at an address. */
  forget(pc: number): void {
    if (this.#counts.has(pc)) this.#counts.set(pc, 0);
  }

  clear(): void {
    this.#counts.clear();
  }
}
