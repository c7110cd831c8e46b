// How what a module has is called in C. Indices count what is imported first, as in the module.
import type { WasmSignature, ImportName } from "../module-reader.js";
import type { WasmType } from "../instructions.js";

/** What belongs to the module itself; the embedder names imports and exports. */
export const names = {
  function: (index: number): string => `wasm_f${index}`,
  reference: (index: number): string => `wasm_r${index}`,
  global: (index: number): string => `wasm_g${index}`,
  table: (index: number): string => `wasm_t${index}`,
  tableSize: (index: number): string => `wasm_t${index}_size`,
  data: (index: number): string => `wasm_data${index}`,
  dataSize: (index: number): string => `wasm_data${index}_size`,
  elements: (index: number): string => `wasm_elements${index}`,
  elementsSize: (index: number): string => `wasm_elements${index}_size`,
} as const;

const cTypes: Readonly<Record<WasmType, string>> = {
  i32: "u32",
  i64: "u64",
  f32: "f32",
  f64: "f64",
  funcref: "wasm_ref",
  externref: "wasm_ref",
};
export const cType = (type: WasmType): string => cTypes[type];

const letters: Readonly<Record<WasmType, string>> = {
  i32: "i",
  i64: "j",
  f32: "f",
  f64: "d",
  funcref: "r",
  externref: "r",
};
/** Of a value that lies on the stack at that height. */
export const slotName = (type: WasmType, height: number): string => `${letters[type]}${height}`;

/** A struct for several results. */
export const resultsName = (results: readonly WasmType[]): string =>
  `wasm_results_${results.map((type) => letters[type]).join("")}`;

export const returnType = ({ results }: WasmSignature): string => {
  const [only] = results;
  if (only === undefined) return "void";
  return results.length === 1 ? cType(only) : `struct ${resultsName(results)}`;
};

export const parameterTypes = ({ params }: WasmSignature): string =>
  params.length === 0 ? "void" : params.map(cType).join(", ");

/** Any text as part of a C name, other texts as others: letters, digits and `_` but for Z as they are, others by their number between two Z. */
export const mangle = (text: string): string =>
  text.replaceAll(/[^A-Ya-z0-9_]/gu, (char) =>
    char === "Z" ? "ZZ" : `Z${char.codePointAt(0)?.toString(16)}Z`,
  );

export interface Naming {
  /** C names of what is imported, which the embedder defines. */
  imported(name: ImportName): string;
  /** C names of exported functions; undefined for one that nobody calls. */
  exported(name: string): string | undefined;
}

export const plainNaming: Naming = {
  imported: ({ module, name }) => `wasm_import_${mangle(module)}_${mangle(name)}`,
  exported: (name) => `wasm_export_${mangle(name)}`,
};
