// A virtual CPU that interprets: slow and complete; the wasm engine's other half.
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import { type CoreParts, newVcpu } from "../portable/vcpu.js";
import { Core } from "./core.js";
import { registersOf } from "./registers.js";
import { stateOfCore } from "./save.js";
import { takeFault } from "./take-fault.js";

export const partsOf = (core: Core): CoreParts => ({
  registers: registersOf(core),
  stateful: stateOfCore(core),
  takeFault: (thrown) => takeFault(core, thrown),
});

/**
 * Makes a virtual CPU with everything 0 but what hardware fixes; memory must come from `machineMemory`. `accelerate` gives
 * what runs the core about so many instructions in another way than its own.
 */
export function newInterpreter(
  options: VcpuOptions,
  accelerate?: (core: Core) => (limit: number) => void,
): PortableVcpu {
  const core = new Core(options);
  return newVcpu(core, partsOf(core), options, accelerate?.(core));
}
