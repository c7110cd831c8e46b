// The wasm engine's virtual CPU: the interpreter, and translated code wherever that can run.
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import { asMachineMemory } from "../portable/memory/machine-memory.js";
import { newTieredVcpu } from "../portable/tiered-vcpu.js";
import type { TranslationOptions } from "../portable/tiers/translations.js";
import { Core } from "./core.js";
import { partsOf } from "./interpreter.js";

/** Makes a virtual CPU as `newInterpreter` does, that translates what is hot. */
export function newWasmVcpu(options: VcpuOptions, translation: TranslationOptions = {}): PortableVcpu {
  const memory = asMachineMemory(options.memory);
  const core = new Core(options);
  return newTieredVcpu(core, partsOf(core), memory, options, translation);
}
