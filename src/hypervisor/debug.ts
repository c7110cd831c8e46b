// A debugger's way into a virtual CPU: single steps, breakpoints and watchpoints, with registers of the CPU's where there are some.
import type { Access, Answer, Debuggable, Vcpu, Verdict } from "../engine/contract.js";
import type { CpuDebug, Stop, Wishes } from "./cpu-debug.js";
import { createTraps, writeCode } from "./traps.js";
import { createWatches, noRegister } from "./watches.js";

export interface VcpuDebug extends Debuggable {
  /** Whether any debugger has been here. */
  readonly isUsed: boolean;
  /** Before the guest runs, and after. */
  enter(): void;
  leave(): void;
  /** Answers a stop; undefined where it is not the debugger's. */
  answer(stop: Stop | undefined, answer: Answer): Verdict | undefined;
}

/** The part of a virtual CPU that debuggers see, around what runs the guest. */
export const debugged = (
  debug: VcpuDebug,
  run: (answer: Answer) => void,
): Pick<Vcpu, "run"> & Debuggable => ({
  run(answer) {
    debug.enter();
    try {
      run(answer);
    } finally {
      debug.leave();
    }
  },
  setBreakpoint: debug.setBreakpoint,
  setWatchpoint: debug.setWatchpoint,
  setStep: debug.setStep,
});

/** Some hypervisors take debug registers and ignore them: a read that is watched tells, and nothing of it stays. */
function areRegistersReal(cpu: CpuDebug): boolean {
  const { memory, registers, pc } = cpu;
  const { code, register } = cpu.probe;
  const here = registers.get(pc);
  const place = memory.bytes(here, code.length + cpu.trap.length);
  if (place === undefined) return false;
  const before = [place.slice(), registers.get(register)] as const;
  const watched = { address: here + BigInt(code.length), length: 1, accesses: new Set<Access>(["read"]) };
  cpu.enforce({ step: false, hasTraps: true, breakpoints: [], watches: [watched] });
  writeCode(cpu, place, Uint8Array.of(...code, ...cpu.trap));
  const stop = cpu.runOnce();
  writeCode(cpu, place, before[0]);
  registers.set(register, before[1]);
  registers.set(pc, here);
  return stop?.kind === "watchpoint";
}

/** Whether the CPU has registers for all of `wishes`. */
function hasRoom(cpu: CpuDebug, wishes: Wishes): boolean {
  try {
    cpu.check(wishes);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export function createDebug(cpu: CpuDebug): VcpuDebug {
  const { memory, registers, pc } = cpu;
  const breakpoints = new Set<bigint>();
  const traps = createTraps(cpu);
  let step = false;
  let isUsed = false;
  let isInForce = true;
  let isReal: boolean | undefined;
  const wishes = (): Wishes => ({
    step: step || watches.areCompared,
    hasTraps: !traps.isEmpty,
    breakpoints: [...breakpoints],
    watches: watches.inRegisters,
  });
  const probe = (): boolean => {
    isInForce = false;
    return areRegistersReal(cpu);
  };
  const isPossible = (): boolean => {
    const all = wishes();
    if (!hasRoom(cpu, all)) return false;
    return all.breakpoints.length + all.watches.length === 0 || (isReal ??= probe());
  };
  const watches = createWatches(memory, isPossible);

  return {
    get isUsed() {
      return isUsed;
    },
    setBreakpoint(address, on, kind = "software") {
      isUsed = true;
      isInForce = false;
      if (!on) {
        traps.delete(address);
        breakpoints.delete(address);
      } else if (kind === "software") traps.add(address);
      else {
        breakpoints.add(address);
        if (isPossible()) return;
        breakpoints.delete(address);
        throw noRegister();
      }
    },
    setWatchpoint(address, length, access, on) {
      isUsed = true;
      isInForce = false;
      watches.set(address, length, access, on);
    },
    setStep(on) {
      isUsed = true;
      // Even from step to step: KVM has to know where it begins.
      if (step || on) isInForce = false;
      step = on;
    },
    enter() {
      if (!isInForce) {
        cpu.enforce(wishes());
        isInForce = true;
      }
      // A step from a breakpoint is one of the guest's own instruction.
      if (!traps.isEmpty) traps.cover(step ? registers.get(pc) : undefined);
    },
    leave: () => traps.uncover(),
    answer(stop, answer) {
      if (stop === undefined) return undefined;
      if (stop.kind === "trap") {
        // A trap of the guest's own: as if there were no debugger, where it would do the same without one.
        if (!traps.isCovered(stop.address) && !stop.isAsked) return undefined;
        registers.set(pc, stop.address);
      }
      const watch = watches.changed();
      if (stop.kind === "step" && !step && watch === undefined) return "resume";
      if (step) isInForce = false;
      step = false;
      if (watch !== undefined)
        return answer({ kind: "watchpoint", address: watch.address, access: "write", isDone: true });
      return answer(stop.kind === "trap" ? { kind: "breakpoint" } : stop);
    },
  };
}
