// Changes a module that others made: imports and exports get other names, and functions, exports and table elements are added
// behind those that it has, so that no index changes. WebAssembly core specification 5.5.
import { op, type } from "./opcodes.js";
import { ByteReader } from "./reader.js";
import type { FunctionType } from "./module.js";
import { ByteWriter } from "./writer.js";

export interface Edit {
  /** Another module and name for an import. */
  importName(module: string, name: string): readonly [module: string, name: string];
  /** Another name for an export; undefined where it goes. */
  exportName(name: string): string | undefined;
  /** Globals to be exported besides. */
  readonly globals: readonly { readonly name: string; readonly index: number }[];
  /** Each becomes an element of table 0, behind those that it has. */
  readonly functions: readonly AddedFunction[];
}

export interface AddedFunction extends FunctionType {
  /** As the code section has it: locals, code, `end`. */
  readonly body: Uint8Array;
  readonly exported?: string;
}

export interface Edited {
  readonly bytes: Uint8Array;
  /** Where in table 0 the first of the added functions stands. */
  readonly firstElement: number;
}

const ids = { type: 1, import: 2, function: 3, table: 4, export: 7, start: 8, element: 9, code: 10 } as const;

/** For modules with a table that no import gives and an active element segment, as compilers make them; else throws RangeError. */
export function editModule(module: Uint8Array, edit: Edit): Edited {
  const sections: { id: number; content: Uint8Array }[] = [];
  const reader = new ByteReader(module, 8);
  while (!reader.isAtEnd) sections.push({ id: reader.byte(), content: reader.take(reader.u32()) });
  const content = (id: number): Uint8Array => {
    const found = sections.find((section) => section.id === id)?.content;
    if (found === undefined) throw new RangeError(`a module without section ${id}`);
    return found;
  };
  const countOf = (id: number): number => new ByteReader(content(id)).u32();
  const firstType = countOf(ids.type);
  const functionsBefore = importedFunctions(content(ids.import)) + countOf(ids.function);
  const table = new ByteReader(content(ids.table));
  table.u32();
  table.byte();
  const hasMost = table.byte() === 1;
  const firstElement = table.u32();

  /** A vector with more behind it. */
  const longer = (id: number, count: number, write: (out: ByteWriter) => void): Uint8Array => {
    const old = new ByteReader(content(id));
    const out = new ByteWriter(content(id).length + 256);
    out.u32(old.u32() + count);
    out.append(content(id).subarray(old.position));
    write(out);
    return out.take();
  };
  const { functions } = edit;
  const changed: Readonly<Record<number, () => Uint8Array>> = {
    [ids.type]: () =>
      longer(ids.type, functions.length, (out) => {
        for (const { params, results } of functions) {
          out.byte(0x60);
          out.vector(params, (name) => out.byte(type[name]));
          out.vector(results, (name) => out.byte(type[name]));
        }
      }),
    [ids.import]: () => renameImports(content(ids.import), edit),
    [ids.function]: () =>
      longer(ids.function, functions.length, (out) => functions.forEach((_, i) => out.u32(firstType + i))),
    [ids.table]: () => {
      const out = new ByteWriter(16);
      out.append(Uint8Array.of(1, 0x70, hasMost ? 1 : 0));
      out.u32(firstElement + functions.length);
      if (hasMost) out.u32(Math.max(table.u32(), firstElement + functions.length));
      return out.take();
    },
    [ids.export]: () => renameExports(content(ids.export), edit, functionsBefore),
    [ids.element]: () =>
      longer(ids.element, functions.length === 0 ? 0 : 1, (out) => {
        if (functions.length === 0) return;
        out.byte(0);
        out.byte(op["i32.const"]);
        out.s32(firstElement);
        out.byte(op.end);
        out.vector([...functions.keys()], (i) => out.u32(functionsBefore + i));
      }),
    [ids.code]: () =>
      longer(ids.code, functions.length, (out) => {
        for (const { body } of functions) {
          out.u32(body.length);
          out.append(body);
        }
      }),
  };
  const out = new ByteWriter(module.length + 4096);
  out.append(module.subarray(0, 8));
  for (const section of sections) {
    const written = changed[section.id]?.() ?? section.content;
    out.byte(section.id);
    out.u32(written.length);
    out.append(written);
  }
  return { bytes: out.take(), firstElement };
}

function importedFunctions(content: Uint8Array): number {
  let count = 0;
  eachImport(content, (_module, _name, description) => {
    if (description[0] === 0) count++;
  });
  return count;
}

function eachImport(
  content: Uint8Array,
  visit: (module: string, name: string, description: Uint8Array) => void,
): void {
  const reader = new ByteReader(content);
  reader.vector(() => {
    const names = [reader.name(), reader.name()] as const;
    const start = reader.position;
    const kind = reader.byte();
    // A function's type; a table's or a global's; limits.
    if (kind === 1 || kind === 3) reader.byte();
    if (kind === 0) reader.u32();
    else if (kind === 3) reader.byte();
    else if ((reader.byte() & 1) === 1) {
      reader.u32();
      reader.u32();
    } else reader.u32();
    visit(...names, content.subarray(start, reader.position));
  });
}

function renameImports(content: Uint8Array, { importName }: Edit): Uint8Array {
  const out = new ByteWriter(content.length + 1024);
  out.u32(new ByteReader(content).u32());
  eachImport(content, (module, name, description) => {
    for (const part of importName(module, name)) out.name(part);
    out.append(description);
  });
  return out.take();
}

function renameExports(
  content: Uint8Array,
  { exportName, globals, functions }: Edit,
  firstFunction: number,
): Uint8Array {
  const reader = new ByteReader(content);
  const kept = reader
    .vector(() => ({ name: reader.name(), kind: reader.byte(), index: reader.u32() }))
    .flatMap(({ name, ...rest }) => {
      const renamed = exportName(name);
      return renamed === undefined ? [] : [{ name: renamed, ...rest }];
    });
  const out = new ByteWriter(content.length + 1024);
  const added = functions.flatMap(({ exported }, i) =>
    exported === undefined ? [] : [{ name: exported, kind: 0, index: firstFunction + i }],
  );
  const all = [...kept, ...globals.map((global) => ({ ...global, kind: 3 })), ...added];
  out.vector(all, ({ name, kind, index }) => {
    out.name(name);
    out.byte(kind);
    out.u32(index);
  });
  return out.take();
}
