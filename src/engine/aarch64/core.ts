// The interpreter proper: fetches, decodes and executes instructions until something stops it. It raises every fault that there
// is; translated code leaves to it whatever it cannot do.
import type { Instruction } from "../../isa/aarch64/instruction.js";
import type { Exit, VcpuOptions } from "../contract.js";
import type { PlainMemory } from "../portable/guest-core.js";
import { asMachineMemory } from "../portable/memory/machine-memory.js";
import { RunMap } from "../portable/memory/run-map.js";
import { BreakpointHit } from "../portable/stops.js";
import type { VcpuCore } from "../portable/vcpu.js";
import { Cpu } from "./cpu.js";
import { Evaluator } from "./evaluator.js";
import { aarch64 } from "./isa.js";
import { LR } from "./lift/registers.js";
import type { Machine } from "./machine.js";
import { ProcessMemory } from "./memory.js";
import { state } from "./state.js";
import { type Step, Steps } from "./steps.js";
import { FPCR_MODES } from "./values/format.js";

/** Instructions of a counted run for which exceptions of floating point are kept although nobody asks. */
const KEPT_AT_START = 2 ** 20;

export class Core implements Machine, VcpuCore {
  readonly isa = aarch64;
  readonly cpu: Cpu;
  readonly mmu: ProcessMemory;
  readonly evaluator: Evaluator;
  readonly breakpoints = new Set<number>();
  executed = 0;
  readonly ran = new RunMap();
  stop = false;
  onJump: ((pc: number) => boolean) | undefined;
  ask: (exit: Exit) => void = () => undefined;
  // A process has neither handlers nor interrupts.
  halt: () => void = () => undefined;
  readonly takesFaults = false;
  /** Exceptions are kept where the interpreter computes; where runs must come out alike, for so long only. */
  keepsExceptions = true;
  readonly #isCounted: boolean;
  isInterruptPending = false;
  readonly takesInterrupts = false;
  readonly #steps: Steps;
  #pc = 0;

  constructor({ memory: given, protections, noExecute, exceptions, profile }: VcpuOptions) {
    const memory = asMachineMemory(given);
    if (exceptions === "guest") throw new RangeError("the aarch64 engine runs processes only");
    const { buffer } = memory.wasm;
    this.#isCounted = profile === "replay";
    this.cpu = new Cpu(buffer);
    this.mmu = new ProcessMemory(buffer, memory.size, protections, noExecute);
    this.evaluator = new Evaluator(this.cpu, this.mmu);
    this.#steps = new Steps(this.mmu, this);
  }

  get memory(): ProcessMemory {
    return this.mmu;
  }

  get pc(): number {
    return this.#pc;
  }

  get next(): number {
    return this.cpu.pc;
  }
  set next(pc: number) {
    this.cpu.pc = pc;
  }

  get isUnwatched(): boolean {
    return this.breakpoints.size === 0 && !this.mmu.hasWatches && !this.mmu.tracksDirty;
  }

  get isExact(): boolean {
    const { cpu } = this;
    if (cpu.word(state.testsExceptions) !== 0 || (cpu.word(state.fpcr) & FPCR_MODES) !== 0) return true;
    return this.#isCounted && this.keepsExceptions;
  }

  get untilForgetting(): number {
    if (!this.#isCounted || !this.keepsExceptions) return Number.POSITIVE_INFINITY;
    if (this.executed < KEPT_AT_START) return KEPT_AT_START - this.executed;
    this.keepsExceptions = false;
    return Number.POSITIVE_INFINITY;
  }

  general(index: number): bigint {
    return this.cpu.general(index);
  }

  /** Above all that may not be read, or not be written. */
  plainMemory({ protections }: VcpuOptions): PlainMemory {
    const used = protections.filter(({ start, end }) => start < end);
    const endOf = (some: typeof used) => Math.max(0, ...some.map(({ end }) => end));
    const readable = endOf(used.filter(({ read }) => !read));
    const kept = used.filter(
      ({ read, write, isSeldomWritten }) => !read || !write || isSeldomWritten === true,
    );
    return { size: this.mmu.size, readable, writable: Math.max(readable, endOf(kept)) };
  }

  settleFlags(): void {
    const { nzcv } = this.cpu;
    this.cpu.nzcv = nzcv;
  }

  /** RET changes nothing but where it goes. */
  undoReturn(pc: number): void {
    this.cpu.pc = pc;
  }

  returnAddress(): number {
    return Number(BigInt.asUintN(32, this.cpu.general(LR)));
  }

  decoded(pc: number): Instruction | undefined {
    return this.#steps.peek(pc)?.instruction;
  }

  setBreakpoint(pc: number, on: boolean): void {
    if (on) this.breakpoints.add(pc);
    else this.breakpoints.delete(pc);
    this.#steps.forget(pc);
  }

  turn(run: (limit: number) => void, limit: number, isSingle: boolean): void {
    if (!isSingle) return run(limit);
    const { pc } = this.cpu;
    this.#execute(pc, this.#steps.at(pc) ?? this.#decode(pc, false));
    this.executed++;
  }

  run(limit: number): void {
    const { cpu, onJump } = this;
    const steps = this.#steps;
    let left = limit;
    try {
      while (left > 0) {
        const { pc } = cpu;
        const step = steps.at(pc) ?? this.#decode(pc, true);
        this.#execute(pc, step);
        left--;
        if (this.stop) break;
        if (onJump !== undefined && cpu.pc !== step.instruction.next && onJump(cpu.pc)) break;
      }
    } finally {
      this.executed += limit - left;
    }
  }

  runOne(): void {
    const { pc } = this.cpu;
    this.#execute(pc, this.#steps.at(pc) ?? this.#decode(pc, true));
    this.executed++;
  }

  #decode(pc: number, withBreakpoints: boolean): Step {
    this.#pc = pc;
    const isBreakpoint = this.breakpoints.has(pc);
    if (isBreakpoint && withBreakpoints) throw new BreakpointHit(pc);
    const step = this.#steps.fetch(pc);
    this.ran.mark(step.instruction, this.isa);
    if (!isBreakpoint) this.#steps.keep(pc, step);
    return step;
  }

  #execute(pc: number, { instruction, execute }: Step): void {
    this.#pc = pc;
    this.cpu.pc = instruction.next;
    this.evaluator.begin();
    execute(this.evaluator, instruction);
  }

  deliverInterrupt(): void {
    throw new RangeError("a process takes no interrupts");
  }
}
