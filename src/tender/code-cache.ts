// What an engine has made of a guest's code, kept by the host between runs, and when a run gives it what is new.
import type { CodeCached } from "../engine/contract.js";

export interface CodeCacheEntry {
  /** What an earlier run left. */
  readonly bytes: Uint8Array | undefined;
  /** Keeps what this one has; never rejects. */
  save(bytes: Uint8Array): Promise<void>;
}

/** A run gives what it has after so long, then each time after so much longer: a server may never end. */
const FIRST_SAVE_NSECS = 2_000_000_000n;
const GROWTH = 4n;
/** What a run may spend at its end on code that only later ones gain from; when all of it is there, nothing. */
const COMPLETING_MSECS = 50;

interface CodeCacheRun {
  /** Called between slices of the guest; saves now and then, beside it. */
  tick(now: bigint): void;
  /** Saves what is new at the end. */
  end(): Promise<void>;
}

export function openCodeCache(
  vcpu: CodeCached,
  codeCache: CodeCacheEntry | undefined,
  { start, isResponsive }: { readonly start: bigint; readonly isResponsive: boolean },
): CodeCacheRun {
  let next = FIRST_SAVE_NSECS;
  let saving: Promise<void> = Promise.resolve();
  const save = (msecs: number): void => {
    const bytes = codeCache === undefined ? undefined : vcpu.exportCache?.(msecs);
    if (bytes !== undefined) saving = saving.then(() => codeCache?.save(bytes));
  };
  if (codeCache?.bytes !== undefined) vcpu.importCache?.(codeCache.bytes);
  return {
    tick(now) {
      if (now - start < next) return;
      next *= GROWTH;
      save(0);
    },
    end() {
      save(isResponsive ? 0 : COMPLETING_MSECS);
      return saving;
    },
  };
}
