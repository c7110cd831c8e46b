// Runs a guest on an engine of ours: the loop between virtual CPU, target and devices. Portable: it waits with promises
// and timers, so that it never blocks a page, and lets the host breathe whenever the guest's budget is used up.
import type { VcpuOptions } from "../engine/contract.js";
import type { PortableEngine } from "../engine/engines.js";
import type { Guest, GuestHost, Session, Target } from "../targets/contract.js";
import type { Controls, Ended, Instrument } from "./instrument.js";
import { type CodeCacheEntry, openCodeCache } from "./code-cache.js";

export type { Ended } from "./instrument.js";

interface GuestRun {
  readonly ended: Promise<Ended>;
  /** Ends the guest at its next pause, which comes within some milliseconds. */
  stop(outcome: Ended): void;
}

/** Instructions between two looks at the host: as many as take so long, which only trying tells. */
const sliceNsecs = { least: 4_000_000n, most: 12_000_000n } as const;
const budgets = { first: 4_000_000, firstOfPage: 200_000, least: 10_000, most: 1_000_000_000 } as const;
/** Timers cannot be set further ahead. */
const longestTimerMsecs = 2 ** 31 - 1;

/** Resolves when everything else that waits in the host's event loop has had its turn. */
export type NextTurn = () => Promise<void>;

export interface GuestRunOptions {
  readonly nextTurn: NextTurn;
  /** From the guest outwards: what the second sees has passed the first. */
  readonly instruments?: readonly Instrument[] | undefined;
  /** Where absent, "replay" if a guest with interrupts is recorded, and "plain" otherwise. */
  readonly profile?: VcpuOptions["profile"] | undefined;
  /** The code cache of the guest. None by default. */
  readonly codeCache?: CodeCacheEntry | undefined;
  /** For a page's main thread, where nothing may take long. */
  readonly isResponsive?: boolean | undefined;
}

/** Starts `guest`. Throws Solo5Error where the engine has no room for it. */
export function runGuest(
  guest: Guest,
  target: Target,
  engine: PortableEngine,
  host: GuestHost,
  { nextTurn, instruments = [], profile, codeCache, isResponsive = false }: GuestRunOptions,
): GuestRun {
  const isCounted = target.isInterrupted === true && instruments.some(({ isExact }) => isExact);
  const vcpu = engine.newVcpu({
    memory: engine.newMemory(target.memorySize(guest)),
    exceptions: target.exceptions,
    protections: target.protections(guest),
    noExecute: target.noExecute(guest),
    profile: profile ?? (isCounted ? "replay" : "plain"),
    later: isResponsive ? (work) => void nextTurn().then(work) : undefined,
  });
  const cache = openCodeCache(vcpu, codeCache, { start: host.clock.monotonic(), isResponsive });
  let stopped: Ended | undefined;
  let interrupt = (): void => {};
  const stop = (outcome: Ended): void => {
    stopped ??= outcome;
    interrupt();
  };
  const controls: Controls = { vcpu, stop, attention: () => interrupt() };
  const session = startObserved(instruments, guest, target, host, controls);
  const wait = (deadline: bigint): Promise<void> => {
    const left = Number(deadline - host.clock.monotonic()) / 1e6;
    // A timer would take a millisecond at least.
    if (left <= 0) return nextTurn();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.ceil(left), longestTimerMsecs));
      interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
      for (const net of host.nets.values()) net.onReadable(interrupt);
      if (anyReadable(host)) interrupt();
    });
  };
  let budget: number = isResponsive ? budgets.firstOfPage : budgets.first;
  /** Runs the guest until it pauses. */
  const advance = (): void => {
    const start = host.clock.monotonic();
    vcpu.setBudget(budget);
    vcpu.run(session.answer);
    const end = host.clock.monotonic();
    cache.tick(end);
    const took = end - start;
    if (took > sliceNsecs.most) budget = Math.max(budget / 2, budgets.least);
    else if (took < sliceNsecs.least && session.state.kind === "running")
      budget = Math.min(budget * 2, budgets.most);
  };

  /** Until no instrument holds the guest any more, or it is stopped. */
  const held = async (): Promise<void> => {
    for (const instrument of instruments) {
      for (let hold = instrument.hold?.(); hold !== undefined; hold = instrument.hold?.()) {
        if (stopped !== undefined) return;
        await Promise.race([hold, new Promise<void>((resolve) => (interrupt = resolve))]);
      }
    }
  };

  const loop = async (): Promise<Ended> => {
    let isFresh = true;
    for (;;) {
      await held();
      if (stopped !== undefined) return stopped;
      const { state } = session;
      switch (state.kind) {
        case "ended":
          return state;
        case "running":
          if (!isFresh) await nextTurn();
          isFresh = false;
          if (stopped === undefined) advance();
          break;
        case "waiting":
          await wait(state.deadline);
          isFresh = anyReadable(host) || host.clock.monotonic() >= state.deadline;
          if (isFresh && stopped === undefined) session.wake();
          break;
        default:
          state satisfies never;
      }
    }
  };
  return {
    // Starts in a later turn: the caller receives the handle first.
    ended: nextTurn()
      .then(loop)
      .then(async (outcome) => {
        for (const instrument of instruments) await instrument.ended?.(outcome);
        await cache.end();
        return outcome;
      })
      .finally(() => vcpu[Symbol.dispose]()),
    stop,
  };
}

/** Starts the target among its instruments, each around what those before it have made. */
function startObserved(
  instruments: readonly Instrument[],
  guest: Guest,
  target: Target,
  host: GuestHost,
  controls: Controls,
): Session {
  const seenHost = instruments.reduce((host, one) => one.host?.(host) ?? host, host);
  const seenVcpu = instruments.reduce((vcpu, one) => one.vcpu?.(vcpu) ?? vcpu, controls.vcpu);
  const session = target.start(guest, seenVcpu, seenHost);
  return instruments.reduce((session, one) => one.session?.(session, controls) ?? session, session);
}

const anyReadable = ({ nets }: GuestHost): boolean => [...nets.values()].some((net) => net.readable);
