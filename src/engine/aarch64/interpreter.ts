// A virtual CPU that interprets: slow and complete; the wasm engine's other half.
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import { type CoreParts, newVcpu } from "../portable/vcpu.js";
import { Core } from "./core.js";
import { registersOf } from "./registers.js";
import { stateOfCore } from "./save.js";
import { faultOf } from "./fault.js";

export const partsOf = (core: Core): CoreParts => ({
  registers: registersOf(core.cpu),
  stateful: stateOfCore(core),
  takeFault(thrown) {
    core.next = core.pc;
    return faultOf(thrown, core.pc);
  },
});

/** Makes a virtual CPU with everything 0; memory must come from `machineMemory`. */
export function newInterpreter(options: VcpuOptions): PortableVcpu {
  const core = new Core(options);
  return newVcpu(core, partsOf(core), options);
}
