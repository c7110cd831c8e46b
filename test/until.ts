// Waits of tests: for something that happens, never for a time, and always with a bound.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const lookMsecs = 5;
const boundMsecs = 60_000;

/** Waits until `condition` holds; fails as `what` where it does not within a minute. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + boundMsecs;
  while (!(await condition())) {
    assert.ok(performance.now() < end, `not within a minute: ${what}`);
    await sleep(lookMsecs);
  }
}

const windowMsecs = 200;
const restShare = 0.1;

/** Milliseconds of CPU that this process has used. */
export function ownMsecs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Waits until what `usedMsecs` counts comes to rest: next to nothing of a short while. What never rests, as a guest that
 * spins, fails; what is merely slow to settle on a busy machine does not.
 */
export const comesToRest = (usedMsecs: () => number | Promise<number>): Promise<void> =>
  until("at rest", async () => {
    const before = await usedMsecs();
    await sleep(windowMsecs);
    return (await usedMsecs()) - before < restShare * windowMsecs;
  });
