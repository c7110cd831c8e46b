// What a driver has for the debugger of its virtual CPUs.
import type { Access, Exit, Registers } from "../engine/contract.js";
import type { GuestMemory } from "../image/memory.js";

export interface HardwareWatch {
  readonly address: bigint;
  readonly length: number;
  readonly accesses: ReadonlySet<Access>;
}

/** What the virtual CPU is to stop at. */
export interface Wishes {
  readonly step: boolean;
  readonly hasTraps: boolean;
  readonly breakpoints: readonly bigint[];
  readonly watches: readonly HardwareWatch[];
}

/** A stop: a debugger's, or at an address that holds a trap, of which only the debugger knows whose it is. */
export type Stop =
  | Extract<Exit, { readonly kind: "step" | "breakpoint" | "watchpoint" }>
  /** `isAsked` where the hypervisor stops there only because a debugger wants it to. */
  | { readonly kind: "trap"; readonly address: bigint; readonly isAsked: boolean };

export interface CpuDebug {
  readonly memory: GuestMemory;
  readonly registers: Registers;
  /** The register that holds the address of the next instruction. */
  readonly pc: string;
  /** The instruction that takes the place of another at a breakpoint. */
  readonly trap: Uint8Array;
  /** Code that reads from where it ends into a register: tells whether debug registers are real. */
  readonly probe: { readonly code: Uint8Array; readonly register: string };
  /** Throws RangeError where the CPU has fewer debug registers. */
  check(wishes: Wishes): void;
  /** Puts them in force. */
  enforce(wishes: Wishes): void;
  /** Lets the guest run to its next stop, for the probe; undefined where it did not run. */
  runOnce(): Stop | undefined;
  /** The guest is to execute what has been written there. */
  codeWritten(code: Uint8Array): void;
}
