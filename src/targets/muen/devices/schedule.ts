// The page of the current minor frame, as the kernel would write it anew at the start of each. docs/abi.md 9.4.
import { schedule } from "../../../abi/muen.js";
import { encode } from "../../../bytes/struct.js";

/** A minor frame of the machine, in nanoseconds. The guest's time advances by frames. */
const frameNsecs = 1_000_000n;
/** The counter has more than a tick a nanosecond: bindings have room for no other. */
export const ticksPerNsec = 2n;
export const counterHz = ticksPerNsec * 1_000_000_000n;

/** What `size` bytes at `offset` of the page hold at the time `now`. */
export function readSchedule(now: bigint, offset: number, size: number): bigint {
  const start = (now / frameNsecs) * frameNsecs;
  const page = encode(schedule, { start: start * ticksPerNsec, end: (start + frameNsecs) * ticksPerNsec });
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(page[offset + i] ?? 0);
  return value;
}

/** A guest that has waited for long is not woken for each frame: at most a quarter of the time too late, or so much. */
const longestNsecs = 10_000_000n;

/** When a guest that has waited `since` then is to look again: at the start of a frame. */
export function nextLook(now: bigint, since: bigint): bigint {
  const quarter = (now - since) / 4n;
  const wait = quarter < frameNsecs ? frameNsecs : quarter > longestNsecs ? longestNsecs : quarter;
  return ((now + wait) / frameNsecs) * frameNsecs;
}
