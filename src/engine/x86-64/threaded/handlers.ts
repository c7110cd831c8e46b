// Makes the handlers of forms as they are met: several in one module, since each module costs time and memory.
import {
  type EncodedFunction,
  encodeFunction,
  encodeModule,
  functionBodies,
  type Import,
} from "../../../wasm/module.js";
import { webAssembly, type WasmMemory, type WasmModule, type WasmTable } from "../../../wasm/host.js";
import type { Form } from "./forms.js";
import type { Built } from "./handler-builder.js";
import { type Dispatch, handlerCode, moduleTypes, slowHandler, types } from "./handler-code.js";
import { imports } from "./statements.js";
import { baseModule, fixedHandlers } from "./status.js";

const TABLE_STEP = 1024;

/** Imports of every module, behind the door, by index. */
const flagFunctions = ["status", "condition", "carry", "zero"] as const;

/** Calls JavaScript with a record and the fuel; gives the record that is next, or 0 to leave. */
type Door = (record: number, fuel: number) => number;

/** Thrown where the host compiles no module of this size at once: some browsers on a page's main thread. */
export class HandlersRefused extends Error {}

function compiled(bytes: Uint8Array): WasmModule {
  try {
    return new webAssembly.Module(bytes);
  } catch (cause) {
    if (cause instanceof RangeError) throw new HandlersRefused(cause.message, { cause });
    throw cause;
  }
}

/** Handlers as a later run can take them: the module that all build on, and one with all of them, as bytes. */
export interface StoredHandlers {
  readonly base: Uint8Array;
  readonly module: Uint8Array;
  readonly count: number;
}

export class Handlers {
  /** Runs from a record on, with fuel. */
  readonly run: (record: number, fuel: number) => number;
  /** Modules made, and their size in bytes. */
  readonly statistics = { modules: 0, wasmBytes: 0 };
  readonly #memory: WasmMemory;
  readonly #memoryImport: Import;
  readonly #dispatch: Dispatch;
  readonly #table: WasmTable;
  readonly #functions: Readonly<Record<string, unknown>>;
  #next: number = fixedHandlers.count;
  readonly #base: Uint8Array;
  /** What an earlier run has left, and what has been made since. */
  #restored: Uint8Array | undefined;
  readonly #made: EncodedFunction[] = [];

  /** Throws what the host throws where `stored` has no modules of ours. */
  constructor(memory: WasmMemory, dispatch: Dispatch, door: Door, stored?: StoredHandlers) {
    this.#memory = memory;
    const pages = memory.buffer.byteLength / 65536;
    this.#memoryImport = { module: "solo5", name: "memory", kind: "memory", min: pages, max: pages };
    this.#dispatch = dispatch;
    this.#table = new webAssembly.Table({ initial: TABLE_STEP, element: "anyfunc" });
    this.#base = stored?.base ?? baseModule(dispatch, this.#memoryImport, this.#tableImport());
    const { exports } = new webAssembly.Instance(compiled(this.#base), {
      solo5: { memory, table: this.#table, door },
    });
    this.run = exports["run"] as Handlers["run"];
    this.#functions = { ...exports, door };
    if (stored === undefined) return;
    this.#restored = stored.module;
    this.#next += stored.count;
    this.#instantiate(stored.module);
  }

  /** How many there are. */
  get count(): number {
    return this.#next;
  }

  #tableImport(): Import {
    return { module: "solo5", name: "table", kind: "table", min: this.#table.length };
  }

  /** Gives handlers to forms that have none. */
  make(wanted: readonly Form[], take: (form: Form) => Built): void {
    const first = this.#next;
    this.#next += wanted.length;
    const functions = wanted.map((form) => {
      const name = form.parts.map(({ row }) => row.mnemonic).join(" ");
      return encodeFunction(handlerCode(take(form), this.#dispatch, imports.count, name));
    });
    const bytes = this.#module(functions, first);
    this.#instantiate(bytes);
    this.#made.push(...functions);
    wanted.forEach((form, index) => (form.slot = first + index));
    this.statistics.modules++;
    this.statistics.wasmBytes += bytes.length;
  }

  #instantiate(bytes: Uint8Array): void {
    while (this.#next > this.#table.length) this.#table.grow(this.#table.length);
    const given = { memory: this.#memory, table: this.#table, ...this.#functions };
    Reflect.construct(webAssembly.Instance, [compiled(bytes), { solo5: given }]);
  }

  /** A module of handlers for the table's places from `first` on, behind the one of what is slow. */
  #module(functions: readonly EncodedFunction[], first: number): Uint8Array {
    const slow = imports.count;
    const imported = (name: string, type: number) =>
      ({ module: "solo5", name, kind: "function", type }) as const;
    return encodeModule({
      types: moduleTypes,
      imports: [
        this.#memoryImport,
        this.#tableImport(),
        imported("door", types.handler),
        ...flagFunctions.map((name) => imported(name, types.status)),
      ],
      functions: [encodeFunction(slowHandler(this.#dispatch)), ...functions],
      exports: [],
      elements: functions.map((_, index) => ({ at: first + index, index: slow + 1 + index })),
    });
  }

  /** All of them as one module. */
  store(): StoredHandlers {
    const bodies = this.#restored === undefined ? [] : functionBodies(this.#restored).slice(1);
    const restored = bodies.map((body) => ({ type: types.handler, body, calls: [] }));
    const functions = [...restored, ...this.#made];
    // Whoever takes it has a table of the least size, or grows it first.
    const module =
      this.#made.length === 0 && this.#restored !== undefined
        ? this.#restored
        : this.#module(functions, fixedHandlers.count);
    return { base: this.#base, module, count: functions.length };
  }
}
