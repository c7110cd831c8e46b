// The virtio target: a PC whose devices are behind I/O ports. Devices and timer are looked at when the guest halts, at ticks,
// and at some of its exits, so that the same answers of the host always make the same run. docs/abi.md 5.
import type { Plain } from "../../bytes/plain.js";
import { Solo5Error } from "../../bytes/error.js";
import type { Exit, Verdict } from "../../engine/contract.js";
import { answerCommon, type GuestHost, type Session, type SessionState, type Target } from "../contract.js";
import { createKvmClock } from "./devices/kvmclock.js";
import { virtioMap, writeMemory } from "./layout.js";
import { createPc } from "./devices/pc.js";
import { x8664 } from "./isa/x86-64.js";
import { answerPc } from "./calls.js";

const running: SessionState = { kind: "running" };
/** A guest that never halts has its devices looked at every so many exits: sooner than at the next tick. */
const exitsPerLook = 256;
/** No timer is set: only a frame can wake the guest. */
const never = 2n ** 63n - 1n;

export const virtio: Target = {
  exceptions: "guest",
  isInterrupted: true,
  memory: virtioMap,

  start(guest, vcpu, host: GuestHost): Session {
    const { memory, registers } = vcpu;
    if (vcpu.interrupt === undefined) {
      throw new Solo5Error("ENGINE", "this engine cannot interrupt a guest, as virtio needs it");
    }
    let state: SessionState = running;
    let exits = 0;
    const pc = createPc(guest, memory, host, ({ status, isTold }) => {
      state = { kind: "ended", status, ...(isTold ? { cookie: registers.get(x8664.cookie) } : {}) };
    });
    for (const [name, value] of Object.entries(writeMemory(guest, memory)))
      registers.set(name, BigInt(value));

    const devices = { ports: pc.ports, clock: createKvmClock(memory, host.clock) };
    const settle = (next: SessionState): Verdict => {
      state = next;
      if (next.kind !== "running") pc.uart.flush();
      return next.kind === "running" ? "resume" : "suspend";
    };
    const fail = (message: string): Verdict => settle({ kind: "ended", status: 1, message });
    const acknowledge = (): number | undefined => (pc.pic.isPending ? pc.pic.acknowledge() : undefined);
    /** Whether the guest has an interrupt now, or will have it as soon as it allows any. */
    const raise = (): boolean => {
      const { isPending } = pc.pic;
      if (isPending) vcpu.interrupt?.(acknowledge);
      return isPending;
    };
    /** The same, with what the host and the time have brought. */
    const look = (): boolean => {
      pc.poll();
      return raise();
    };
    const halt = (): Verdict => {
      if (!x8664.takesInterrupts(registers)) return fail("the unikernel halted for good");
      return settle(look() ? running : { kind: "waiting", deadline: pc.pit.due ?? never });
    };

    return {
      get state() {
        return state;
      },
      wake() {
        state = look() ? running : { kind: "waiting", deadline: pc.pit.due ?? never };
      },
      stateful: {
        save: () => ({ state, exits, pc: pc.stateful.save() }),
        restore(saved: { state: SessionState; exits: number; pc: Plain }) {
          ({ state, exits } = saved);
          pc.stateful.restore(saved.pc);
          raise();
        },
      },
      answer(exit: Exit): Verdict {
        if (exit.kind !== "budget" && exit.kind !== "tick" && ++exits % exitsPerLook === 0) look();
        switch (exit.kind) {
          case "out":
            answerPc(exit, devices);
            // A device has done what it was told, or the controller lets the next interrupt through.
            raise();
            return settle(state);
          case "halt":
            return halt();
          case "tick":
            look();
            return "resume";
          case "budget":
            // What the host has brought is not looked at: a replay pauses elsewhere.
            pc.uart.flush();
            return "suspend";
          case "fault":
            return fail(`unhandled exit: ${exit.fault.reason}`);
          default:
            if (answerPc(exit, devices)) return "resume";
            return answerCommon(exit, host) ?? fail(`unhandled exit: ${exit.kind}`);
        }
      },
    };
  },
};
