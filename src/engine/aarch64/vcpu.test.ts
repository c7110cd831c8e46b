// The shared cases, interpreted and translated.
import { type PortableVcpu, protectionsOf, type VcpuOptions } from "../contract.js";
import { machineMemory } from "../portable/memory/machine-memory.js";
import { vcpuCases } from "../vcpu.cases.js";
import { newInterpreter } from "./interpreter.js";
import { programs } from "./programs.cases.js";
import { newWasmVcpu } from "./wasm-vcpu.js";

const tiers: Readonly<Record<string, (options: VcpuOptions) => PortableVcpu>> = {
  "aarch64's interpreter": newInterpreter,
  "aarch64's translator": (options) => newWasmVcpu(options, { threshold: 1 }),
};

for (const [name, tier] of Object.entries(tiers)) {
  vcpuCases<Omit<PortableVcpu, "interrupt">>({
    name,
    programs,
    newVcpu: ({ map, profile }) =>
      tier({ memory: machineMemory(map.size), exceptions: "exit", ...protectionsOf(map), profile }),
    without: { interruptible: "a process takes no interrupts" },
  });
}
