// Reads a module as others made it: WebAssembly core specification 2.0, 5.5. Whether it is valid is asked of the host's
// own WebAssembly first, so that what is read here needs no second check.
import { Solo5Error } from "../bytes/error.js";
import { webAssembly } from "./host.js";
import { readExpression, readType, type Instruction, type WasmType } from "./instructions.js";
import { ByteReader } from "./reader.js";

export interface WasmSignature {
  readonly params: readonly WasmType[];
  readonly results: readonly WasmType[];
}

export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}

export interface WasmGlobal {
  readonly type: WasmType;
  readonly mutable: boolean;
  readonly imported: ImportName | undefined;
  readonly init: readonly Instruction[];
}

export interface ImportName {
  readonly module: string;
  readonly name: string;
}

export interface WasmFunction {
  readonly signature: WasmSignature;
  readonly imported: ImportName | undefined;
  /** Behind the parameters. */
  readonly locals: readonly WasmType[];
  readonly code: readonly Instruction[];
}

export interface WasmTableType extends Limits {
  readonly type: WasmType;
  readonly imported: ImportName | undefined;
}

export type ExternKind = "function" | "table" | "memory" | "global";

/** Where an active segment goes. */
interface Place {
  readonly index: number;
  readonly offset: readonly Instruction[];
}

export interface ElementSegment {
  readonly place: Place | undefined;
  /** Only known by `ref.func`: nothing is to be done with it. */
  readonly declarative: boolean;
  readonly items: readonly (readonly Instruction[])[];
}

export interface DataSegment {
  readonly place: Place | undefined;
  readonly bytes: Uint8Array;
}

export interface ParsedModule {
  readonly types: readonly WasmSignature[];
  readonly functions: readonly WasmFunction[];
  readonly tables: readonly WasmTableType[];
  readonly memory: (Limits & { readonly imported: ImportName | undefined }) | undefined;
  readonly globals: readonly WasmGlobal[];
  readonly exports: readonly { readonly name: string; readonly kind: ExternKind; readonly index: number }[];
  readonly start: number | undefined;
  readonly elements: readonly ElementSegment[];
  readonly data: readonly DataSegment[];
}

const kinds: readonly ExternKind[] = ["function", "table", "memory", "global"];

/** Throws Solo5Error `BAD_WASM`, `WASM_UNSUPPORTED`; `name` is what messages call it. */
export function readModule(bytes: Uint8Array, name: string): ParsedModule {
  try {
    void new webAssembly.Module(bytes);
  } catch (cause) {
    const said = (cause as Error).message.replace(/^WebAssembly\.Module\(\): /, "");
    throw new Solo5Error("BAD_WASM", `${name}: not a WebAssembly module: ${said}`, { cause });
  }
  try {
    return readSections(bytes);
  } catch (error) {
    if (!(error instanceof Solo5Error)) throw error;
    throw new Solo5Error(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

function readSections(bytes: Uint8Array): ParsedModule {
  const types: WasmSignature[] = [];
  const functions: WasmFunction[] = [];
  const tables: WasmTableType[] = [];
  const globals: WasmGlobal[] = [];
  const exports: { name: string; kind: ExternKind; index: number }[] = [];
  let memory: ParsedModule["memory"];
  let start: number | undefined;
  let elements: readonly ElementSegment[] = [];
  let data: readonly DataSegment[] = [];
  let declared: readonly number[] = [];
  const signature = (index: number): WasmSignature => types[index] ?? { params: [], results: [] };

  const sections = new ByteReader(bytes, 8);
  while (!sections.isAtEnd) {
    const id = sections.byte();
    const reader = new ByteReader(sections.take(sections.u32()));
    const typeVector = () => reader.vector(() => readType(reader));
    const table = (imported: ImportName | undefined) =>
      tables.push({ type: readType(reader), ...readLimits(reader), imported });
    const global = (imported: ImportName | undefined) =>
      globals.push({
        type: readType(reader),
        mutable: reader.byte() === 1,
        imported,
        init: imported === undefined ? readExpression(reader) : [],
      });
    switch (id) {
      case 1:
        reader.vector(() => {
          if (reader.byte() !== 0x60) throw new Solo5Error("WASM_UNSUPPORTED", "types of garbage collection");
          types.push({ params: typeVector(), results: typeVector() });
        });
        break;
      case 2:
        reader.vector(() => {
          const imported = { module: reader.name(), name: reader.name() };
          const kind = kinds[reader.byte()];
          if (kind === "function") {
            functions.push({ signature: signature(reader.u32()), imported, locals: [], code: [] });
          } else if (kind === "table") table(imported);
          else if (kind === "memory") memory = { ...readLimits(reader), imported };
          else if (kind === "global") global(imported);
          else throw new Solo5Error("WASM_UNSUPPORTED", `import ${imported.name} of an unknown kind`);
        });
        break;
      case 3:
        declared = reader.vector(() => reader.u32());
        break;
      case 4:
        reader.vector(() => table(undefined));
        break;
      case 5:
        reader.vector(() => (memory = { ...readLimits(reader), imported: undefined }));
        break;
      case 6:
        reader.vector(() => global(undefined));
        break;
      case 7:
        reader.vector(() =>
          exports.push({
            name: reader.name(),
            kind: kinds[reader.byte()] ?? "function",
            index: reader.u32(),
          }),
        );
        break;
      case 8:
        start = reader.u32();
        break;
      case 9:
        elements = reader.vector(() => readElements(reader));
        break;
      case 10:
        for (const [i, body] of reader.vector(() => reader.take(reader.u32())).entries()) {
          functions.push({ ...readBody(body), signature: signature(declared[i] ?? 0), imported: undefined });
        }
        break;
      case 11:
        data = reader.vector(() => readData(reader));
        break;
      default:
      // Custom sections, and the count of data segments.
    }
  }
  return { types, functions, tables, memory, globals, exports, start, elements, data };
}

function readLimits(reader: ByteReader): Limits {
  const flags = reader.byte();
  if (flags > 1) throw new Solo5Error("WASM_UNSUPPORTED", "a memory that is shared, or of 64 bits");
  return { min: reader.u32(), max: flags === 1 ? reader.u32() : undefined };
}

function readBody(body: Uint8Array): Pick<WasmFunction, "locals" | "code"> {
  const reader = new ByteReader(body);
  const locals = reader.vector(() => {
    const count = reader.u32();
    const type = readType(reader);
    return Array.from({ length: count }, () => type);
  });
  return { locals: locals.flat(), code: readExpression(reader) };
}

/** Eight forms: passive or declarative (bit 0), with an index or declarative (bit 1), of expressions (bit 2). */
function readElements(reader: ByteReader): ElementSegment {
  const flags = reader.u32();
  const isActive = (flags & 1) === 0;
  const index = isActive && (flags & 2) !== 0 ? reader.u32() : 0;
  const place = isActive ? { index, offset: readExpression(reader) } : undefined;
  const areExpressions = (flags & 4) !== 0;
  // The kind of elements, or their type.
  if ((flags & 3) !== 0) reader.byte();
  const items = reader.vector((): Instruction[] =>
    areExpressions ? readExpression(reader) : [{ name: "ref.func", at: [reader.u32()] }],
  );
  return { place, declarative: (flags & 3) === 3, items };
}

function readData(reader: ByteReader): DataSegment {
  const flags = reader.u32();
  const index = flags === 2 ? reader.u32() : 0;
  const place = flags === 1 ? undefined : { index, offset: readExpression(reader) };
  return { place, bytes: reader.take(reader.u32()) };
}
