// The wasm engine's virtual CPU: the interpreter, the first tier, and translated code wherever that can run.
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import { asMachineMemory } from "../portable/memory/machine-memory.js";
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
  const memory = asMachineMemory(options.memory);
  const core = new Core(options);
  const newFirstTier =
    firstTier === "off" ? undefined : (hooks: TierHooks) => new ThreadedTier(core, memory, hooks, firstTier);
  return newTieredVcpu(core, partsOf(core), memory, options, { ...translation, newFirstTier });
}
