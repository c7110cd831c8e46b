// How Node's main thread passes the time in which guests wait for frames that the kernel moves: asleep in poll(2), where both
// such frames and whatever the event loop waits for wake it. A frame needs no turn of the loop to reach its guest.
import { availableParallelism } from "node:os";
import type { Clock } from "../../../device/contract.js";
import { shared, type NextTurn, type Pace } from "../../../tender/pace.js";
import { eventLoop, type EventLoop } from "../event-loop.js";
import { createWait } from "./wait.js";

/** The loop has its turn at least so often while frames keep coming: signals, timers, consoles. */
const turnNsecs = 2_000_000n;
/** One wait without a turn of the loop. */
const napNsecs = 1_000_000n;
/** Looks before it sleeps: to wake a thread on a processor that has gone to rest takes as long. */
const lookNsecs = availableParallelism() > 1 ? 50_000n : 0n;
/** A wait so short is followed by another, as a rule. */
const soonNsecs = 200_000n;

/** The wait of one guest. */
interface Waiting {
  readonly fds: readonly number[];
  readonly deadline: bigint;
  isOver(): boolean;
  end(): void;
}

/** All that wait in this thread: while one sleeps, none of the others runs. */
const waiting = new Set<Waiting>();
/** Somebody sleeps for all of them. */
let isPassing = false;
/** When the loop last had its turn. */
let lastTurn = 0n;

const earlier = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Paces guests whose frames the kernel moves, and any others as `shared` does. */
export function asleep(nextTurn: NextTurn, clock: Pick<Clock, "monotonic">): Pace {
  const plain = shared(nextTurn, clock);
  const turn = async (): Promise<void> => {
    await nextTurn();
    lastTurn = clock.monotonic();
  };
  let lastWaitNsecs = soonNsecs;
  return {
    nextTurn: turn,
    async wait(deadline, nets, interruptible) {
      const all = [...nets];
      const fds = all.flatMap(({ descriptor }) => descriptor ?? []);
      const loop = fds.length === 0 ? undefined : eventLoop();
      if (loop === undefined) return plain.wait(deadline, all, interruptible);
      const start = clock.monotonic();
      const isOver = (): boolean => {
        const now = clock.monotonic();
        lastWaitNsecs = now - start;
        return all.some((net) => net.readable) || now >= deadline;
      };
      if (waiting.size === 0 && start - lastTurn < turnNsecs) {
        const lookedNsecs = lastWaitNsecs < soonNsecs ? lookNsecs : 0n;
        do if (isOver()) return;
        while (lastWaitNsecs < lookedNsecs);
        waitFor([loop.fd, ...fds])(earlier(deadline - start, napNsecs));
        if (isOver()) return;
      }
      await new Promise<void>((resolve) => {
        const one: Waiting = {
          fds,
          deadline,
          isOver,
          end() {
            waiting.delete(one);
            resolve();
          },
        };
        interruptible(one.end);
        for (const net of all) if (net.descriptor === undefined) net.onReadable(one.end);
        waiting.add(one);
        if (!isPassing) void passTime(loop, clock);
      });
    },
  };
}

/** Until nobody waits any more. */
async function passTime(loop: EventLoop, clock: Pick<Clock, "monotonic">): Promise<void> {
  isPassing = true;
  loop.keep(true);
  while (waiting.size > 0) {
    await loop.turn();
    lastTurn = clock.monotonic();
    if (endOver() || waiting.size === 0) continue;
    sleep(loop, [...waiting], lastTurn);
    endOver();
  }
  loop.keep(false);
  isPassing = false;
}

/** Ends the waits that are over; whether there were any. */
function endOver(): boolean {
  const over = [...waiting].filter((one) => one.isOver());
  for (const one of over) one.end();
  return over.length > 0;
}

/** Until one of `waits` may be over, or the loop has something to do. */
function sleep(loop: EventLoop, waits: readonly Waiting[], now: bigint): void {
  const fds = [loop.fd, ...waits.flatMap(({ fds }) => fds)];
  const left = waits.map(({ deadline }) => deadline).reduce(earlier) - now;
  const timeout = loop.timeout();
  waitFor(fds)(timeout === undefined ? left : earlier(left, timeout));
}

let last: { readonly fds: readonly number[]; readonly wait: (nsecs: bigint) => void } | undefined;

/** The wait for `fds`; the last one again where it was for the same. */
function waitFor(fds: readonly number[]): (nsecs: bigint) => void {
  const isSame = last?.fds.length === fds.length && last.fds.every((fd, i) => fd === fds[i]);
  if (last === undefined || !isSame) last = { fds, wait: createWait(fds) };
  return last.wait;
}
