// The engine of each ISA that runs without help of the host: memory and virtual CPU that fit each other.
import type { Isa } from "../abi/elf.js";
import type { GuestMemory } from "../image/memory.js";
import type { CompanionClient, PortableVcpu, VcpuOptions } from "./contract.js";

/** Bytes of guest memory that fit into a WebAssembly memory, 4 GiB, beside the engine's own part. */
export const portableMemoryMax = 2 ** 32 - 2 ** 22;

export interface PortableEngine {
  /** Guest memory of `size` bytes, all zero. Throws Solo5Error where the host has no room. */
  newMemory(size: number): GuestMemory;
  newVcpu(options: VcpuOptions): PortableVcpu;
  /** Where the engine's module is. */
  readonly url: string;
  /** What a companion runs that `VcpuOptions.beside` starts: gives what takes the messages of the virtual CPU. */
  serve(client: CompanionClient): (message: unknown) => void;
}

/** Loaded when needed: instruction table and translator are most of the code that there is. */
export const portableEngines: Readonly<Partial<Record<Isa, () => Promise<PortableEngine>>>> = {
  "x86-64": () => import("./x86-64/engine.js"),
  aarch64: () => import("./aarch64/engine.js"),
};
