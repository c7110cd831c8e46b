// The one loop between virtual CPU, target and devices, whatever the engine: a virtual CPU that comes back by itself lets the
// thread breathe, any other is brought back from outside.
import type { Budgeted, Vcpu } from "../engine/contract.js";
import type { Guest, GuestHost, Session, Target } from "../targets/contract.js";
import type { Controls, Ended, Instrument } from "./instrument.js";
import type { Pace } from "./pace.js";

export interface GuestRun {
  readonly ended: Promise<Ended>;
  /** Ends the guest at its next pause, which comes within some milliseconds. */
  stop(outcome: Ended): void;
}

interface LoopOptions<V extends Vcpu> {
  readonly pace: Pace;
  /** From the guest outwards: what the second sees has passed the first. */
  readonly instruments?: readonly Instrument<V>[] | undefined;
  /** For a page's main thread, where nothing may take long. */
  readonly isResponsive?: boolean | undefined;
  /** Told of the time whenever the guest has run. */
  advanced?(now: bigint): void;
}

/** Instructions between two looks at the host: as many as take so long, which only trying tells. */
const sliceNsecs = { least: 4_000_000n, most: 12_000_000n } as const;
const budgets = { first: 4_000_000, firstOfPage: 200_000, least: 10_000, most: 1_000_000_000 } as const;

/** Starts `guest`. The virtual CPU stays the caller's. */
export function runLoop<V extends Vcpu & Partial<Budgeted>>(
  guest: Guest,
  target: Target,
  vcpu: V,
  host: GuestHost,
  { pace, instruments = [], isResponsive = false, advanced }: LoopOptions<V>,
): GuestRun {
  let stopped: Ended | undefined;
  let interrupt = (): void => {};
  const stop = (outcome: Ended): void => {
    stopped ??= outcome;
    interrupt();
  };
  const controls: Controls<V> = { vcpu, stop, attention: () => interrupt() };
  const session = startObserved(instruments, guest, target, host, controls);
  const wait = (deadline: bigint): Promise<void> =>
    pace.wait(deadline, host.nets.values(), (how) => (interrupt = how));
  let budget: number = isResponsive ? budgets.firstOfPage : budgets.first;
  /** Runs the guest until it pauses. */
  const advance = (): void => {
    const start = host.clock.monotonic();
    vcpu.setBudget?.(budget);
    vcpu.run(session.answer);
    const end = host.clock.monotonic();
    advanced?.(end);
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
          if (!isFresh) await pace.nextTurn();
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
    ended: pace
      .nextTurn()
      .then(loop)
      .then(async (outcome) => {
        for (const instrument of instruments) await instrument.ended?.(outcome);
        return outcome;
      }),
    stop,
  };
}

/** Starts the target among its instruments, each around what those before it have made. */
function startObserved<V extends Vcpu>(
  instruments: readonly Instrument<V>[],
  guest: Guest,
  target: Target,
  host: GuestHost,
  controls: Controls<V>,
): Session {
  const seenHost = instruments.reduce((host, one) => one.host?.(host) ?? host, host);
  const seenVcpu = instruments.reduce((vcpu, one) => one.vcpu?.(vcpu) ?? vcpu, controls.vcpu);
  const session = target.start(guest, seenVcpu, seenHost);
  return instruments.reduce((session, one) => one.session?.(session, controls) ?? session, session);
}

const anyReadable = ({ nets }: GuestHost): boolean => [...nets.values()].some((net) => net.readable);
