// The virtual CPUs that KVM has. A new ISA is a file and a line here.
import type { Isa } from "../../abi/elf.js";
import type { GuestMemory } from "../../image/memory.js";
import { newAarch64Cpu } from "./aarch64.js";
import type { KvmCpu, KvmDescriptors } from "./cpu.js";
import { newX8664Cpu } from "./x86-64.js";

/** By ISA: makes a virtual CPU of this host ready for its first registers. Throws Solo5Error. */
export const kvmCpus: Readonly<
  Record<Isa, (fds: KvmDescriptors, memory: GuestMemory, isPc: boolean) => KvmCpu>
> = {
  "x86-64": newX8664Cpu,
  aarch64: newAarch64Cpu,
};
