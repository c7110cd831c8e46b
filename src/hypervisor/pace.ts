// How the thread of a virtual CPU passes the time: nobody else lives in it, and it sleeps in the kernel.
import type { Clock } from "../device/contract.js";
import { createWait } from "../host/posix/net/wait.js";
import type { Pace } from "../tender/pace.js";

/** Sleeps until one of `fds`, the networks' and those of events, can be read. */
export function sleeping(fds: readonly number[], clock: Pick<Clock, "monotonic">): Pace {
  const wait = createWait(fds);
  const now = Promise.resolve();
  return {
    nextTurn: () => now,
    wait(deadline) {
      wait(deadline - clock.monotonic());
      return now;
    },
  };
}
