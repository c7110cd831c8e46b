// The xen target: a domain without emulated hardware. It asks by hypercalls, and is told by events; devices and timer are looked at when
// it asks, waits, and at ticks, so that the same answers of the host always make the same run. docs/abi.md 11.
import { shutdownReason } from "../../abi/xen.js";
import { exitStatus } from "../../abi/start.js";
import { stateIn, stateOfParts } from "../../bytes/plain.js";
import { Solo5Error } from "../../bytes/error.js";
import type { Exit, Registers, Verdict } from "../../engine/contract.js";
import { answerCommon, type GuestHost, type Session, type SessionState, type Target } from "../contract.js";
import { createEndStatus, type EndStatus } from "../end-status.js";
import { takesInterrupts } from "../protected-mode.js";
import { answerCpu } from "./answer-cpu.js";
import type { CallOutcome } from "./calls/contract.js";
import { performNext } from "./calls.js";
import { createMachine } from "./devices/machine.js";
import { guestData } from "./guest-data.js";
import { resultRegister } from "./isa/x86-64.js";
import { writeMemory, xenMap } from "./layout.js";
import { hasCome, nextTime, type Waiting } from "./waiting.js";

const running = { kind: "running" } as SessionState;
/** A guest that never waits has its devices looked at every so many exits: sooner than at the next tick. */
const exitsPerLook = 256;
/** Nothing but a frame can wake the guest. */
const never = 2n ** 63n - 1n;

type End = Omit<SessionState & { kind: "ended" }, "kind">;

/** How a domain ended that was shut down for `reason`. */
function endOf(reason: number, status: EndStatus, registers: Registers): End {
  const isBad = reason === shutdownReason.crash || reason === shutdownReason.watchdog;
  const { cookie, ...told } = status.of(registers, isBad ? exitStatus.abort : exitStatus.success);
  return cookie === undefined || cookie === 0n ? told : { ...told, cookie };
}

export const xen: Target = {
  exceptions: "guest",
  isInterrupted: true,
  memory: xenMap,

  start(guest, vcpu, host: GuestHost): Session {
    const { memory, registers } = vcpu;
    if (vcpu.interrupt === undefined) {
      throw new Solo5Error("ENGINE", "this engine cannot interrupt a guest, as xen needs it");
    }
    const status = createEndStatus({ mark: "rdx", status: "r10", cookie: "r8" });
    const machine = createMachine(guest, memory, host, (text) => status.hear(text));
    for (const [name, value] of Object.entries(writeMemory(guest, memory)))
      registers.set(name, BigInt(value));

    const own = { state: running, waiting: undefined as Waiting | undefined, exits: 0 };
    const now = (): bigint => host.clock.monotonic();
    const context = { machine, data: guestData(registers, memory), console: host.console, now };
    /** Interrupts the guest now, or as soon as it allows it. */
    const raise = (): void => {
      if (machine.upcalls.isPending) vcpu.interrupt?.(() => machine.upcalls.acknowledge());
    };
    const look = (): void => {
      machine.look(now());
      raise();
    };
    /** Goes on where what is waited for is there; waits until then otherwise. */
    const settle = (): void => {
      machine.look(now());
      if (own.waiting !== undefined && !hasCome(machine, own.waiting, now())) {
        own.state = { kind: "waiting", deadline: nextTime(machine, own.waiting) ?? never };
        return;
      }
      own.waiting = undefined;
      own.state = running;
      raise();
    };
    const wait = (what: Waiting): Verdict => {
      own.waiting = what;
      settle();
      return own.state.kind === "running" ? "resume" : "suspend";
    };
    const end = (outcome: End): Verdict => {
      machine.flush();
      own.state = { kind: "ended", ...outcome };
      return "suspend";
    };
    const fail = (message: string): Verdict => end({ status: exitStatus.failure, message });
    const conclude = (outcome: CallOutcome): Verdict => {
      if ("shutdown" in outcome) {
        // What the console's ring still holds may tell the status.
        machine.flush();
        return end(endOf(outcome.shutdown, status, registers));
      }
      registers.set(resultRegister, BigInt.asUintN(64, BigInt("result" in outcome ? outcome.result : 0)));
      if ("wait" in outcome) return wait(outcome.wait);
      raise();
      return "resume";
    };

    return {
      get state() {
        return own.state;
      },
      wake() {
        if (own.state.kind === "waiting") settle();
      },
      stateful: stateOfParts({
        session: stateIn(own),
        status: status.stateful,
        machine: machine.stateful,
        interrupt: { save: () => null, restore: raise },
      }),
      answer(exit: Exit): Verdict {
        if (exit.kind !== "budget" && exit.kind !== "tick" && ++own.exits % exitsPerLook === 0) look();
        switch (exit.kind) {
          case "hypercall":
            return conclude(performNext(context, registers));
          case "halt":
            if (!takesInterrupts(registers)) return fail("the unikernel halted for good");
            return wait({ kind: "interrupt" });
          case "tick":
            look();
            return "resume";
          case "store":
            answerCpu(exit, machine);
            // The end of an interrupt lets the next one through.
            raise();
            return "resume";
          case "fault":
            return fail(`unhandled exit: ${exit.fault.reason}`);
          default:
            if (answerCpu(exit, machine)) return "resume";
            return answerCommon(exit, host) ?? fail(`unhandled exit: ${exit.kind}`);
        }
      },
    };
  },
};
