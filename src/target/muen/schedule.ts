// The page of the current minor frame, and what reading it says of the guest: one that does little else waits, since nothing
// but this page and its channels can tell it anything. docs/abi.md 9.4.
import { schedule as layout } from "../../abi/muen.js";
import { encode } from "../../bytes/struct.js";

/** A minor frame of the machine, in nanoseconds. Time advances by frames. */
const frameNsecs = 1_000_000n;
/** The counter has more than a tick a nanosecond: bindings have room for no other. */
export const ticksPerNsec = 2n;
export const counterHz = ticksPerNsec * 1_000_000_000n;

/** Reads that come so soon after one another, and so many of them, are a loop that waits. */
const loop = { nsecs: 5_000n, reads: 16 } as const;
/** Once a guest has waited in vain it needs no more than this. */
const readsAgain = 3;
/** A guest that has waited for long is not woken for each frame: at most a quarter of the time too late, or so much. */
const longestNsecs = 10_000_000n;

export interface Schedule {
  /** What `size` bytes at `offset` of the page hold at the time `now`. */
  read(now: bigint, offset: number, size: number): bigint;
  /** Takes note of a read at `now`, since the last of which something has happened, or not; until when the guest waits, if it does. */
  waitsUntil(now: bigint, isActive: boolean): bigint | undefined;
  save(): () => void;
}

export function createSchedule(): Schedule {
  /** The last read; how many there were that look like a loop; when that began; whether it has waited since. */
  let state = { last: 0n, reads: 0, since: 0n, hasWaited: false };
  return {
    read(now, offset, size) {
      const start = (now / frameNsecs) * frameNsecs;
      const page = encode(layout, { start: start * ticksPerNsec, end: (start + frameNsecs) * ticksPerNsec });
      let value = 0n;
      for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(page[offset + i] ?? 0);
      return value;
    },
    waitsUntil(now, isActive) {
      const { last, reads, since, hasWaited } = state;
      const goesOn = !isActive && (hasWaited ? reads === 0 || now - last < loop.nsecs : now - last < loop.nsecs);
      state = goesOn
        ? { last: now, reads: reads + 1, since, hasWaited }
        : { last: now, reads: 1, since: now, hasWaited: false };
      if (state.reads < (state.hasWaited ? readsAgain : loop.reads)) return undefined;
      state = { ...state, reads: 0, hasWaited: true };
      const quarter = (now - state.since) / 4n;
      const wait = quarter < frameNsecs ? frameNsecs : quarter > longestNsecs ? longestNsecs : quarter;
      return ((now + wait) / frameNsecs) * frameNsecs;
    },
    save() {
      const saved = state;
      return () => (state = saved);
    },
  };
}
