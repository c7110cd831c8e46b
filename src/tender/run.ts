// Runs a guest on an engine of ours: the loop between virtual CPU, target and devices. Portable: it waits with promises
// and timers, so that it never blocks a page, and lets the host breathe whenever the guest's budget is used up.
import type { Vcpu } from "../engine/contract.js";
import type { PortableEngine } from "../engine/engines.js";
import type { Guest, Host, Session, Target } from "../target/contract.js";

export interface Ended {
  readonly status: number;
  /** What the tender says on stderr. */
  readonly message?: string | undefined;
}

export interface GuestRun {
  readonly ended: Promise<Ended>;
  /** Ends the guest at its next pause, which comes within some milliseconds. */
  stop(outcome: Ended): void;
}

/** Instructions between two looks at the host: some milliseconds of translated code. */
const budget = 20_000_000;
/** Timers cannot be set further ahead. */
const longestTimerMsecs = 2 ** 31 - 1;

/** Resolves when everything else that waits in the host's event loop has had its turn. */
export type NextTurn = () => Promise<void>;

/** Starts `guest`. Throws Solo5Error where the engine has no room for it. */
export function runGuest(
  guest: Guest,
  target: Target,
  engine: PortableEngine,
  host: Host,
  nextTurn: NextTurn,
): GuestRun {
  const vcpu = engine.newVcpu({
    memory: engine.newMemory(target.memorySize(guest)),
    exceptions: target.exceptions,
    protections: target.protections(guest),
    noExecute: target.noExecute(guest),
    profile: "plain",
  });
  const session = target.start(guest, vcpu, host);
  let stopped: Ended | undefined;
  let interrupt = (): void => {};
  const wait = (deadline: bigint): Promise<void> =>
    new Promise((resolve) => {
      const left = Number(deadline - host.clock.monotonic()) / 1e6;
      const timer = setTimeout(resolve, Math.min(Math.max(Math.ceil(left), 0), longestTimerMsecs));
      interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
      for (const net of host.nets.values()) net.onReadable(interrupt);
      if (anyReadable(host)) interrupt();
    });

  const loop = async (): Promise<Ended> => {
    for (;;) {
      const state = advance(vcpu, session);
      if (stopped !== undefined) return stopped;
      switch (state.kind) {
        case "ended":
          return state;
        case "running":
          await nextTurn();
          break;
        case "waiting":
          await wait(state.deadline);
          if (anyReadable(host) || host.clock.monotonic() >= state.deadline) session.wake();
          break;
        default:
          state satisfies never;
      }
      if (stopped !== undefined) return stopped;
    }
  };
  return {
    // Not at once: the caller has its hands on the run before the guest does anything.
    ended: nextTurn()
      .then(loop)
      .finally(() => vcpu[Symbol.dispose]()),
    stop(outcome) {
      stopped ??= outcome;
      interrupt();
    },
  };
}

const anyReadable = ({ nets }: Host): boolean => [...nets.values()].some((net) => net.readable);

/** Runs the guest until it pauses. A guest that still waits is left waiting. */
function advance(vcpu: Vcpu, session: Session): Session["state"] {
  if (session.state.kind === "running") {
    vcpu.setBudget(budget);
    vcpu.run(session.answer);
  }
  return session.state;
}
