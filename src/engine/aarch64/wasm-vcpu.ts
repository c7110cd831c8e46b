// The wasm engine's virtual CPU: the interpreter, and translated code wherever that can run.
import { Solo5Error } from "../../bytes/error.js";
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import { isMachineMemory } from "../portable/memory/machine-memory.js";
import { newTieredVcpu } from "../portable/tiered-vcpu.js";
import type { TranslationOptions } from "../portable/tiers/translations.js";
import { Core } from "./core.js";
import { partsOf } from "./interpreter.js";

/** Makes a virtual CPU as `newInterpreter` does, that translates what is hot. */
export function newWasmVcpu(options: VcpuOptions, translation: TranslationOptions = {}): PortableVcpu {
  const { memory } = options;
  if (!isMachineMemory(memory))
    throw new Solo5Error("WRONG_MEMORY", "the aarch64 engine needs memory made by machineMemory");
  const core = new Core(options);
  return newTieredVcpu(core, partsOf(core), memory, options, translation);
}
