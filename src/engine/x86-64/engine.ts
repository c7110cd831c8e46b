// The engine of x86-64, all that hosts take of it: packages and pages have it once, in a file of its own.
export { machineMemory as newMemory } from "../portable/memory/machine-memory.js";
export { newWasmVcpu as newVcpu } from "./wasm-vcpu.js";
/** Where this module is, for threads that load it too. */
export const { url } = import.meta;
export { serveTranslation as serve } from "../portable/translate/serve.js";
