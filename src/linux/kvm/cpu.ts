// What differs between the ISAs of virtual CPUs: how one is made ready, its registers, and its counter.
import type { Isa } from "../../abi/elf.js";
import type { GuestMemory } from "../../image/memory.js";
import type { Registers } from "../../engine/contract.js";
import { newAarch64Cpu } from "./aarch64.js";
import { newX8664Cpu } from "./x86-64.js";

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
  /** Gives the virtual CPU what was set since it ran last. */
  beforeRun(): void;
  /** What was read before is no longer so. */
  afterRun(): void;
}

/** By ISA: makes a virtual CPU of this host ready for its first registers. Throws Solo5Error. */
export const kvmCpus: Readonly<Record<Isa, (fds: KvmDescriptors, memory: GuestMemory) => KvmCpu>> = {
  "x86-64": newX8664Cpu,
  aarch64: newAarch64Cpu,
};
