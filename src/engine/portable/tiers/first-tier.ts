// The tier between interpreter and translated code, which an ISA may have.

/** Jumps that never happen: a countdown that does not end. */
export const NEVER = 0x3fff_ffff;

/**
 * Why the tier returns: the next address is reached often enough to say so, or there is translated code for it; the
 * limit is reached; the core must stop or cannot go on here.
 */
export type Outcome = "hot" | "translated" | "limit" | "stopped";

export interface TierHooks {
  /** Jumps to a new block before it is hot. */
  readonly countdown: (pc: number) => number;
  /** Whether there is translated code for an address, or somebody waits there; and all such addresses. */
  readonly isTranslated: (pc: number) => boolean;
  readonly translated: () => Iterable<number>;
  /** Whether floating point needs more than WebAssembly has: other roundings, exceptions. */
  readonly isExact: () => boolean;
  /** The call or indirect jump at `site` goes to `target`: told once for a direct one, and for an indirect one until it has gone to many places. */
  readonly called: (site: number, target: number, isIndirect: boolean) => void;
}

export interface FirstTier {
  /** Whether there is room for what it decodes. */
  readonly isPossible: boolean;
  /** Whether it can run the core as it is now. */
  readonly isUsable: boolean;
  /** Whether the interpreter has executed what comes before. */
  readonly isWarm: boolean;
  /** Runs from the core's next address; throws what the guest raises. */
  run(limit: number): Outcome;
  /** Jumps to an address before it is hot again. */
  setCountdown(pc: number, jumps: number): void;
  /** There is translated code for an address now, or somebody waits there; or no more. */
  setTranslated(pc: number, is: boolean): void;
  /** What is no unit's entry among these addresses has not been jumped to. */
  restart(pcs: Iterable<number>): void;
  /** All that is translated may have changed. */
  updateTranslated(): void;
  /** Jumps to an address so far, about. */
  jumpsTo(pc: number): number;
  counts(): Iterable<readonly [pc: number, count: number]>;
  /** Something has been made of the guest's code since `store` or `restore`. */
  readonly hasNews: boolean;
  /** What a later run can take; undefined where that is nothing. `isLast`: it may take some time, since nothing runs after it. */
  store(isLast: boolean): Uint8Array | undefined;
  /** Takes what an earlier run has stored, before the first `run`. What does not fit is not used. */
  restore(bytes: Uint8Array): void;
}
