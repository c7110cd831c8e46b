// Makes the handlers of forms as they are met: several in one module, since each module costs time and memory.
import { encodeFunction, encodeModule, type Import } from "../../../wasm/module.js";
import { webAssembly, type WasmMemory, type WasmModule, type WasmTable } from "../../../wasm/host.js";
import { type Form, takeBuilt } from "./forms.js";
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

  constructor(memory: WasmMemory, dispatch: Dispatch, door: Door) {
    this.#memory = memory;
    const pages = memory.buffer.byteLength / 65536;
    this.#memoryImport = { module: "solo5", name: "memory", kind: "memory", min: pages, max: pages };
    this.#dispatch = dispatch;
    this.#table = new webAssembly.Table({ initial: TABLE_STEP, element: "anyfunc" });
    const module = compiled(baseModule(dispatch, this.#memoryImport, this.#tableImport()));
    const { exports } = new webAssembly.Instance(module, {
      solo5: { memory, table: this.#table, door },
    });
    this.run = exports["run"] as Handlers["run"];
    this.#functions = { ...exports, door };
  }

  /** How many there are. */
  get count(): number {
    return this.#next;
  }

  #tableImport(): Import {
    return { module: "solo5", name: "table", kind: "table", min: this.#table.length };
  }

  /** Gives handlers to forms that have none. */
  make(wanted: readonly Form[]): void {
    const first = this.#next;
    this.#next += wanted.length;
    while (this.#next > this.#table.length) this.#table.grow(this.#table.length);
    const slow = imports.count;
    const functions = [slowHandler(this.#dispatch)].concat(
      wanted.map((form) =>
        handlerCode(
          takeBuilt(form),
          this.#dispatch,
          slow,
          form.parts.map(({ row }) => row.mnemonic).join(" "),
        ),
      ),
    );
    const imported = (name: string, type: number) =>
      ({ module: "solo5", name, kind: "function", type }) as const;
    const bytes = encodeModule({
      types: moduleTypes,
      imports: [
        this.#memoryImport,
        this.#tableImport(),
        imported("door", types.handler),
        ...flagFunctions.map((name) => imported(name, types.status)),
      ],
      functions: functions.map(encodeFunction),
      exports: [],
      elements: wanted.map((_, index) => ({ at: first + index, index: slow + 1 + index })),
    });
    const given = { memory: this.#memory, table: this.#table, ...this.#functions };
    Reflect.construct(webAssembly.Instance, [compiled(bytes), { solo5: given }]);
    wanted.forEach((form, index) => (form.slot = first + index));
    this.statistics.modules++;
    this.statistics.wasmBytes += bytes.length;
  }
}
