// A virtual CPU around an ISA's core: the contract's `PortableVcpu`. It runs the core turn by turn, or whoever is faster, counts
// budgets and ticks, and makes exits of what ends a turn.
import type { Plain, Stateful } from "../../bytes/plain.js";
import type {
  Access,
  Answer,
  Exit,
  Fault,
  PortableVcpu,
  Registers,
  TimeMachine,
  VcpuOptions,
} from "../contract.js";
import type { GuestCore, GuestPages } from "./guest-core.js";
import { BreakpointHit, WatchHit } from "./stops.js";

/** Instructions at a time where nothing is faster. */
const SLICE = 100_000;
/** Instructions between two ticks where they are counted. */
const TICK = 2 ** 20;

export interface WatchedPages extends GuestPages {
  /** Whether accesses throw `WatchHit`. */
  watching: boolean;
  setWatch(address: number, length: number, access: Access, on: boolean): void;
  /** Pages written since the last time. */
  takeDirty(): readonly number[];
}

/** What a virtual CPU asks of its core. */
export interface VcpuCore extends GuestCore {
  readonly mmu: WatchedPages;
  /** Called with exits, in the middle of an instruction; and where the guest waits for an interrupt. */
  ask: (exit: Exit) => void;
  halt: () => void;
  /** An external interrupt waits: what makes the guest take interrupts sets `stop`. */
  isInterruptPending: boolean;
  readonly takesInterrupts: boolean;
  /** Instructions until floating point no longer keeps exception flags that nobody has asked for. */
  readonly untilForgetting: number;
  setBreakpoint(pc: number, on: boolean): void;
  /** One turn: `run`, about so many instructions, or one whatever breakpoint is on it. Throws what ended an instruction. */
  turn(run: (limit: number) => void, limit: number, isSingle: boolean): void;
  /** The guest takes an external interrupt. Throws as `turn` does. */
  deliverInterrupt(number: number): void;
}

/** What is known of a core beside what it does. */
export interface CoreParts {
  readonly registers: Registers;
  /** All of it but memory. */
  readonly stateful: Stateful;
  /** Gives what a turn threw to the guest's handlers; what it is where the guest takes none. Throws what is no fault. */
  takeFault(thrown: unknown): Fault | undefined;
}

/** What a virtual CPU is beside its memory. A line that is high is raised again by whoever takes back the controller. */
type VcpuState = {
  readonly core: Plain;
  readonly halted: boolean;
  readonly isInterruptPending: boolean;
};

const addressOf = (address: bigint): number => Number(BigInt.asIntN(64, address));

/** Makes a virtual CPU. Whoever builds on one copies it or has it as a prototype: it is a plain object. */
export function newVcpu(
  core: VcpuCore,
  parts: CoreParts,
  options: VcpuOptions,
  runCore?: (limit: number) => void,
): PortableVcpu {
  const turns = new Turns(core, parts, options, runCore);
  return {
    memory: options.memory,
    registers: parts.registers,
    timeMachine: options.profile === "replay" ? turns.newTimeMachine() : undefined,
    get instructions() {
      return options.profile === "replay" ? BigInt(core.executed) : 0n;
    },
    run: (answer) => turns.run(answer),
    setBudget: (instructions) => void (turns.budget = instructions),
    setBreakpoint: (address, on) => core.setBreakpoint(addressOf(address), on),
    setWatchpoint: (address, length, access, on) => core.mmu.setWatch(addressOf(address), length, access, on),
    setStep: (on) => void (turns.isStepping = on),
    interrupt: (acknowledge) => turns.interrupt(acknowledge),
    [Symbol.dispose]() {
      core.stop = true;
    },
  };
}

class Turns {
  readonly #core: VcpuCore;
  readonly #parts: CoreParts;
  readonly #runCore: (limit: number) => void;
  readonly #isCounted: boolean;
  #answer: Answer = () => "suspend";
  #isSuspended = false;
  #isHalted = false;
  budget = Number.POSITIVE_INFINITY;
  isStepping = false;
  /** The step was done, but its own exit came first and suspended. */
  #isStepped = false;
  /** A breakpoint, or then a watch, was reported at this address: its instruction is executed without asking again. */
  #passing = Number.NaN;
  #passingWatch = Number.NaN;
  /** What the controller is asked when the guest takes its interrupt; undefined while the line is low. */
  #acknowledge: (() => number | undefined) | undefined;
  /** Who raised the line last. */
  #controller: (() => number | undefined) | undefined;

  constructor(core: VcpuCore, parts: CoreParts, options: VcpuOptions, runCore?: (limit: number) => void) {
    this.#core = core;
    this.#parts = parts;
    this.#isCounted = options.profile === "replay";
    this.#runCore = runCore ?? ((limit) => core.run(Math.min(limit, SLICE)));
    core.ask = (exit) => this.#ask(exit);
    core.halt = () => {
      this.#isHalted = true;
      core.stop = true;
    };
  }

  run(answer: Answer): void {
    this.#answer = answer;
    this.#isSuspended = false;
    while (!this.#isSuspended) this.#turn();
  }

  interrupt(acknowledge: () => number | undefined): void {
    const core = this.#core;
    this.#acknowledge = acknowledge;
    this.#controller = acknowledge;
    core.isInterruptPending = true;
    core.stop ||= core.takesInterrupts;
  }

  #ask(exit: Exit): void {
    if (this.#answer(exit) === "suspend") this.#isSuspended = true;
    this.#core.stop ||= this.#isSuspended;
  }

  /** What ended an instruction before it had any effect. */
  #handle(event: unknown): void {
    const core = this.#core;
    if (event instanceof BreakpointHit) {
      core.next = this.#passing = core.pc;
      return this.#ask({ kind: "breakpoint" });
    }
    if (event instanceof WatchHit) {
      core.next = this.#passing = this.#passingWatch = core.pc;
      return this.#ask({ kind: "watchpoint", address: BigInt(event.address), access: event.access });
    }
    const fault = this.#parts.takeFault(event);
    if (fault !== undefined) this.#ask({ kind: "fault", fault });
  }

  #execute(limit: number): void {
    const core = this.#core;
    const isPassing = this.#passing === core.next;
    this.#passing = Number.NaN;
    core.mmu.watching = this.#passingWatch !== core.next;
    this.#passingWatch = Number.NaN;
    try {
      core.turn(this.#runCore, limit, isPassing || this.isStepping);
    } finally {
      core.mmu.watching = true;
    }
  }

  #takeInterrupt(): void {
    const core = this.#core;
    if (this.#acknowledge === undefined || !core.takesInterrupts) return;
    const number = this.#acknowledge();
    this.#acknowledge = undefined;
    core.isInterruptPending = false;
    if (number === undefined) return;
    this.#isHalted = false;
    core.deliverInterrupt(number);
  }

  #turn(): void {
    if (this.#isStepped) {
      this.#isStepped = false;
      return this.#ask({ kind: "step" });
    }
    try {
      this.#takeInterrupt();
    } catch (error) {
      return this.#handle(error);
    }
    if (this.#isHalted) {
      this.#ask({ kind: "halt" });
      this.#isHalted &&= this.#acknowledge !== undefined;
      return;
    }
    this.#runTurn();
  }

  #runTurn(): void {
    const core = this.#core;
    const untilTick = this.#isCounted ? TICK - (core.executed % TICK) : Number.POSITIVE_INFINITY;
    const before = core.executed;
    core.stop = false;
    try {
      this.#execute(Math.min(this.budget, untilTick, core.untilForgetting));
    } catch (error) {
      this.#handle(error);
    }
    const count = core.executed - before;
    this.budget -= count;
    if (this.isStepping && count > 0) {
      this.isStepping = false;
      this.#isStepped = true;
    }
    const isUsedUp = this.budget <= 0;
    if (this.#isCounted ? count >= untilTick : isUsedUp) this.#ask({ kind: "tick" });
    if (isUsedUp) {
      this.budget = Number.POSITIVE_INFINITY;
      this.#ask({ kind: "budget" });
    }
  }

  newTimeMachine(): TimeMachine {
    const core = this.#core;
    return {
      save: () => ({
        core: this.#parts.stateful.save(),
        halted: this.#isHalted,
        isInterruptPending: this.#acknowledge !== undefined,
      }),
      restore: (saved: VcpuState) => {
        this.#parts.stateful.restore(saved.core);
        this.#isHalted = saved.halted;
        // Whoever raised the line is asked again, or raises it once more.
        this.#acknowledge = saved.isInterruptPending ? this.#controller : undefined;
        core.isInterruptPending = this.#acknowledge !== undefined;
        this.isStepping = false;
        this.#isStepped = false;
        this.#passing = Number.NaN;
        this.#passingWatch = Number.NaN;
      },
      takeDirtyPages: () => core.mmu.takeDirty(),
      forgetPage: (page) => core.mmu.forgetPage(page),
    };
  }
}
