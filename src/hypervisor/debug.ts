// A debugger's way into a virtual CPU: single steps, breakpoints and watchpoints. Breakpoints of software lie in memory
// only while the guest runs, so that whoever looks sees the guest's own code. Watchpoints that the CPU has no registers for
// are compared after every instruction.
import type { Access, Answer, Debuggable, Verdict } from "../engine/contract.js";
import type { CpuDebug, HardwareWatch, Stop, Wishes } from "./cpu-debug.js";

export interface VcpuDebug extends Debuggable {
  /** Whether any debugger has been here. */
  readonly isUsed: boolean;
  /** Before the guest runs, and after. */
  enter(): void;
  leave(): void;
  /** Answers a stop; undefined where it is not the debugger's. */
  answer(stop: Stop | undefined, answer: Answer): Verdict | undefined;
}

export function createDebug(cpu: CpuDebug): VcpuDebug {
  const { memory, registers, pc } = cpu;
  const traps = new Set<bigint>();
  const breakpoints = new Set<bigint>();
  const watches = new Map<string, HardwareWatch>();
  /** What was there, of watchpoints without a register. */
  const compared = new Map<HardwareWatch, Uint8Array>();
  /** What lay where a trap is now. */
  const covered = new Map<bigint, Uint8Array>();
  let step = false;
  let isUsed = false;
  let isInForce = true;
  let areRegistersReal: boolean | undefined;

  const write = (at: Uint8Array, code: Uint8Array): void => {
    at.set(code);
    cpu.codeWritten(at);
  };
  const cover = (address: bigint): void => {
    const code = memory.bytes(address, cpu.trap.length);
    if (code === undefined) return;
    covered.set(address, code.slice());
    write(code, cpu.trap);
  };
  const uncover = (): void => {
    for (const [address, code] of covered) {
      const now = memory.bytes(address, code.length);
      // Unless the guest has written something of its own there.
      if (now?.every((byte, i) => byte === cpu.trap[i]) === true) write(now, code);
    }
    covered.clear();
  };
  const wishes = (): Wishes => ({
    step: step || compared.size > 0,
    hasTraps: traps.size > 0,
    breakpoints: [...breakpoints],
    watches: [...watches.values()].filter((watch) => !compared.has(watch)),
  });

  /** Some hypervisors take debug registers and ignore them: a read that is watched tells, and nothing of it stays. */
  const probe = (): boolean => {
    const { code, register } = cpu.probe;
    const here = registers.get(pc);
    const place = memory.bytes(here, code.length + cpu.trap.length);
    if (place === undefined) return false;
    const before = [place.slice(), registers.get(register)] as const;
    const watched = { address: here + BigInt(code.length), length: 1, accesses: new Set<Access>(["read"]) };
    isInForce = false;
    cpu.enforce({ step: false, hasTraps: true, breakpoints: [], watches: [watched] });
    write(place, Uint8Array.of(...code, ...cpu.trap));
    const stop = cpu.runOnce();
    write(place, before[0]);
    registers.set(register, before[1]);
    registers.set(pc, here);
    return stop?.kind === "watchpoint";
  };
  /** Whether the CPU can do all that is wished for. */
  const isPossible = (): boolean => {
    const all = wishes();
    try {
      cpu.check(all);
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    if (all.breakpoints.length + all.watches.length === 0) return true;
    return (areRegistersReal ??= probe());
  };
  const forget = (key: string): void => {
    const watch = watches.get(key);
    if (watch !== undefined) compared.delete(watch);
    watches.delete(key);
  };
  const put = (key: string, watch: HardwareWatch): void => {
    watches.set(key, watch);
    if (isPossible()) return;
    const now = memory.bytes(watch.address, watch.length)?.slice();
    if (now === undefined || watch.accesses.has("read")) {
      watches.delete(key);
      throw new RangeError("the CPU has no debug register for this");
    }
    compared.set(watch, now);
  };
  /** A watched place that holds something else than before. */
  const changed = (): HardwareWatch | undefined => {
    for (const [watch, before] of compared) {
      const now = memory.bytes(watch.address, watch.length);
      if (now === undefined || now.every((byte, i) => byte === before[i])) continue;
      before.set(now);
      return watch;
    }
    return undefined;
  };

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
      } else if (kind === "software") {
        if (memory.bytes(address, cpu.trap.length) === undefined)
          throw new RangeError(`there is no code at ${address}`);
        traps.add(address);
      } else {
        breakpoints.add(address);
        if (isPossible()) return;
        breakpoints.delete(address);
        throw new RangeError("the CPU has no debug register for this");
      }
    },
    setWatchpoint(address, length, access, on) {
      isUsed = true;
      isInForce = false;
      const key = `${address},${length}`;
      const before = watches.get(key);
      const accesses = new Set(before?.accesses);
      if (on) accesses.add(access);
      else accesses.delete(access);
      forget(key);
      if (accesses.size === 0) return;
      try {
        put(key, { address, length, accesses });
      } catch (error) {
        if (before !== undefined) put(key, before);
        throw error;
      }
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
      const here = traps.size > 0 ? registers.get(pc) : 0n;
      // A step from a breakpoint is one of the guest's own instruction.
      for (const address of traps) if (!step || address !== here) cover(address);
    },
    leave: uncover,
    answer(stop, answer) {
      if (stop === undefined) return undefined;
      if (stop.kind === "trap") {
        // A trap of the guest's own: as if there were no debugger, where it would do the same without one.
        if (!covered.has(stop.address) && !stop.isAsked) return undefined;
        registers.set(pc, stop.address);
      }
      const watch = changed();
      if (stop.kind === "step" && !step && watch === undefined) return "resume";
      if (step) isInForce = false;
      step = false;
      if (watch !== undefined)
        return answer({ kind: "watchpoint", address: watch.address, access: "write", isDone: true });
      return answer(stop.kind === "trap" ? { kind: "breakpoint" } : stop);
    },
  };
}
