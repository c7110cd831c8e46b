// What differs between the ISAs of virtual CPUs: how one is made ready, its registers, and its counter.
import type { Registers } from "../../engine/contract.js";
import type { CpuDebug } from "./cpu-debug.js";

/** A virtual machine as the kernel gave it: descriptors, and what is shared. */
export interface KvmDescriptors {
  readonly kvm: number;
  readonly vm: number;
  readonly vcpu: number;
  /** struct kvm_run, shared with the kernel. */
  readonly run: DataView;
}

export interface KvmCpu {
  readonly registers: Registers;
  /** The register that holds the address of the next instruction. */
  readonly pc: string;
  /** Hz of the counter that the guest reads without an exit. */
  readonly counterHz: bigint;
  readonly debug: CpuDebug;
  /** Gives the virtual CPU what was set since it ran last. */
  beforeRun(): void;
  /** What was read before is no longer so. */
  afterRun(): void;
}
