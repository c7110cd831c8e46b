// The host's clocks through Node.
import type { Clock } from "../../device/contract.js";

/** Wall time has the microseconds that `performance` gives; monotonic time is the kernel's, in nanoseconds. */
export const hostClock: Clock = {
  monotonic: () => process.hrtime.bigint(),
  wall: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
};
