// Guest memory inside the engine's one WebAssembly memory: the state area first, the guest's physical memory after it.
import { Solo5Error } from "../../../bytes/error.js";
import { type GuestMemory, isInside } from "../../../image/memory.js";
import { webAssembly, type WasmMemory } from "../../../wasm/host.js";
import { guestBase } from "./state.js";

export interface MachineMemory extends GuestMemory {
  readonly wasm: WasmMemory;
}

/** Memory of a size in bytes; it is reserved at once and takes space as the guest touches it. */
export function machineMemory(size: number): MachineMemory {
  const base = guestBase(size);
  const pages = Math.ceil((base + size) / 65536);
  let wasm: WasmMemory;
  try {
    wasm = new webAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new Solo5Error(
      "NO_MEMORY",
      `cannot reserve ${size} bytes of guest memory: neither memory nor address space is left, see --mem and ulimit -v`,
      { cause },
    );
  }
  return {
    size,
    wasm,
    bytes: (gpa, length) =>
      isInside(size, gpa, length)
        ? new Uint8Array(wasm.buffer, base + Number(gpa), Number(length))
        : undefined,
  };
}

/** Whether a memory is one that this engine can run on. */
export function isMachineMemory(memory: GuestMemory): memory is MachineMemory {
  return "wasm" in memory && memory.wasm instanceof webAssembly.Memory;
}

/** The memory as the engine's, or the error of giving it another. */
export function asMachineMemory(memory: GuestMemory): MachineMemory {
  if (isMachineMemory(memory)) return memory;
  throw new Solo5Error("WRONG_MEMORY", "the wasm engine needs memory made by machineMemory");
}
