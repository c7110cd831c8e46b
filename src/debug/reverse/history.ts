// Goes back in a replay: to a state before, by the last snapshot and running again from there. An instrument of the run
// loop, and what a debugger turns back with.
import { stateOfParts, type Stateful } from "../../bytes/plain.js";
import type { Clock } from "../../device/contract.js";
import type { Access, Answer, PortableVcpu } from "../../engine/contract.js";
import type { Session } from "../../targets/contract.js";
import type { Instrument } from "../../tender/instrument.js";
import { createSnapshots, type Snapshots } from "./snapshots.js";

/** How long a replay goes on between snapshots: about so long takes a step back. And how many there are at most. */
const defaults = { intervalNsecs: 50_000_000n, limit: 500 } as const;
/** Instructions between a place that was gone back to and a snapshot that is taken on the way there. */
const nearby = 5_000n;

/** Why a way back ended. */
type ReverseStop =
  | { readonly kind: "step" | "begin" | "breakpoint" }
  | { readonly kind: "watchpoint"; readonly address: bigint; readonly access: Access };

export interface History {
  /** Whether engine and target can be taken back; known once the guest has started. */
  readonly isPossible: boolean;
  /** To before the last instruction. */
  step(): ReverseStop;
  /** To the last breakpoint or watchpoint before the present, or to the beginning. */
  continue(): ReverseStop;
}

/** Runs to instruction `end`; `stopped` hears of breakpoints and watchpoints on the way. */
function runForward(
  vcpu: PortableVcpu,
  session: Session,
  end: bigint,
  stopped: (stop: ReverseStop) => void = () => {},
): void {
  const answer: Answer = (exit) => {
    switch (exit.kind) {
      case "breakpoint":
        stopped({ kind: "breakpoint" });
        return "resume";
      case "watchpoint":
        stopped({ kind: "watchpoint", address: exit.address, access: exit.access });
        return "resume";
      default:
        return session.answer(exit);
    }
  };
  while (vcpu.instructions < end && session.state.kind === "running") {
    vcpu.setBudget(Number(end - vcpu.instructions));
    vcpu.run(answer);
  }
}

/** `devices` are the replay's. */
export function createHistory(
  devices: Stateful,
  clock: Clock,
  { intervalNsecs, limit }: { readonly intervalNsecs: bigint; readonly limit: number } = defaults,
): {
  readonly instrument: Instrument;
  readonly history: History;
} {
  let vcpu: PortableVcpu | undefined;
  let session: Session | undefined;
  let snapshots: Snapshots | undefined;
  let lastTaken = clock.monotonic();
  const parts = (): { vcpu: PortableVcpu; session: Session; snapshots: Snapshots } => {
    if (vcpu === undefined || session === undefined || snapshots === undefined)
      throw new RangeError("there is no history before the guest has started");
    return { vcpu, session, snapshots };
  };

  const runTo = (end: bigint, stopped?: (stop: ReverseStop) => void): void => {
    const { vcpu, session } = parts();
    runForward(vcpu, session, end, stopped);
  };
  const goTo = (at: bigint): void => {
    const { snapshots } = parts();
    const index = snapshots.before(at);
    snapshots.restore(index);
    if (at - snapshots.at(index) > nearby) {
      // The next step back will be one from here.
      runTo(at - nearby);
      snapshots.take();
    }
    runTo(at);
  };

  const history: History = {
    get isPossible() {
      return snapshots !== undefined;
    },
    step() {
      const { vcpu } = parts();
      if (vcpu.instructions === 0n) return { kind: "begin" };
      goTo(vcpu.instructions - 1n);
      return { kind: "step" };
    },
    continue() {
      const { vcpu, snapshots } = parts();
      let end = vcpu.instructions;
      while (end > 0n) {
        const index = snapshots.before(end - 1n);
        const start = snapshots.at(index);
        snapshots.restore(index);
        let last: { readonly at: bigint; readonly stop: ReverseStop } | undefined;
        runTo(end, (stop) => (last = { at: vcpu.instructions, stop }));
        if (last !== undefined) {
          goTo(last.at);
          return last.stop;
        }
        end = start;
      }
      goTo(0n);
      return { kind: "begin" };
    },
  };

  const instrument: Instrument = {
    // What the target writes for the guest, the engine does not see.
    vcpu(inner) {
      const { memory } = inner;
      const watched = {
        size: memory.size,
        bytes(gpa: number | bigint, length: number | bigint) {
          const bytes = memory.bytes(gpa, length);
          if (bytes !== undefined) snapshots?.touched(Number(gpa), bytes.length);
          return bytes;
        },
      };
      return Object.create(inner, { memory: { value: watched } }) as typeof inner;
    },
    session(inner, controls) {
      ({ vcpu } = controls);
      session = inner;
      const { timeMachine, memory } = vcpu;
      const { stateful } = inner;
      if (timeMachine === undefined || stateful === undefined) return inner;
      const owners = { cpu: timeMachine, session: stateful, devices };
      snapshots = createSnapshots(vcpu, timeMachine, memory, stateOfParts(owners), limit);
      return inner;
    },
    hold() {
      if (snapshots !== undefined && clock.monotonic() - lastTaken >= intervalNsecs) {
        snapshots.take();
        lastTaken = clock.monotonic();
      }
      return undefined;
    },
  };
  return { instrument, history };
}
