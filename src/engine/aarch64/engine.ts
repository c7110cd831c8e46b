// The engine of aarch64, all that hosts take of it: packages and pages have it once, in a file of its own.
import type { CompanionClient } from "../contract.js";
import { serveTranslation } from "../portable/translate/serve.js";
import { aarch64 } from "./isa.js";

export { machineMemory as newMemory } from "../portable/memory/machine-memory.js";
export { newWasmVcpu as newVcpu } from "./wasm-vcpu.js";
/** Where this module is, for threads that load it too. */
export const { url } = import.meta;

/** What a companion of this ISA runs. */
export const serve = (client: CompanionClient): ((message: unknown) => void) =>
  serveTranslation(aarch64, client);
