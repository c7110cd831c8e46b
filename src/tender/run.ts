// Runs a guest on an engine of ours, inside this thread, which goes on with its other work whenever the guest's budget is used up.
import {
  protectionsOf,
  type PortableVcpu,
  type StartCompanion,
  type VcpuOptions,
} from "../engine/contract.js";
import type { PortableEngine } from "../engine/engines.js";
import type { Guest, GuestHost, Target } from "../targets/contract.js";
import { type CodeCacheEntry, openCodeCache } from "./code-cache.js";
import type { Instrument } from "./instrument.js";
import { runLoop, type GuestRun } from "./loop.js";
import type { Pace } from "./pace.js";

export type { Ended } from "./instrument.js";
export type { NextTurn } from "./pace.js";

export interface GuestRunOptions {
  readonly pace: Pace;
  /** From the guest outwards: what the second sees has passed the first. */
  readonly instruments?: readonly Instrument[] | undefined;
  /** Where absent, "replay" if a guest with interrupts is recorded, and "plain" otherwise. */
  readonly profile?: VcpuOptions["profile"] | undefined;
  /** The code cache of the guest. None by default. */
  readonly codeCache?: CodeCacheEntry | undefined;
  /** Somebody may look at the registers wherever the guest stops. */
  readonly isWatched?: boolean | undefined;
  /** Starts a thread for what the engine can do beside the guest. None by default. */
  readonly beside?: StartCompanion | undefined;
  /** For a page's main thread, where nothing may take long. */
  readonly isResponsive?: boolean | undefined;
}

/** Starts `guest`. Throws Solo5Error where the engine has no room for it. */
export function runGuest(
  guest: Guest,
  target: Target,
  engine: PortableEngine,
  host: GuestHost,
  { pace, instruments = [], profile, codeCache, isWatched, beside, isResponsive = false }: GuestRunOptions,
): GuestRun {
  const isCounted = target.isInterrupted === true && instruments.some(({ isExact }) => isExact);
  const map = target.memory(guest);
  const vcpu = engine.newVcpu({
    memory: engine.newMemory(map.size),
    exceptions: target.exceptions,
    ...protectionsOf(map),
    profile: profile ?? (isCounted ? "replay" : "plain"),
    isWatched,
    beside,
    later: isResponsive ? (work) => void pace.nextTurn().then(work) : undefined,
  });
  const cache = openCodeCache(vcpu, codeCache, { start: host.clock.monotonic(), isResponsive });
  const { ended, stop } = runLoop<PortableVcpu>(guest, target, vcpu, host, {
    pace,
    instruments,
    isResponsive,
    advanced: cache.tick,
  });
  return {
    ended: ended
      .then(async (outcome) => {
        await cache.end();
        return outcome;
      })
      .finally(() => vcpu[Symbol.dispose]()),
    stop,
  };
}
