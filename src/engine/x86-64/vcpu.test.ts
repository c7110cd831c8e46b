// The shared cases on every tier of the engine.
import { protectionsOf, type PortableVcpu, type VcpuOptions } from "../contract.js";
import { vcpuCases, type CaseOptions } from "../vcpu.cases.js";
import { newInterpreter } from "./interpreter.js";
import { programs } from "./programs.cases.js";
import { machineMemory } from "../portable/memory/machine-memory.js";
import { newWasmVcpu } from "./wasm-vcpu.js";

const tiers: Readonly<Record<string, (options: VcpuOptions) => PortableVcpu>> = {
  interpreter: newInterpreter,
  "first tier": (options) =>
    newWasmVcpu(options, {
      threshold: Number.POSITIVE_INFINITY,
      firstTier: { warmUp: 0, patience: 20 },
    }),
  translator: (options) => newWasmVcpu(options, { threshold: 1 }),
};

for (const [name, tier] of Object.entries(tiers)) {
  vcpuCases({
    name,
    programs,
    newVcpu: ({ map, profile }: CaseOptions) =>
      tier({ memory: machineMemory(map.size), exceptions: "guest", ...protectionsOf(map), profile }),
    without: {},
  });
}
