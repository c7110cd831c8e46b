// The engine of each ISA that runs without help of the host: memory and virtual CPU that fit each other.
import type { Isa } from "../abi/elf.js";
import type { GuestMemory } from "../image/memory.js";
import type { Vcpu, VcpuOptions } from "./contract.js";
import { newWasmVcpu } from "./x86-64/wasm-vcpu.js";
import { machineMemory } from "./x86-64/machine-memory.js";

export interface PortableEngine {
  /** Guest memory of `size` bytes, all zero. Throws Solo5Error where the host has no room. */
  newMemory(size: number): GuestMemory;
  newVcpu(options: VcpuOptions): Vcpu;
}

export const portableEngines: Readonly<Partial<Record<Isa, PortableEngine>>> = {
  "x86-64": { newMemory: machineMemory, newVcpu: newWasmVcpu },
};
