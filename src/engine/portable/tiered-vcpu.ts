// A virtual CPU whose core has tiers around it: translated code wherever that can run.
import type { PortableVcpu, VcpuOptions } from "../contract.js";
import type { MachineMemory } from "./memory/machine-memory.js";
import { accelerate, type AcceleratorOptions } from "./tiers/accelerator.js";
import { type CoreParts, newVcpu, type VcpuCore } from "./vcpu.js";

export function newTieredVcpu(
  core: VcpuCore,
  parts: CoreParts,
  memory: MachineMemory,
  options: VcpuOptions,
  given: AcceleratorOptions,
): PortableVcpu {
  const accelerator = accelerate(core, memory, options, given);
  const vcpu = newVcpu(core, parts, options, accelerator.run);
  const end = vcpu[Symbol.dispose].bind(vcpu);
  // Not a copy: some of its properties are computed.
  return Object.assign(vcpu, {
    [Symbol.dispose]() {
      accelerator.end();
      end();
    },
    exportCache: (msecs: number) => accelerator.exportCache(msecs),
    importCache: (bytes: Uint8Array) => accelerator.importCache(bytes),
  });
}
