// What differs between the ISAs when a virtual CPU is debugged. Linux, Documentation/virt/kvm/api.rst, 4.87.
import type { Access, Exit } from "../../engine/contract.js";

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

/** A stop: a debugger's, or at an address that holds a trap, whose only the debugger knows. */
type Stop =
  | Extract<Exit, { readonly kind: "step" | "breakpoint" | "watchpoint" }>
  | { readonly kind: "trap"; readonly address: bigint };

/** What differs between the ISAs. */
export interface CpuDebug {
  /** The instruction that takes the place of another at a breakpoint. */
  readonly trap: Uint8Array;
  /** Code that reads from where it ends into a register. */
  readonly probe: { readonly code: Uint8Array; readonly register: string };
  /** KVM_SET_GUEST_DEBUG. */
  readonly request: number;
  /** Its argument. Throws RangeError where the CPU has fewer debug registers. */
  encode(wishes: Wishes): Uint8Array;
  /** What an exit of KVM's means to a debugger; undefined where nothing. */
  stop(reason: number): Stop | undefined;
  /** The guest is to execute what has been written at an address of ours. */
  codeWritten(address: bigint, size: number): void;
}
