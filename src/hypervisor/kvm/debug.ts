// A debugger's way into a virtual CPU: single steps, breakpoints and watchpoints. Breakpoints of software lie in memory
// only while the guest runs, so that whoever looks sees the guest's own code. Watchpoints that the CPU has no registers for
// are compared after every instruction. Linux, Documentation/virt/kvm/api.rst, 4.87.
import type { Access, Answer, DebuggableVcpu, Verdict } from "../../engine/contract.js";
import type { GuestMemory } from "../../image/memory.js";
import { check, libc } from "../../host/linux/libc.js";
import { exitReason, request, runHead } from "./abi.js";
import type { HardwareWatch, Wishes } from "./cpu-debug.js";
import type { KvmCpu } from "./cpu.js";

export interface VcpuDebug extends Pick<DebuggableVcpu, "setBreakpoint" | "setWatchpoint" | "setStep"> {
  /** Whether any debugger has been here. */
  readonly isUsed: boolean;
  /** Before the guest runs, and after. */
  enter(): void;
  leave(): void;
  /** Answers an exit of KVM's that is the debugger's; undefined where it is not. */
  answer(reason: number, answer: Answer): Verdict | undefined;
}

export function createDebug(vcpu: number, run: DataView, memory: GuestMemory, cpu: KvmCpu): VcpuDebug {
  const { debug, registers, pc } = cpu;
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
    debug.codeWritten(libc().addressOf(at), at.length);
  };
  const cover = (address: bigint): void => {
    const code = memory.bytes(address, debug.trap.length);
    if (code === undefined) return;
    covered.set(address, code.slice());
    write(code, debug.trap);
  };
  const uncover = (): void => {
    for (const [address, code] of covered) {
      const now = memory.bytes(address, code.length);
      // Unless the guest has written something of its own there.
      if (now?.every((byte, i) => byte === debug.trap[i]) === true) write(now, code);
    }
    covered.clear();
  };
  const give = (wishes: Wishes): void =>
    void check(libc().ioctl(vcpu, debug.request, debug.encode(wishes)), "KVM: KVM_SET_GUEST_DEBUG");
  const wishes = (): Wishes => ({
    step: step || compared.size > 0,
    hasTraps: traps.size > 0,
    breakpoints: [...breakpoints],
    watches: [...watches.values()].filter((watch) => !compared.has(watch)),
  });

  /** Some hypervisors take debug registers and ignore them: a read that is watched tells, and nothing of it stays. */
  const probe = (): boolean => {
    const { code, register } = debug.probe;
    const here = registers.get(pc);
    const place = memory.bytes(here, code.length + debug.trap.length);
    if (place === undefined) return false;
    const before = [place.slice(), registers.get(register)] as const;
    const watched = { address: here + BigInt(code.length), length: 1, accesses: new Set<Access>(["read"]) };
    isInForce = false;
    cpu.beforeRun();
    give({ step: false, hasTraps: true, breakpoints: [], watches: [watched] });
    write(place, Uint8Array.of(...code, ...debug.trap));
    let returned: number;
    do {
      run.setUint8(runHead.offsets.immediate_exit, 0);
      returned = libc().ioctlNumber(vcpu, request.RUN, 0);
    } while (returned < 0 && run.getUint8(runHead.offsets.immediate_exit) !== 0);
    cpu.afterRun();
    const stop = returned < 0 ? undefined : debug.stop(run.getUint32(runHead.offsets.exit_reason, true));
    write(place, before[0]);
    registers.set(register, before[1]);
    registers.set(pc, here);
    return stop?.kind === "watchpoint";
  };
  /** Whether the CPU can do all that is wished for. */
  const isPossible = (): boolean => {
    const all = wishes();
    try {
      debug.encode(all);
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
      isInForce = false;
      if (!on) {
        traps.delete(address);
        breakpoints.delete(address);
      } else if (kind === "software") {
        if (memory.bytes(address, debug.trap.length) === undefined)
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
        // KVM looks at the registers that are to be in force.
        cpu.beforeRun();
        give(wishes());
        isInForce = true;
      }
      const here = traps.size > 0 ? registers.get(pc) : 0n;
      // A step from a breakpoint is one of the guest's own instruction.
      for (const address of traps) if (!step || address !== here) cover(address);
    },
    leave: uncover,
    answer(reason, answer) {
      const stop = debug.stop(reason);
      if (stop === undefined) return undefined;
      if (stop.kind === "trap") {
        // A trap of the guest's own: the debugger's where KVM asks for one, else as if there were no debugger.
        if (!covered.has(stop.address) && reason !== exitReason.DEBUG) return undefined;
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
