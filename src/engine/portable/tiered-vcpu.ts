// A virtual CPU whose core has tiers around it: translated code wherever that can run.
import type { VcpuOptions } from "../contract.js";
import type { MachineMemory } from "./memory/machine-memory.js";
import { accelerate, type Accelerator, type AcceleratorOptions } from "./tiers/accelerator.js";
import { CoreVcpu, type VcpuCore } from "./vcpu.js";

export class TieredVcpu extends CoreVcpu {
  readonly #accelerator: Accelerator;

  constructor(core: VcpuCore, memory: MachineMemory, options: VcpuOptions, given: AcceleratorOptions) {
    const accelerator = accelerate(core, memory, options, given);
    super(core, options, accelerator.run);
    this.#accelerator = accelerator;
  }

  exportCache(msecs: number): Uint8Array | undefined {
    return this.#accelerator.exportCache(msecs);
  }

  importCache(bytes: Uint8Array): void {
    this.#accelerator.importCache(bytes);
  }

  override [Symbol.dispose](): void {
    this.#accelerator.end();
    super[Symbol.dispose]();
  }
}
