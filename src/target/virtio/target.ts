// The virtio target: a PC whose devices are behind I/O ports. Interrupts come when the guest halts, or at one of its
// exits, so that the same answers of the host always make the same run. ABI.md 3.
import { Solo5Error } from "../../bytes/error.js";
import type { Exit, Verdict } from "../../engine/contract.js";
import {
  answerCommon,
  segmentProtections,
  type Host,
  type Session,
  type State,
  type Target,
} from "../contract.js";
import { createKvmClock } from "./kvmclock.js";
import { writeMemory } from "./layout.js";
import { createPc } from "./pc.js";
import { nothing } from "./ports.js";

const running: State = { kind: "running" };
const interruptFlag = 0x200n;
/** A guest that never halts has its devices looked at every so many exits. */
const exitsPerLook = 256;
/** No timer is set: only a frame can wake the guest. */
const never = 2n ** 63n - 1n;

export const virtio: Target = {
  exceptions: "guest",
  memorySize: ({ memSize }) => memSize,
  noExecute: () => false,
  /**
   * A PC protects nothing by itself, and bindings map all of it writable. Text that nobody writes is kept so all the
   * same: jumps through tables in it are five times as fast where they need not be looked up again each time.
   */
  protections: ({ unikernel }) =>
    segmentProtections(unikernel)
      .filter(({ write }) => !write)
      .map((protection) => ({ ...protection, read: true, execute: true })),

  start(guest, vcpu, host: Host): Session {
    const { memory, registers } = vcpu;
    if (vcpu.interrupt === undefined) {
      throw new Solo5Error("ENGINE", "this engine cannot interrupt a guest, as virtio needs it");
    }
    let state: State = running;
    let exits = 0;
    const pc = createPc(guest, memory, host, ({ status, isTold }) => {
      state = { kind: "ended", status, ...(isTold ? { cookie: registers.get("rcx") } : {}) };
    });
    for (const [name, value] of Object.entries(writeMemory(guest, memory)))
      registers.set(name, BigInt(value));

    const clock = createKvmClock(memory, host.clock);
    const settle = (next: State): Verdict => {
      state = next;
      if (next.kind !== "running") pc.uart.flush();
      return next.kind === "running" ? "resume" : "suspend";
    };
    const fail = (message: string): Verdict => settle({ kind: "ended", status: 1, message });
    const enabled = (): boolean => (registers.get("rflags") & interruptFlag) !== 0n;
    /** Whether the guest has an interrupt now. */
    const deliver = (): boolean => {
      pc.poll();
      if (!pc.pic.isPending || !enabled()) return false;
      vcpu.interrupt?.(pc.pic.acknowledge());
      return true;
    };
    const halt = (): Verdict => {
      if (!enabled()) return fail("the unikernel halted for good");
      return settle(deliver() ? running : { kind: "waiting", deadline: pc.pit.due ?? never });
    };

    return {
      get state() {
        return state;
      },
      wake() {
        state = deliver() ? running : { kind: "waiting", deadline: pc.pit.due ?? never };
      },
      save() {
        const saved = [state, exits] as const;
        const restorePc = pc.save();
        return () => {
          [state, exits] = saved;
          restorePc();
        };
      },
      answer(exit: Exit): Verdict {
        if (exit.kind !== "budget" && ++exits % exitsPerLook === 0) deliver();
        switch (exit.kind) {
          case "in":
            exit.value = pc.ports.get(exit.port)?.in(exit.port, exit.size) ?? nothing(exit.size);
            return "resume";
          case "out":
            pc.ports.get(exit.port)?.out(exit.port, exit.value >>> 0, exit.size);
            return settle(state);
          case "load":
            // Beyond its memory a PC has nothing.
            exit.value = (1n << BigInt(8 * exit.size)) - 1n;
            return "resume";
          case "store":
            return "resume";
          case "cpuid":
            exit.values = clock.cpuid(exit.leaf);
            return "resume";
          case "msr":
            exit.exists = clock.write(exit.number, exit.value);
            return "resume";
          case "halt":
            return halt();
          case "budget":
            // What the host has brought is not looked at: a replay pauses elsewhere.
            pc.uart.flush();
            return "suspend";
          case "fault":
            return fail(`unhandled exit: ${exit.fault.reason}`);
          default:
            return answerCommon(exit, host) ?? fail(`unhandled exit: ${exit.kind}`);
        }
      },
    };
  },
};
