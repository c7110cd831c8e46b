// The launch of a sealed unikernel as data: a straight list of system calls and checks, which an assembler turns
// into machine code for the launch page. docs/architecture.md.
import type { LaunchSyscall } from "../../abi/linux/syscalls.js";

/** An argument of a system call. */
export type LaunchOperand =
  | number
  | bigint
  /** The address of these bytes, which the launch page then holds. */
  | { readonly data: Uint8Array }
  /** The address of a table of the addresses of these bytes, which ends with 0. */
  | { readonly table: readonly Uint8Array[] }
  /** An address in the scratch area, which is gone when the unikernel runs. */
  | { readonly scratch: number };

/** Sizes and offsets in bytes. Messages are whole but for the reason, which follows after `: ` where errno tells it. */
export type LaunchStep =
  | {
      readonly op: "call";
      readonly call: LaunchSyscall;
      readonly args: readonly LaunchOperand[];
      /** What to say, with the errno, when the call fails; without it the call may fail. */
      readonly fail?: string;
      /** The result must be this, or the launch ends with `mismatch`. */
      readonly expect?: bigint;
      readonly mismatch?: string;
    }
  /** Goes on as a child, sibling of the process that was: that one writes the child's number, 32 bits, to `tell`, and ends. */
  | { readonly op: "fork"; readonly flags: number; readonly tell: number; readonly fail: string }
  /** Copies `data`, a multiple of 8 bytes, to the scratch area. */
  | { readonly op: "prepare"; readonly data: Uint8Array; readonly scratch: number }
  /** Ends the launch with `fail` unless one of the bits of `mask` is set in the 16 bits at `scratch`. */
  | { readonly op: "require"; readonly scratch: number; readonly mask: number; readonly fail: string }
  /** Copies 16 bits from the scratch area to the boot data. */
  | { readonly op: "publish"; readonly scratch: number; readonly address: number }
  /** Changes a byte of the boot data. */
  | { readonly op: "mask"; readonly address: number; readonly and: number; readonly or: number };

/** What stands at the end of every list: nothing of the host stays, the filter closes, the guest starts. Without a filter all stays. */
export interface Finish {
  /** Everything from here on that is not the guest's goes: stack, vdso. */
  readonly memEnd: number;
  /** struct sock_fprog's instructions. */
  readonly filter: Uint8Array | undefined;
  readonly entry: number;
  readonly stackPointer: number;
  /** The guest's only argument. */
  readonly bootInfo: number;
}

export interface LaunchList {
  /** What messages begin with: `app: `. */
  readonly prefix: string;
  readonly steps: readonly LaunchStep[];
  /** What the steps lead to, unless the last of them leaves for another program. */
  readonly finish?: Finish;
}

/** Size of the scratch area. */
export const scratchSize = 512;
/** The stack's mapping reaches down from the first stack pointer by less than this (setup_arg_pages: 128 KiB). */
export const stackReach = 0x40000;
/** The auxiliary vector's entry for the file's name, the last thing on the initial stack but for 8 zero bytes. */
export const atExecfn = 31;
/** Messages go to stderr, and the status is that of any tender's error. */
export const stderr = 2;

/** A device that steps open, and the number of its descriptor then. */
export interface Opened {
  readonly fd: number;
  readonly steps: readonly LaunchStep[];
}
