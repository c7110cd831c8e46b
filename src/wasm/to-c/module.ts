// A module as C99 over guest/wasm/wasm.h: a header of declarations, and its functions in as many files as are wanted. The
// same module gives the same text.
import { Solo5Error } from "../../bytes/error.js";
import type { Instruction } from "../instructions.js";
import { readModule, type ParsedModule, type WasmSignature } from "../module-reader.js";
import { calleeName, type ModuleContext } from "./context.js";
import { functionSource } from "./function.js";
import { floatConstant } from "./constants.js";
import { dataSource } from "./data.js";
import { cType, names, parameterTypes, plainNaming, resultsName, returnType, type Naming } from "./names.js";

export interface CSource {
  /** To be named `wasm-module.h` beside the units. */
  readonly header: string;
  readonly units: readonly string[];
  /** Bytes of memory at the start. */
  readonly memoryBytes: number;
}

export interface CSourceOptions {
  /** What messages call the module. */
  readonly name: string;
  readonly naming?: Naming;
  /** Files that the functions are spread over. */
  readonly units?: number;
  /** By index, those that have a file of their own, the last: it may be compiled in another way. */
  readonly apart?: ReadonlySet<number>;
  /** Memory and globals are given their values by somebody else: no data, no start function. */
  readonly restored?: boolean;
}

/** Tables that may grow without a limit of their own end here: `table.grow` then gives -1, as it may. */
const tableElementsMost = 65_536;
const pagesMost = 65_536;

/** Throws Solo5Error `BAD_WASM`, `WASM_UNSUPPORTED`. */
export function wasmToC(bytes: Uint8Array, options: CSourceOptions): CSource {
  const { name, naming = plainNaming, units: unitCount = 1, restored = false, apart } = options;
  const module = readModule(bytes, name);
  const typeNumbers = new Map<string, number>();
  const context: ModuleContext = {
    module,
    naming,
    typeNumber({ params, results }) {
      const key = `${params.join()}>${results.join()}`;
      const number = typeNumbers.get(key) ?? typeNumbers.size;
      typeNumbers.set(key, number);
      return number;
    },
    tableCapacity: (table) => tableCapacity(module, table),
    mostPages: Math.min(module.memory?.max ?? pagesMost, pagesMost),
  };
  for (const type of module.types) context.typeNumber(type);

  const sources = (isApart: boolean): readonly string[] =>
    module.functions.flatMap((fn, index) =>
      fn.imported === undefined && (apart?.has(index) ?? false) === isApart
        ? [attempt(name, index, () => functionSource(index, fn, context))]
        : [],
    );
  const bodies = [...spread(sources(false), unitCount), ...(apart === undefined ? [] : [sources(true)])];
  const own = [
    ...definitions(context, restored),
    instantiation(context, restored),
    ...exportSources(context),
  ];
  const include = '#include "wasm-module.h"\n\n';
  return {
    header: header(context),
    units: bodies.map((texts, i) => include + [...(i === 0 ? own : []), ...texts].join("\n")),
    memoryBytes: (module.memory?.min ?? 0) * 65_536,
  };
}

function attempt(name: string, index: number, write: () => string): string {
  try {
    return write();
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new Solo5Error("WASM_UNSUPPORTED", `${name}: function ${index}: ${cause.message}`, { cause });
  }
}

/** Into `count` runs of about the same length. */
function spread(texts: readonly string[], count: number): readonly (readonly string[])[] {
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const runs: string[][] = Array.from({ length: count }, () => []);
  let written = 0;
  for (const text of texts) {
    runs[Math.min(count - 1, Math.floor((written * count) / Math.max(total, 1)))]?.push(text);
    written += text.length;
  }
  return runs;
}

function tableCapacity({ tables, functions }: ParsedModule, index: number): number {
  const table = tables[index];
  if (table === undefined) return 0;
  const grows = functions.some(({ code }) =>
    code.some(({ name, at }) => name === "table.grow" && at[0] === index),
  );
  if (!grows) return table.min;
  return Math.max(table.min, Math.min(table.max ?? tableElementsMost, tableElementsMost));
}

/** Functions that are values somewhere. */
function referenced({ elements, functions, globals }: ParsedModule): readonly number[] {
  const found = new Set<number>();
  const look = (code: readonly Instruction[]) => {
    for (const { name, at } of code) if (name === "ref.func") found.add(at[0] ?? 0);
  };
  for (const { items } of elements) items.forEach(look);
  for (const { code } of functions) look(code);
  for (const { init } of globals) look(init);
  return [...found].sort((a, b) => a - b);
}

function header(context: ModuleContext): string {
  const { module, naming } = context;
  const several = new Map<string, WasmSignature>();
  for (const type of [...module.types, ...module.functions.map(({ signature }) => signature)]) {
    if (type.results.length > 1) several.set(resultsName(type.results), type);
  }
  const lines = ['#include "wasm.h"', ""];
  for (const [name, { results }] of several) {
    lines.push(`struct ${name} { ${results.map((type, i) => `${cType(type)} v${i};`).join(" ")} };`);
  }
  const prototype = (name: string, signature: WasmSignature) =>
    `${returnType(signature)} ${name}(${parameterTypes(signature)});`;
  module.functions.forEach(({ signature }, index) =>
    lines.push(prototype(calleeName(context, index), signature)),
  );
  for (const index of referenced(module)) {
    lines.push(`extern const struct wasm_func ${names.reference(index)};`);
  }
  module.globals.forEach(({ type, imported }, index) => {
    const name = imported === undefined ? names.global(index) : naming.imported(imported);
    lines.push(`extern ${cType(type)} ${name};`);
  });
  module.tables.forEach((_, index) => {
    lines.push(`extern wasm_ref ${names.table(index)}[];`, `extern u32 ${names.tableSize(index)};`);
  });
  module.data.forEach((_, index) => {
    lines.push(`extern const u8 ${names.data(index)}[];`, `extern u32 ${names.dataSize(index)};`);
  });
  module.elements.forEach((_, index) => {
    lines.push(`extern wasm_ref ${names.elements(index)}[];`, `extern u32 ${names.elementsSize(index)};`);
  });
  for (const { name, kind, index } of module.exports) {
    const exported = naming.exported(name);
    const signature = module.functions[index]?.signature;
    if (kind !== "function" || exported === undefined || signature === undefined) continue;
    lines.push(prototype(exported, signature));
  }
  return `${lines.join("\n")}\n`;
}

function definitions(context: ModuleContext, restored: boolean): readonly string[] {
  const { module } = context;
  const lines: string[] = [];
  for (const index of referenced(module)) {
    const { signature } = module.functions[index] ?? { signature: { params: [], results: [] } };
    const type = context.typeNumber(signature);
    lines.push(
      `const struct wasm_func ${names.reference(index)} = { ${type}, (void (*)(void))${calleeName(context, index)} };`,
    );
  }
  module.globals.forEach(({ type, imported }, index) => {
    if (imported === undefined) lines.push(`${cType(type)} ${names.global(index)};`);
  });
  module.tables.forEach(({ min }, index) => {
    lines.push(
      `wasm_ref ${names.table(index)}[${Math.max(1, tableCapacity(module, index))}];`,
      `u32 ${names.tableSize(index)} = ${min}u;`,
    );
  });
  module.data.forEach(({ bytes, place }, index) => {
    const isEmpty = restored && place !== undefined;
    const kept = isEmpty ? new Uint8Array() : bytes;
    lines.push(dataSource(names.data(index), kept), `u32 ${names.dataSize(index)} = ${kept.length}u;`);
  });
  module.elements.forEach(({ items }, index) => {
    lines.push(
      `wasm_ref ${names.elements(index)}[${Math.max(1, items.length)}];`,
      `u32 ${names.elementsSize(index)} = ${items.length}u;`,
    );
  });
  return lines;
}

/** A constant expression: the one instruction before its `end`. */
function constant({ module, naming }: ModuleContext, init: readonly Instruction[]): string {
  const [instruction] = init;
  if (instruction === undefined) return "0";
  const { name, at, wide = 0n } = instruction;
  const [first = 0] = at;
  switch (name) {
    case "i32.const":
      return `${first >>> 0}u`;
    case "i64.const":
      return `${BigInt.asUintN(64, wide)}ul`;
    case "f32.const":
      return floatConstant("f32", BigInt(first)).c;
    case "f64.const":
      return floatConstant("f64", wide).c;
    case "ref.null":
      return "NULL";
    case "ref.func":
      return `(wasm_ref)&${names.reference(first)}`;
    case "global.get": {
      const imported = module.globals[first]?.imported;
      return imported === undefined ? names.global(first) : naming.imported(imported);
    }
    default:
      throw new Solo5Error("WASM_UNSUPPORTED", `${name} in a constant expression`);
  }
}

/** Core specification 4.5.4: globals, then tables, then memory, then the start function. */
function instantiation(context: ModuleContext, restored: boolean): string {
  const { module } = context;
  const lines: string[] = [];
  module.globals.forEach(({ imported, init }, index) => {
    if (imported === undefined) lines.push(`${names.global(index)} = ${constant(context, init)};`);
  });
  module.elements.forEach(({ items, place, declarative }, index) => {
    items.forEach((item, i) => lines.push(`${names.elements(index)}[${i}] = ${constant(context, item)};`));
    if (place !== undefined) {
      const table = `${names.table(place.index)}, ${names.tableSize(place.index)}`;
      const source = `${names.elements(index)}, ${names.elementsSize(index)}`;
      lines.push(
        `wasm_table_copy(${table}, ${constant(context, place.offset)}, ${source}, 0, ${items.length});`,
      );
    }
    if (place !== undefined || declarative) lines.push(`${names.elementsSize(index)} = 0;`);
  });
  if (!restored) {
    module.data.forEach(({ place, bytes }, index) => {
      if (place === undefined) return;
      const source = `${names.data(index)}, ${names.dataSize(index)}`;
      lines.push(
        `wasm_memory_init(${constant(context, place.offset)}, 0, ${bytes.length}, ${source});`,
        `${names.dataSize(index)} = 0;`,
      );
    });
    if (module.start !== undefined) lines.push(`${calleeName(context, module.start)}();`);
  }
  return `void wasm_instantiate(void)\n{\n${lines.join("\n")}\n}\n`;
}

function exportSources(context: ModuleContext): readonly string[] {
  const { module, naming } = context;
  return module.exports.flatMap(({ name, kind, index }) => {
    const exported = naming.exported(name);
    const signature = module.functions[index]?.signature;
    if (kind !== "function" || exported === undefined || signature === undefined) return [];
    const params = signature.params.map((type, i) => `${cType(type)} l${i}`).join(", ");
    const args = signature.params.map((_, i) => `l${i}`).join(", ");
    const result = signature.results.length === 0 ? "" : "return ";
    const head = `${returnType(signature)} ${exported}(${params === "" ? "void" : params})`;
    return [`${head}\n{\n${result}${calleeName(context, index)}(${args});\n}\n`];
  });
}
