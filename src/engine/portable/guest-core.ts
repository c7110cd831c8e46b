// What the tiers ask of an ISA's interpreter, the *core*: its registers as far as they name none, its memory, and to go on.
import type { VcpuOptions } from "../contract.js";
import type { GuestInstruction, GuestIsa } from "./guest-isa.js";
import type { RunMap } from "./memory/run-map.js";

/** Where memory is plain: from the lowest addresses on up to the end, `size`. */
export interface PlainMemory {
  readonly size: number;
  readonly readable: number;
  readonly writable: number;
}

/** Guest memory with what is watched in it. Pages are numbers of guest-physical pages. */
export interface GuestPages {
  /** All of the WebAssembly memory; guest memory begins at `base`. */
  readonly bytes: Uint8Array;
  readonly base: number;
  readonly size: number;
  /** Changes with the mappings. */
  readonly version: number;
  /** Whether the byte at an address may be executed. */
  isExecutable(pc: number): boolean;
  /** Has `onCodeWritten` called when the page at a place of `bytes` is written. */
  holdsCode(place: number): void;
  /** What has been decoded of a page is stale. */
  forgetPage(page: number): void;
  onCodeWritten: (page: number) => void;
  /** Told of pages whose code is decoded. */
  onCodeHeld: (page: number) => void;
}

export interface GuestCore {
  readonly isa: GuestIsa;
  readonly mmu: GuestPages;
  /** The address of the next instruction; while translated code runs, the state area's counts. */
  next: number;
  /** The address of the instruction that is executing or was last. */
  readonly pc: number;
  /** Instructions executed since the start. */
  executed: number;
  /** Set by whoever wants `run` to return after the current instruction. */
  stop: boolean;
  /** Asked after a jump, with the new address: true leaves `run`. */
  onJump: ((pc: number) => boolean) | undefined;
  /** Which instructions have been executed. */
  readonly ran: RunMap;
  /** Nobody watches single instructions or accesses, so that translated code may run. */
  readonly isUnwatched: boolean;
  /** A fault has been given to the guest's handlers, which see the flags that there were. */
  readonly takesFaults: boolean;
  /** Floating point is to be computed as the guest's modes say in everything, by the interpreter or by code that is exact. */
  readonly isExact: boolean;
  /** Exception flags of floating point are kept where the interpreter computes; in a counted run, for so long only. */
  readonly keepsExceptions: boolean;
  /** Executes at most `limit` instructions; throws what a guest raises. */
  run(limit: number): void;
  /** Executes the next instruction; no breakpoints are set there. */
  runOne(): void;
  /** The instruction at an address, where it has been interpreted since its code was last changed. */
  decoded(pc: number): GuestInstruction | undefined;
  /** A general register as an unsigned bigint. */
  general(index: number): bigint;
  /** Where translated code may access memory without asking; undefined where it cannot run in this mode. */
  plainMemory(options: VcpuOptions): PlainMemory | undefined;
  /** Makes the status flags in the state area plain ones. */
  settleFlags(): void;
  /** Makes the return at an address not have happened. */
  undoReturn(pc: number): void;
  /**
   * Where the function returns to that is being executed: its return address is at `at` where calls push one; where a
   * register has it, this is right at the function's entry only.
   */
  returnAddress(at: number): number;
}
