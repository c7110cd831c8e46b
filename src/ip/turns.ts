// Calls from outside into a stack, one of which may come in the middle of another. The time is asked once in each; where the
// outermost ends, what is due is sent and told, and the next alarm asked for.
import type { Host } from "./host.js";
import { createTimers, type Timers } from "./timers.js";

export interface Turns {
  readonly host: Host;
  readonly timers: Timers;
  /** How many calls there are in each other. */
  depth: number;
  /** `Host.now` of the outermost. */
  time: number;
  /** What `Host.wake` was told last. */
  asked: number;
  closed: boolean;
  /** Sends and tells what is due. */
  flush: () => void;
}

export const createTurns = (host: Host): Turns => ({
  host,
  timers: createTimers(),
  depth: 0,
  time: 0,
  asked: Infinity,
  closed: false,
  flush: () => {},
});

/** The time, as everything in a stack has it. A function of its own: it is called several times a segment. */
export const clockOf =
  (turns: Turns): (() => number) =>
  () =>
    turns.depth > 0 ? turns.time : turns.host.now();

export function begin(turns: Turns): void {
  if (turns.depth++ === 0) turns.time = turns.host.now();
}

export function finish(turns: Turns): void {
  try {
    if (turns.depth > 1) return;
    turns.flush();
  } finally {
    turns.depth--;
  }
  // Asked again only where the time has changed: a host's timers may be dear.
  const { next } = turns.timers;
  if (next === turns.asked || turns.closed) return;
  turns.asked = next;
  turns.host.wake(next);
}

export function during(turns: Turns, work: () => void): void {
  if (turns.closed) return;
  begin(turns);
  try {
    work();
  } finally {
    finish(turns);
  }
}

/** Says that what has just been done is a call of its own, unless it was in the middle of one. */
export const settlerOf =
  (turns: Turns): (() => void) =>
  () => {
    if (turns.depth > 0 || turns.closed) return;
    begin(turns);
    finish(turns);
  };

/** Does what is due. */
export function runTimers(turns: Turns): void {
  turns.asked = Infinity;
  during(turns, () => turns.timers.run(turns.time));
}
