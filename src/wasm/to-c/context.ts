// What is known of the whole module while its functions are written.
import type { ParsedModule, WasmSignature } from "../module-reader.js";
import { names, type Naming } from "./names.js";

export interface ModuleContext {
  readonly module: ParsedModule;
  readonly naming: Naming;
  /** Equal types have one number. */
  typeNumber(signature: WasmSignature): number;
  tableCapacity(table: number): number;
  readonly mostPages: number;
}

/** The C name that calls of a function go to. */
export function calleeName({ module, naming }: ModuleContext, index: number): string {
  const imported = module.functions[index]?.imported;
  return imported === undefined ? names.function(index) : naming.imported(imported);
}

/** The C name of a global. */
export function globalName({ module, naming }: ModuleContext, index: number): string {
  const imported = module.globals[index]?.imported;
  return imported === undefined ? names.global(index) : naming.imported(imported);
}
