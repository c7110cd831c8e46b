// Encodes a module from its parts. WebAssembly core specification 5.5.
import { ByteReader } from "./reader.js";
import { ByteWriter } from "./writer.js";
import { type, type ValueType } from "./opcodes.js";

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** What a module takes from outside. Limits in pages of 64 KiB (memory) and in elements (table). */
export type Import = { readonly module: string; readonly name: string } & (
  | { readonly kind: "function"; readonly type: number }
  | { readonly kind: "table"; readonly min: number }
  | { readonly kind: "memory"; readonly min: number; readonly max?: number; readonly shared?: boolean }
);

/** A call in a function's code: where its callee's index stands, in five bytes, and the address by which the callee is known. */
export interface CallSite {
  readonly at: number;
  readonly to: number;
}

/** A function: its type's index, the types of its locals behind the parameters, and its code without the final `end`. */
export interface FunctionBody {
  readonly type: number;
  readonly locals: readonly ValueType[];
  readonly code: Uint8Array;
  /** What stack traces and profiles call it. */
  readonly name?: string;
  /** Calls whose callees have other indices in other modules. */
  readonly calls?: readonly CallSite[];
}

/** A function as the code section has it: locals, code and `end`; calls are counted from its start. */
export interface EncodedFunction {
  readonly type: number;
  readonly body: Uint8Array;
  readonly name?: string;
  readonly calls: readonly CallSite[];
}

interface ModuleParts {
  readonly types: readonly FunctionType[];
  readonly imports: readonly Import[];
  readonly functions: readonly (FunctionBody | EncodedFunction)[];
  /** Name and function index, imports counted first. */
  readonly exports: readonly { readonly name: string; readonly index: number }[];
  /** Functions put into table 0 when the module is instantiated: where, and which function. */
  readonly elements?: readonly { readonly at: number; readonly index: number }[];
}

const funcref = 0x70;
const endOfCode = 0x0b;
const section = { custom: 0, type: 1, import: 2, function: 3, export: 7, element: 9, code: 10 } as const;

export function encodeModule(parts: ModuleParts): Uint8Array {
  const out = new ByteWriter(1024);
  out.append(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const body = new ByteWriter(1024);
  const put = (id: number, write: () => void) => {
    body.reset();
    write();
    out.byte(id);
    out.u32(body.length);
    out.append(body.view());
  };
  const valueTypes = (types: readonly ValueType[]) => body.vector(types, (item) => body.byte(type[item]));

  put(section.type, () =>
    body.vector(parts.types, ({ params, results }) => {
      body.byte(0x60);
      valueTypes(params);
      valueTypes(results);
    }),
  );
  put(section.import, () => body.vector(parts.imports, (item) => writeImport(body, item)));
  put(section.function, () => body.vector(parts.functions, (item) => body.u32(item.type)));
  put(section.export, () =>
    body.vector(parts.exports, ({ name, index }) => {
      body.name(name);
      body.byte(0);
      body.u32(index);
    }),
  );
  const elements = parts.elements ?? [];
  if (elements.length > 0) {
    put(section.element, () =>
      body.vector(elements, ({ at, index }) => {
        body.byte(0);
        body.byte(0x41);
        body.s32(at);
        body.byte(endOfCode);
        body.u32(1);
        body.u32(index);
      }),
    );
  }
  put(section.code, () =>
    body.vector(parts.functions, (item) => {
      const code = ("body" in item ? item : encodeFunction(item)).body;
      body.u32(code.length);
      body.append(code);
    }),
  );
  const imported = parts.imports.filter(({ kind }) => kind === "function").length;
  put(section.custom, () => writeNames(body, parts.functions, imported));
  return out.take();
}

export function encodeFunction({
  type: index,
  locals,
  code,
  name,
  calls = [],
}: FunctionBody): EncodedFunction {
  const head = new ByteWriter(16);
  head.vector(runs(locals), ([count, valueType]) => {
    head.u32(count);
    head.byte(type[valueType]);
  });
  const start = head.length;
  const body = new Uint8Array(start + code.length + 1);
  body.set(head.view());
  body.set(code, start);
  body[body.length - 1] = endOfCode;
  return {
    type: index,
    body,
    calls: calls.map(({ at, to }) => ({ at: start + at, to })),
    ...(name === undefined ? {} : { name }),
  };
}

/** The code section's functions of a module that `encodeModule` made. Throws RangeError where there is none. */
export function functionBodies(module: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(module, 8);
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const size = reader.u32();
    if (id === section.code) {
      return Array.from({ length: reader.u32() }, () => reader.take(reader.u32()));
    }
    reader.take(size);
  }
  throw new RangeError("a module without code");
}

/** The custom section "name" with the functions' names. WebAssembly core specification, appendix 7.4.1. */
function writeNames(
  body: ByteWriter,
  functions: readonly { readonly name?: string }[],
  imported: number,
): void {
  const names = new ByteWriter(256);
  const named = functions.flatMap(({ name }, index) => (name === undefined ? [] : [{ index, name }]));
  names.vector(named, ({ index, name }) => {
    names.u32(imported + index);
    names.name(name);
  });
  body.name("name");
  body.byte(1);
  body.u32(names.length);
  body.append(names.view());
}

function writeImport(body: ByteWriter, item: Import): void {
  body.name(item.module);
  body.name(item.name);
  switch (item.kind) {
    case "function":
      body.byte(0);
      body.u32(item.type);
      break;
    case "table":
      body.byte(1);
      body.byte(funcref);
      body.byte(0);
      body.u32(item.min);
      break;
    case "memory":
      body.byte(2);
      body.byte((item.max === undefined ? 0 : 1) | (item.shared === true ? 2 : 0));
      body.u32(item.min);
      if (item.max !== undefined) body.u32(item.max);
      break;
    default:
      item satisfies never;
  }
}

/** Locals are declared in runs of one type. */
function runs(locals: readonly ValueType[]): [number, ValueType][] {
  const out: [number, ValueType][] = [];
  for (const local of locals) {
    const last = out.at(-1);
    if (last?.[1] === local) last[0]++;
    else out.push([1, local]);
  }
  return out;
}
