// A virtual CPU that interprets: the contract's `PortableVcpu` around the core. Slow and complete; the wasm engine's other half.
import type { Access, Answer, Exit, Fault, TimeMachine, PortableVcpu, VcpuOptions } from "../contract.js";
import { BreakpointHit, Core } from "./core.js";
import { TripleFault } from "./exceptions.js";
import { GuestFault, mnemonicOf } from "./fault.js";
import { WatchHit } from "./mmu.js";
import { hexOf } from "./paging.js";
import { registersOf } from "./registers.js";
import { stateOfCore, type CoreState } from "./save.js";

/** Instructions at a time where nothing is faster. */
const SLICE = 100_000;
/** Instructions between two ticks where they are counted. */
const TICK = 2 ** 20;

const faultOf = (fault: GuestFault, pc: number, more = ""): Fault => ({
  vector: fault.vector,
  code: fault.code,
  address: BigInt.asUintN(64, BigInt(fault.address ?? pc)),
  access: fault.access,
  refusedBy: fault.refusedBy,
  reason: `${mnemonicOf(fault.vector)} at ${hexOf(pc)}: ${fault.reason}${more}`,
});

const suspendAtOnce: Answer = () => "suspend";

/** Runs a core about so many instructions, in a faster way than its own. */
type Accelerate = (core: Core) => (limit: number) => void;

/** What a virtual CPU is beside its memory. A line that is high is raised again by whoever takes back the controller. */
type InterpreterState = {
  readonly core: CoreState;
  readonly halted: boolean;
  readonly isInterruptPending: boolean;
};

/** Makes a virtual CPU with everything 0 but what hardware fixes; memory must come from `machineMemory`. */
export function newInterpreter(options: VcpuOptions, accelerate?: Accelerate): PortableVcpu {
  const core = new Core(options);
  const runCore = accelerate?.(core) ?? ((limit: number) => core.run(Math.min(limit, SLICE)));
  const { cpu, mmu } = core;
  const registers = registersOf(core);
  let answer: Answer = suspendAtOnce;
  const status = { suspended: false };
  const isCounted = options.profile === "replay";
  let halted = false;
  let budget = Number.POSITIVE_INFINITY;
  let stepping = false;
  /** The step was done, but its own exit came first and suspended. */
  let stepped = false;
  /** A breakpoint, or then a watch, was reported at this address: its instruction is executed without asking again. */
  let passing = Number.NaN;
  let passingWatch = Number.NaN;
  /** What the controller is asked when the guest takes its interrupt; undefined while the line is low. */
  let acknowledge: (() => number | undefined) | undefined;
  /** Who raised the line last. */
  let controller: (() => number | undefined) | undefined;

  const ask = (exit: Exit): void => {
    if (answer(exit) === "suspend") status.suspended = true;
    core.stop ||= status.suspended;
  };
  core.ask = ask;
  core.halt = () => {
    halted = true;
    core.stop = true;
  };

  /** What ended an instruction before it had any effect. */
  const handle = (event: unknown): void => {
    if (event instanceof BreakpointHit || event instanceof WatchHit) {
      cpu.rip = core.pc;
      passing = core.pc;
      if (event instanceof WatchHit) passingWatch = core.pc;
      if (event instanceof BreakpointHit) ask({ kind: "breakpoint" });
      else ask({ kind: "watchpoint", address: BigInt(event.address), access: event.access });
      return;
    }
    if (event instanceof TripleFault) {
      ask({ kind: "fault", fault: faultOf(event.first, core.pc, " (triple fault)") });
      return;
    }
    if (!(event instanceof GuestFault)) throw event;
    const fault = core.refine(event);
    if (core.exceptions === "exit" || fault.refusedBy === "host") {
      cpu.rip = core.pc;
      ask({ kind: "fault", fault: faultOf(fault, core.pc) });
      return;
    }
    try {
      core.deliverFault(fault);
    } catch (error) {
      if (error instanceof TripleFault) {
        ask({ kind: "fault", fault: faultOf(error.first, core.pc, " (triple fault)") });
      } else if (error instanceof GuestFault) ask({ kind: "fault", fault: faultOf(error, core.pc) });
      else throw error;
    }
  };

  const one = (limit: number): void => {
    const isPassing = passing === cpu.rip;
    passing = Number.NaN;
    mmu.watching = passingWatch !== cpu.rip;
    passingWatch = Number.NaN;
    const { traps } = core;
    try {
      if (isPassing || stepping) core.single();
      else if (core.isShadowed) core.runShadowed();
      else if (traps) core.run(1);
      else runCore(limit);
      if (traps) core.trap();
    } finally {
      mmu.watching = true;
    }
  };

  const takeInterrupt = (): void => {
    if (acknowledge === undefined || !core.takesInterrupts) return;
    const number = acknowledge();
    acknowledge = undefined;
    core.isInterruptPending = false;
    if (number === undefined) return;
    halted = false;
    core.deliverInterrupt(number);
  };

  const turn = (): void => {
    if (stepped) {
      stepped = false;
      ask({ kind: "step" });
      return;
    }
    try {
      takeInterrupt();
    } catch (error) {
      return handle(error);
    }
    if (halted) {
      ask({ kind: "halt" });
      halted &&= acknowledge !== undefined;
      return;
    }
    const untilTick = isCounted ? TICK - (core.executed % TICK) : Number.POSITIVE_INFINITY;
    const before = core.executed;
    core.stop = false;
    try {
      one(Math.min(budget, untilTick, core.untilForgetting));
    } catch (error) {
      handle(error);
    }
    const count = core.executed - before;
    budget -= count;
    if (stepping && count > 0) {
      stepping = false;
      stepped = true;
    }
    const isUsedUp = budget <= 0;
    if (isCounted ? count >= untilTick : isUsedUp) ask({ kind: "tick" });
    if (isUsedUp) {
      budget = Number.POSITIVE_INFINITY;
      ask({ kind: "budget" });
    }
  };

  const ofCore = stateOfCore(core);
  const timeMachine: TimeMachine = {
    save: () => ({ core: ofCore.save(), halted, isInterruptPending: acknowledge !== undefined }),
    restore(saved: InterpreterState) {
      ofCore.restore(saved.core);
      ({ halted } = saved);
      // Whoever raised the line is asked again, or raises it once more.
      acknowledge = saved.isInterruptPending ? controller : undefined;
      core.isInterruptPending = acknowledge !== undefined;
      stepping = false;
      stepped = false;
      passing = Number.NaN;
      passingWatch = Number.NaN;
    },
    takeDirtyPages: () => mmu.takeDirty(),
    forgetPage: (page) => mmu.forgetPage(page),
  };

  return {
    memory: options.memory,
    registers,
    timeMachine: options.profile === "replay" ? timeMachine : undefined,
    get instructions() {
      return options.profile === "replay" ? BigInt(core.executed) : 0n;
    },
    run(given: Answer): void {
      answer = given;
      status.suspended = false;
      while (!status.suspended) turn();
    },
    setBudget(instructions: number): void {
      budget = instructions;
    },
    setBreakpoint: (address, on) => core.setBreakpoint(Number(BigInt.asIntN(64, address)), on),
    setWatchpoint(address: bigint, length: number, access: Access, on: boolean): void {
      mmu.setWatch(Number(BigInt.asIntN(64, address)), length, access, on);
    },
    setStep(on: boolean): void {
      stepping = on;
    },
    interrupt(given: () => number | undefined): void {
      acknowledge = given;
      controller = given;
      core.isInterruptPending = true;
      core.stop ||= core.takesInterrupts;
    },
    [Symbol.dispose]() {
      core.stop = true;
    },
  };
}
