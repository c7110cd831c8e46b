// The wasm engine's virtual CPU: the interpreter, and translated code wherever that can run.
import { Solo5Error } from "../../bytes/error.js";
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import { accelerate, type Accelerator } from "../portable/tiers/accelerator.js";
import type { TierHooks } from "../portable/tiers/first-tier.js";
import type { TranslationOptions } from "../portable/tiers/translations.js";
import { newInterpreter } from "./interpreter.js";
import { ThreadedTier, type TierOptions } from "./threaded/index.js";
import { isMachineMemory } from "../portable/memory/machine-memory.js";

export interface AcceleratorOptions extends TranslationOptions {
  /** Of the first tier; `off` has the interpreter do all that is not translated. */
  readonly firstTier?: TierOptions | "off";
}

/** Makes a virtual CPU as `newInterpreter` does, that translates what is hot. */
export function newWasmVcpu(
  options: VcpuOptions,
  { firstTier = {}, ...acceleration }: AcceleratorOptions = {},
): PortableVcpu {
  const { memory } = options;
  if (!isMachineMemory(memory)) {
    throw new Solo5Error("WRONG_MEMORY", "the x86-64 engine needs memory made by machineMemory");
  }
  let accelerator: Accelerator | undefined;
  const vcpu = newInterpreter(options, (core) => {
    const newFirstTier =
      firstTier === "off"
        ? undefined
        : (hooks: TierHooks) => new ThreadedTier(core, memory, hooks, firstTier);
    accelerator = accelerate(core, memory, options, { ...acceleration, newFirstTier });
    return accelerator.run;
  });
  // Not a copy: some of its properties are computed.
  const end = vcpu[Symbol.dispose].bind(vcpu);
  return Object.assign(vcpu, {
    [Symbol.dispose]() {
      accelerator?.end();
      end();
    },
    exportCache: (msecs: number) => accelerator?.exportCache(msecs),
    importCache: (bytes: Uint8Array) => accelerator?.importCache(bytes),
  });
}
