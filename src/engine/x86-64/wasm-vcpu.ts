// The wasm engine's virtual CPU: the interpreter, the first tier, and translated code wherever that can run.
import { Solo5Error } from "../../bytes/error.js";
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import { isMachineMemory } from "../portable/memory/machine-memory.js";
import { newTieredVcpu } from "../portable/tiered-vcpu.js";
import type { TierHooks } from "../portable/tiers/first-tier.js";
import type { TranslationOptions } from "../portable/tiers/translations.js";
import { Core } from "./core.js";
import { partsOf } from "./interpreter.js";
import { ThreadedTier, type TierOptions } from "./threaded/index.js";

export interface AccelerationOptions extends TranslationOptions {
  /** Of the first tier; `off` has the interpreter do all that is not translated. */
  readonly firstTier?: TierOptions | "off";
}

/** Makes a virtual CPU as `newInterpreter` does, that translates what is hot. */
export function newWasmVcpu(
  options: VcpuOptions,
  { firstTier = {}, ...translation }: AccelerationOptions = {},
): PortableVcpu {
  const { memory } = options;
  if (!isMachineMemory(memory)) {
    throw new Solo5Error("WRONG_MEMORY", "the x86-64 engine needs memory made by machineMemory");
  }
  const core = new Core(options);
  const newFirstTier =
    firstTier === "off" ? undefined : (hooks: TierHooks) => new ThreadedTier(core, memory, hooks, firstTier);
  return newTieredVcpu(core, partsOf(core), memory, options, { ...translation, newFirstTier });
}
