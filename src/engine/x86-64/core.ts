// The interpreter proper: fetches, decodes and executes instructions until something stops it. It raises every fault
// that there is; translated code leaves to it whatever it cannot do.
import type { Instruction } from "../../isa/x86-64/instruction.js";
import type { Exit, VcpuOptions } from "../contract.js";
import { CodeCache, type Step } from "./code-cache.js";
import { Cpu, rflag } from "./cpu.js";
import { Evaluator } from "./evaluator.js";
import { deliver, raise, type Source } from "./exceptions.js";
import { Executors } from "./executors.js";
import { generalProtection, GuestFault, vector } from "./fault.js";
import type { PlainMemory } from "../portable/guest-core.js";
import { asMachineMemory } from "../portable/memory/machine-memory.js";
import type { Machine } from "./machine.js";
import { MemoryAccess } from "./memory-access.js";
import { Mmu } from "./mmu.js";
import { RunMap } from "../portable/memory/run-map.js";
import { Segments } from "./segments.js";
import { RSP } from "./lift/registers.js";
import { BreakpointHit } from "../portable/stops.js";
import type { VcpuCore } from "../portable/vcpu.js";
import { plainMemory } from "./flat.js";
import { x86 } from "./isa.js";
import { stackFault } from "./stack-fault.js";
import { state } from "./state.js";
import { X87Function } from "./x87/shortcut.js";

/** The gates that Linux opens to processes, but for system calls: of INT3 and INTO. INT1 needs none. */
const isOpenToProcess = (number: number, source: Source) =>
  source === "external" || number === vector.BP || number === vector.OF;

/** Debug registers are kept among the MSRs. */
const DR6 = 0x1_0000_0006;
const DR6_AT_RESET = 0xffff_0ff0n;
const DR6_SINGLE_STEP = 1n << 14n;

/** MXCSR: exceptions masked, to nearest, denormals kept. */
const MXCSR_AT_START = 0x1f80;
const EXCEPTIONS = 0x3f;
const MXCSR_MODES = 0xffff & ~EXCEPTIONS;
/** Instructions at the start of a counted run in which exception flags are kept. */
const KEPT_AT_START = 2 ** 20;

/** The opcode of RET imm16. */
const RET_IMMEDIATE = 0xc2;

/** INT 0x80 is how 32-bit code calls Linux. */
const LINUX_GATE = 0x80;

export class Core implements Machine, VcpuCore {
  readonly isa = x86;
  readonly cpu: Cpu;
  readonly mmu: Mmu;
  readonly memory: MemoryAccess;
  readonly evaluator: Evaluator;
  readonly segments: Segments;
  readonly msrs = new Map<number, bigint>();
  readonly exceptions: "guest" | "exit";
  readonly isProcess: boolean;
  /** Instructions are counted, and a run must come out as another did. */
  readonly isCounted: boolean;
  readonly breakpoints = new Set<number>();
  /** Instructions executed since the start. */
  executed = 0;
  /** A fault has been given to the guest's handlers, which see the flags that there were. */
  takesFaults = false;
  /** Which instructions have been executed, by the first tier too. */
  readonly ran = new RunMap();
  /** Instructions decoded for execution, those decoded again included. */
  decodings = 0;
  /** Set by whoever wants `run` to return after the current instruction. */
  stop = false;
  /** An external interrupt waits: whoever sets IF stops, so that it is delivered. */
  isInterruptPending = false;
  /** The address of the one instruction after STI, before which no interrupt comes; NaN where it was not the last. */
  shadow = Number.NaN;
  /** Exception flags are kept where the interpreter computes; where runs must come out alike, for so long only. */
  keepsExceptions = true;
  /** Asked after a jump, with the new address: true leaves `run`. Where translated code is entered. */
  onJump: ((pc: number) => boolean) | undefined;
  ask: (exit: Exit) => void = () => undefined;
  halt: () => void = () => undefined;
  readonly #cache: CodeCache;
  readonly #executors: Executors;
  /** The address of the instruction being executed. */
  #pc = 0;
  /** The address behind a MOV to SS, where no trap comes. */
  #held = Number.NaN;

  constructor(options: VcpuOptions) {
    const { protections, noExecute } = options;
    const memory = asMachineMemory(options.memory);
    this.exceptions = options.exceptions;
    const { buffer } = memory.wasm;
    this.cpu = new Cpu(buffer);
    this.mmu = new Mmu(buffer, memory.size, this.cpu, protections, noExecute);
    this.isProcess = options.exceptions === "exit";
    this.isCounted = options.profile === "replay";
    this.memory = new MemoryAccess(this.mmu, this.cpu, this.isProcess);
    this.memory.ask = (exit) => this.ask(exit);
    this.evaluator = new Evaluator(this.cpu, this.memory);
    this.segments = new Segments(this.cpu, this.memory, this.isProcess);
    this.#cache = new CodeCache(this.mmu);
    this.#executors = new Executors(this, new X87Function(memory.wasm));
    this.cpu.rflags = this.isProcess ? 2 | rflag.IF : 2;
    this.cpu.i32[state.mxcsr >> 2] = MXCSR_AT_START;
    this.cpu.u16[state.x87Control >> 1] = 0x37f;
    this.cpu.cpl = this.isProcess ? 3 : 0;
    if (this.isProcess) this.segments.selectors.splice(0, 6, 0, 0x33, 0x2b, 0, 0, 0);
  }

  /** The address of the instruction that is executing or was last. */
  get pc(): number {
    return this.#pc;
  }

  get mode(): 32 | 64 {
    if (this.isProcess) return 64;
    return this.cpu.isLong && this.segments.longCode ? 64 : 32;
  }

  /** The guest has changed exception flags of MXCSR, so it may look at them: from then on none is missed. */
  get testsExceptions(): boolean {
    return this.cpu.i32[state.testsExceptions >> 2] !== 0;
  }
  set testsExceptions(value: boolean) {
    this.cpu.i32[state.testsExceptions >> 2] = value ? 1 : 0;
  }

  get next(): number {
    return this.cpu.rip;
  }
  set next(pc: number) {
    this.cpu.rip = pc;
  }

  get isUnwatched(): boolean {
    const { breakpoints, mmu, cpu, isProcess } = this;
    return breakpoints.size === 0 && !mmu.hasWatches && !mmu.tracksDirty && !cpu.checksAlignment(isProcess);
  }

  general(index: number): bigint {
    return this.cpu.gpr(index);
  }

  plainMemory(options: VcpuOptions): PlainMemory | undefined {
    return this.mode === 64 ? plainMemory(this.cpu, this.mmu, options) : undefined;
  }

  settleFlags(): void {
    const { rflags } = this.cpu;
    this.cpu.rflags = rflags;
  }

  /** RET goes to its target only where that can be executed; what it took off the stack is there still. */
  undoReturn(pc: number): void {
    const { cpu, mmu } = this;
    cpu.rip = pc;
    const at = mmu.base + pc;
    const more =
      mmu.bytes[at] === RET_IMMEDIATE ? (mmu.bytes[at + 1] ?? 0) + 256 * (mmu.bytes[at + 2] ?? 0) : 0;
    cpu.setGpr(RSP, BigInt.asUintN(64, cpu.gpr(RSP) - BigInt(8 + more)));
  }

  returnAddress(at: number): number {
    const { bytes, base } = this.mmu;
    const place = base + at;
    if (place < base || place + 4 > bytes.length) return 0;
    return new DataView(bytes.buffer, bytes.byteOffset + place, 4).getUint32(0, true);
  }

  /** Floating point is to be computed as MXCSR says in everything: by the interpreter. */
  get isExact(): boolean {
    const modes = (this.cpu.i32[state.mxcsr >> 2] ?? 0) & MXCSR_MODES;
    return this.testsExceptions || modes !== MXCSR_AT_START || (this.isCounted && this.keepsExceptions);
  }

  /** Instructions until exception flags are no longer kept where nobody has asked for them. */
  get untilForgetting(): number {
    if (!this.isCounted || !this.keepsExceptions) return Number.POSITIVE_INFINITY;
    if (this.executed < KEPT_AT_START) return KEPT_AT_START - this.executed;
    this.keepsExceptions = false;
    return Number.POSITIVE_INFINITY;
  }

  setMxcsr(value: number): void {
    const at = state.mxcsr >> 2;
    if ((((this.cpu.i32[at] ?? 0) ^ value) & EXCEPTIONS) !== 0) this.testsExceptions = true;
    this.cpu.i32[at] = value;
  }

  #decode(pc: number, withBreakpoints: boolean): Step {
    this.#pc = pc;
    const isBreakpoint = this.breakpoints.has(pc);
    if (isBreakpoint && withBreakpoints) throw new BreakpointHit(pc);
    const instruction = this.#cache.fetch(pc, this.mode);
    this.decodings++;
    this.ran.mark(instruction, x86);
    const step = { instruction, execute: this.#executors.of(instruction) };
    if (!isBreakpoint) this.#cache.keep(pc, step);
    return step;
  }

  /** The instruction at an address, decoded ahead of its execution and not kept. Throws the fault of fetching it. */
  instructionAt(pc: number): Instruction {
    return this.#cache.at(pc)?.instruction ?? this.#cache.fetch(pc, this.mode);
  }

  /** The instruction at an address, where it has been interpreted since its code was last changed. */
  decoded(pc: number): Instruction | undefined {
    return this.#cache.peek(pc)?.instruction;
  }

  setBreakpoint(pc: number, on: boolean): void {
    if (on) this.breakpoints.add(pc);
    else this.breakpoints.delete(pc);
    this.#cache.forget(pc);
  }

  /** Executes at most `limit` instructions; returns when `stop` is set or `onJump` says so. Throws what a guest raises. */
  run(limit: number): void {
    const { cpu, evaluator } = this;
    const { slots } = evaluator;
    const cache = this.#cache;
    const { onJump } = this;
    let left = limit;
    try {
      while (left > 0) {
        const pc = cpu.rip;
        const step = cache.at(pc) ?? this.#decode(pc, true);
        const { instruction } = step;
        this.#pc = pc;
        cpu.rip = instruction.next;
        slots.top = 0;
        step.execute(evaluator, instruction);
        left--;
        if (this.stop) break;
        if (onJump !== undefined && cpu.rip !== instruction.next && onJump(cpu.rip)) break;
      }
    } finally {
      this.executed += limit - left;
    }
  }

  /** The instruction at rip, for who has its own loop; no breakpoints are set there. */
  runOne(): void {
    const { cpu, evaluator } = this;
    const pc = cpu.rip;
    const { instruction, execute } = this.#cache.at(pc) ?? this.#decode(pc, true);
    this.#pc = pc;
    cpu.rip = instruction.next;
    evaluator.slots.top = 0;
    execute(evaluator, instruction);
    this.executed++;
  }

  turn(run: (limit: number) => void, limit: number, isSingle: boolean): void {
    const { traps } = this;
    if (isSingle) this.#single();
    else if (this.isShadowed) this.#runShadowed();
    else if (traps) this.run(1);
    else run(limit);
    if (traps) this.#trap();
  }

  /** One instruction, whatever breakpoint is on it. */
  #single(): void {
    this.shadow = Number.NaN;
    const { instruction, execute } = this.#decode(this.cpu.rip, false);
    this.#pc = instruction.pc;
    this.cpu.rip = instruction.next;
    this.evaluator.begin();
    execute(this.evaluator, instruction);
    this.executed++;
  }

  /** The one instruction in the shadow of STI; a breakpoint on it leaves it there. */
  #runShadowed(): void {
    const { shadow } = this;
    this.shadow = Number.NaN;
    try {
      this.run(1);
    } catch (error) {
      this.shadow = shadow;
      throw error;
    }
  }

  /** The fault that the instruction being executed really raises: #SS where its stack was to blame. */
  refine(fault: GuestFault): GuestFault {
    return fault.outside === undefined
      ? fault
      : stackFault(this.cpu, this.#cache.at(this.#pc)?.instruction, fault);
  }

  /** Gives a fault to the guest's handlers; throws `TripleFault`. The faulting instruction is at rip again. */
  deliverFault(fault: GuestFault): void {
    this.cpu.rip = this.#pc;
    this.takesFaults = true;
    raise(this, fault);
  }

  get isShadowed(): boolean {
    return this.cpu.rip === this.shadow;
  }

  flagsChanged(shadowed: boolean): void {
    this.shadow = shadowed ? this.cpu.rip : Number.NaN;
    const isWatched = this.cpu.hasAc || this.traps;
    if (shadowed || isWatched || this.isInterruptPending) this.stop = true;
  }

  holdTraps(): void {
    this.flagsChanged(true);
    this.#held = this.cpu.rip;
  }

  /** RFLAGS.TF: the next instruction ends in #DB. */
  get traps(): boolean {
    return (this.cpu.rflags & rflag.TF) !== 0;
  }

  /** #DB behind the instruction that has just been executed; nothing behind one that holds it back or left for elsewhere. */
  #trap(): void {
    if (this.cpu.rip === this.#held || this.#isLeaving) return;
    this.#held = Number.NaN;
    this.#pc = this.cpu.rip;
    const dr6 = this.msrs.get(DR6) ?? DR6_AT_RESET;
    this.msrs.set(DR6, dr6 | DR6_SINGLE_STEP);
    if (this.isProcess) throw new GuestFault(vector.DB, 0, "single step by RFLAGS.TF");
    this.deliverInterrupt(vector.DB);
  }

  /** The last instruction entered a handler or the host's kernel, with TF put aside. */
  get #isLeaving(): boolean {
    const flow = this.#cache.at(this.#pc)?.instruction.row.mnemonic ?? "";
    return /^(SYSCALL|INT\d?)$/.test(flow);
  }

  get takesInterrupts(): boolean {
    return (this.cpu.rflags & rflag.IF) !== 0 && !this.isShadowed;
  }

  /** Takes an external interrupt. */
  deliverInterrupt(number: number): void {
    this.#pc = this.cpu.rip;
    try {
      deliver(this, number, 0, "external");
    } catch (error) {
      if (!(error instanceof GuestFault)) throw error;
      raise(this, error);
    }
  }

  interrupt(number: number, source: "software" | "external" = "software"): void {
    if (this.isProcess) {
      if (number === LINUX_GATE) return this.ask({ kind: "syscall", isCompat: true });
      throw isOpenToProcess(number, source)
        ? new GuestFault(number, 0, `INT ${number}`)
        : generalProtection(`INT ${number} in a process`, number * 8 + 2);
    }
    deliver(this, number, 0, source);
  }
}
