// What an engine is: it runs guest code and, whenever it must stop, asks. It knows memory and registers, no
// devices and no target. docs/architecture.md.
import type { Stateful } from "../bytes/plain.js";
import type { MemoryMap, MemoryRegion } from "../image/memory-map.js";
import type { GuestMemory } from "../image/memory.js";

/** How guest memory was touched. */
export type Access = "read" | "write" | "execute";

/** Something the guest did that no handler of its own took care of. */
export interface Fault {
  /** The architecture's exception number: x86-64 vector (14 is #PF) or aarch64 exception class. */
  readonly vector: number;
  /** The error code or syndrome that the CPU would push, 0 where there is none. */
  readonly code: number;
  /** The address of the access, or of the instruction where no access was the cause. */
  readonly address: bigint;
  readonly access: Access;
  /**
   * Who refused: the guest's own page tables and segments ("guest"), or the protection of the memory below
   * them ("host": what mprotect and EPT are to a real hypervisor).
   */
  readonly refusedBy: "guest" | "host";
  /** One line for people: mnemonic of the exception, what happened, the instruction's bytes where unknown. */
  readonly reason: string;
}

/**
 * Why guest code stopped. The guest's whole state is in registers and memory at every exit; `pc` is that of the
 * instruction for `fault`, `breakpoint`, `watchpoint`, `tick`, `budget` and `step`, and of the next one otherwise. The object is only valid
 * during the call of `answer`; fields that are not readonly are the answer's to fill in.
 */
export type Exit =
  | { readonly kind: "out"; readonly port: number; readonly size: 1 | 2 | 4; readonly value: number }
  | { readonly kind: "in"; readonly port: number; readonly size: 1 | 2 | 4; value: number }
  | { readonly kind: "store"; readonly address: bigint; readonly size: number; readonly value: bigint }
  | { readonly kind: "load"; readonly address: bigint; readonly size: number; value: bigint }
  /** `isCompat` by the gate of another ABI: INT 0x80. */
  | { readonly kind: "syscall"; readonly isCompat?: true }
  | { readonly kind: "hypercall" }
  | { readonly kind: "halt" }
  /** What guests read without an exit on hardware: answered by the host, so that it can be logged. */
  | { readonly kind: "counter"; value: bigint }
  | { readonly kind: "random"; readonly size: 2 | 4 | 8; value: bigint }
  /** CPUID leaves 0x40000000 to 0x4000ffff, where a hypervisor speaks of itself: EAX, EBX, ECX, EDX; 0 where it does not. */
  | { readonly kind: "cpuid"; readonly leaf: number; values: readonly [number, number, number, number] }
  /** A write to a model-specific register that the CPU does not have: #GP unless it turns out that it exists. */
  | { readonly kind: "msr"; readonly number: number; readonly value: bigint; exists: boolean }
  | { readonly kind: "fault"; readonly fault: Fault }
  | { readonly kind: "breakpoint" }
  /** `isDone` where the CPU tells only after the access: `pc` is then that of the next instruction. */
  | {
      readonly kind: "watchpoint";
      readonly address: bigint;
      readonly access: Access;
      readonly isDone?: true;
    }
  | { readonly kind: "step" }
  /**
   * A moment at which interrupts may come to a guest that runs: in the replay profile after every 2^20th instruction, whatever
   * the budget, and in plain before each `budget`.
   */
  | { readonly kind: "tick" }
  /** The budget is used up: the guest has run for a while and the host may want to look around. */
  | { readonly kind: "budget" };

/** `resume` goes on at once; `suspend` unwinds the engine, and a later `run` goes on. */
export type Verdict = "resume" | "suspend";

export type Answer = (exit: Exit) => Verdict;

/** Who takes a CPU exception: the guest's own handlers (IDT, VBAR), or `answer`, as a process's signals do. */
export type ExceptionModel = "guest" | "exit";

/** Protection of guest memory below the guest's own tables; an engine does not care for names. */
export type Protection = Omit<MemoryRegion, "name">;

/** Does work in a turn of its own of the host's event loop, soon. */
export type Later = (work: () => void) => void;

/** A thread of the host's that works beside the guest. Messages arrive in the order in which they were posted. */
export interface Companion {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  end(): void;
}

/** Starts one: `take` is given what it posts, `failed` is called where it could not be started or has ended by itself. */
export type StartCompanion = (take: (message: unknown) => void, failed: () => void) => Companion;

/** A companion's own end of the way to the guest's thread. */
export interface CompanionClient {
  post(message: unknown): void;
  /** Does work when the messages that have come are taken, and so many milliseconds have passed. */
  later(work: () => void, msecs: number): void;
}

/** What a virtual CPU starts from. */
export interface VcpuOptions {
  readonly memory: GuestMemory;
  readonly exceptions: ExceptionModel;
  /** Ranges not named are readable and writable, and executable unless `noExecute`. Must not overlap. */
  readonly protections: readonly Protection[];
  readonly noExecute: boolean;
  /** Plain runs; replay counts instructions exactly and knows dirty pages and watches. */
  readonly profile: "plain" | "replay";
  /** Somebody may look at the registers wherever the guest stops: a debugger, a core dump. */
  readonly isWatched?: boolean | undefined;
  /** Where given, what the engine does beside the guest takes some milliseconds at a time: a page's main thread. */
  readonly later?: Later | undefined;
  /** Where given, what the engine can do in a thread of its own is done there: it runs the engine's `serve`. */
  readonly beside?: StartCompanion | undefined;
}

/** What an engine makes of a guest's memory map. */
export const protectionsOf = ({
  regions,
  ram,
}: MemoryMap): Pick<VcpuOptions, "protections" | "noExecute"> => ({
  protections: regions,
  noExecute: !ram.execute,
});

/** Registers by the manual's names, in lower case (`rax`, `cr3`, `xmm0`, `fs_base`; `x0`, `sp_el1`). */
export interface Registers {
  /** Throws RangeError on a name that the ISA does not have. Vectors are 128-bit unsigned. */
  get(name: string): bigint;
  set(name: string, value: bigint): void;
}

/** What a breakpoint is made of: an instruction of the guest's that is written over, or a register of the CPU's. */
export type BreakpointKind = "software" | "hardware";

/** One virtual CPU with its memory: what every engine has. What some have besides are capabilities, each an interface below. */
export interface Vcpu {
  readonly memory: GuestMemory;
  readonly registers: Registers;
  /** Hz of the counter that the guest reads without a `counter` exit; absent where `answer` is the counter. */
  readonly counterHz?: bigint;
  /** Prefix of messages about unhandled exits. None by default. */
  readonly monitor?: string;
  /** Runs until `answer` says `suspend`. Never throws for anything that the guest does. */
  run(answer: Answer): void;
  [Symbol.dispose](): void;
}

/** Comes back by itself. */
export interface Budgeted {
  /** How much to run before the next `budget` exit: instructions in the replay profile, about so many in plain. */
  setBudget(instructions: number): void;
}

/** Takes interrupts of devices (virtio, xen). */
export interface Interruptible {
  /**
   * Raises the line of external interrupts. When the guest takes one, the controller is asked for its vector,
   * undefined where it has no interrupt any more; either way the line is low then.
   */
  interrupt(acknowledge: () => number | undefined): void;
}

/** Stops where a debugger wants it to. The slow door: each point makes only the code it touches slower. */
export interface Debuggable {
  /**
   * Throws RangeError where the CPU has no such breakpoint left; an engine without a CPU's limits makes no difference
   * between the kinds, of which software is meant where none is named. Off ends both.
   */
  setBreakpoint(address: bigint, on: boolean, kind?: BreakpointKind): void;
  /** Throws RangeError where the CPU has no such watchpoint left. */
  setWatchpoint(address: bigint, length: number, access: Access, on: boolean): void;
  /** Exit with `step` after one instruction of the next `run`. */
  setStep(on: boolean): void;
}

/** Counts instructions and can be put back to where it was: recordings, and going back in time. */
export interface Snapshottable {
  /** Instructions executed, exact in the replay profile, 0n in the plain one. */
  readonly instructions: bigint;
  /** In the replay profile, where the engine can. */
  readonly timeMachine?: TimeMachine | undefined;
}

/** What going back in time needs of an engine. State is everything but memory, which is the caller's to save and to bring back, by pages of 4096 bytes. */
export interface TimeMachine extends Stateful {
  /** Numbers of the pages that the guest has written since the last call. */
  takeDirtyPages(): readonly number[];
  /** The host has written a page: what was derived from its contents is forgotten. */
  forgetPage(page: number): void;
}

/** Makes code of the guest's code that a later run can use. */
export interface CodeCached {
  /**
   * What the engine has made of the guest's code, for a run of the same unikernel with the same memory; undefined where
   * that is nothing new since the last call. Absent where the engine makes nothing of it. `msecs`: how long it may first
   * work on what was not worth it for this run alone.
   */
  exportCache?(msecs: number): Uint8Array | undefined;
  /** Takes what `exportCache` gave an earlier run, before the first `run`. What does not fit is not used. */
  importCache?(bytes: Uint8Array): void;
}

/** The engine of our own has all of it. */
export type PortableVcpu = Vcpu & Budgeted & Interruptible & Debuggable & Snapshottable & CodeCached;
