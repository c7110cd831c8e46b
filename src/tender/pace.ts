// How the thread of a run passes the time in which its guest does not run: with promises and timers, so that it never
// blocks a page, or asleep in the kernel, where the thread is the guest's alone.
import type { Clock } from "../device/contract.js";
import type { NetDevice } from "../net/contract.js";

/** Resolves when everything else that waits in the host's event loop has had its turn. */
export type NextTurn = () => Promise<void>;

export interface Pace {
  readonly nextTurn: NextTurn;
  /**
   * Until `deadline` of the monotonic clock, or until a network device can be read, or until `interrupt`, which is handed
   * out before, is called.
   */
  wait(
    deadline: bigint,
    nets: Iterable<NetDevice>,
    interruptible: (interrupt: () => void) => void,
  ): Promise<void>;
}

/** Timers cannot be set further ahead. */
const longestTimerMsecs = 2 ** 31 - 1;

/** For a thread that has other work. */
export const shared = (nextTurn: NextTurn, clock: Pick<Clock, "monotonic">): Pace => ({
  nextTurn,
  wait(deadline, nets, interruptible) {
    const left = Number(deadline - clock.monotonic()) / 1e6;
    // A timer would take a millisecond at least.
    if (left <= 0) return nextTurn();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.ceil(left), longestTimerMsecs));
      const interrupt = (): void => {
        clearTimeout(timer);
        resolve();
      };
      interruptible(interrupt);
      const all = [...nets];
      for (const net of all) net.onReadable(interrupt);
      if (all.some((net) => net.readable)) interrupt();
    });
  },
});
