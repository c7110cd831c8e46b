// The units that can run: one table that all their modules share, the slot of each guest address in it, and enough of
// what was put in to store it for a later run.
import { type EncodedFunction, encodeModule, functionBodies, type CallSite } from "../../../wasm/module.js";
import { putU32InFive } from "../../../wasm/writer.js";
import {
  webAssembly,
  type WasmImports,
  type WasmMemory,
  type WasmModule,
  type WasmTable,
} from "../../../wasm/host.js";
import { state } from "../../x86-64/state.js";
import type { MemoryShape } from "../ir/access.js";
import { clearLookup, enterInLookup } from "./lookup.js";
import {
  CAREFUL_KEY,
  FIRST_SLOT,
  imported,
  moduleImports,
  moduleTypes,
  types,
  unitName,
  X87_SLOT,
} from "./protocol.js";
import { rootModule } from "./root.js";
import { exactModule } from "../../x86-64/exact/code.js";
import { x87Module } from "../../x86-64/x87/code/instructions.js";
import type { SlotMap } from "./slot-map.js";
import type { StoredCode, StoredUnit } from "./stored.js";

/** What translated code asks the interpreter for. */
export interface Doors {
  /** Executes the instruction at rip; 0 where it led to `next` and nothing wants to stop. */
  readonly slow: (next: number) => number;
  /** Makes the flags in the state area plain RFLAGS. */
  readonly settle: () => void;
  /** Goes on at an address without a unit, or, `failed`, at an instruction that translated code cannot do: see `types`. */
  readonly missing: (fuel: number, depth: number) => number;
  readonly failed: (fuel: number, depth: number) => number;
  /** Told of every unit that can run from now on. */
  readonly installed: (pc: number) => void;
}

/** A unit in WebAssembly. */
export interface TranslatedUnit {
  readonly entry: number;
  /** Bytes of guest code. */
  readonly sizeBytes: number;
  readonly code: EncodedFunction;
}

const PAGE_BYTES = 65536;
/** What is kept for storing, in bytes of WebAssembly: enough for any guest whose start it can help. */
const MAX_KEPT = 16 << 20;

export class Units {
  /** Runs the unit in a slot: fuel and depth in, the fuel that is left out. */
  readonly run: (slot: number, fuel: number, depth: number) => number;
  readonly #memory: WasmMemory;
  readonly #table: WasmTable;
  readonly #imports: WasmImports;
  readonly #told: (pc: number) => void;
  /** The state area with the lookup of `lookup.ts`. */
  readonly #words: Uint32Array;
  readonly #slots: SlotMap;
  readonly #installed = new Set<number>();
  /** By entry: a unit that is made again replaces the one before. */
  readonly #kept = new Map<number, TranslatedUnit>();
  #keptBytes = 0;
  #isUsed = true;
  /** Slots below are in the table. */
  #filled = FIRST_SLOT;
  /** What came from an earlier run; its functions are taken apart only where they are stored again. */
  #restored: StoredCode | undefined;
  /** Something has been kept since all was stored last. */
  #isNew = false;

  constructor(memory: WasmMemory, slots: SlotMap, shape: MemoryShape, counts: boolean, doors: Doors) {
    this.#memory = memory;
    this.#slots = slots;
    this.#words = new Uint32Array(memory.buffer, 0, state.pages / 4);
    this.#table = new webAssembly.Table({ initial: 64, element: "anyfunc" });
    const { installed, ...called } = doors;
    this.#told = installed;
    const given = { memory, table: this.#table, ...called };
    const module = new webAssembly.Module(rootModule(memoryPagesOf(memory), shape, counts));
    const need = (slot: number) => this.#add(slot);
    const { exports } = new webAssembly.Instance(module, { solo5: { ...given, need } });
    this.#imports = {
      solo5: { ...given, settle: exports["settle"], carry: exports["carry"], string: exports["string"] },
    };
    this.run = exports["run"] as Units["run"];
  }

  /** Puts a function into its place of the table; the instruction that needed it first is the interpreter's. */
  #add(slot: number): number {
    const make = slot === X87_SLOT ? x87Module : exactModule;
    const module = new webAssembly.Module(make(memoryPagesOf(this.#memory), slot));
    Reflect.construct(webAssembly.Instance, [module, this.#imports]);
    return 1;
  }

  /** The slot of the unit at an address, or 0; remembers it where translated code looks. */
  find(pc: number): number {
    if (!this.#installed.has(pc)) return 0;
    const slot = this.#slots.find(pc);
    if (pc < CAREFUL_KEY) enterInLookup(this.#words, pc, slot);
    return slot;
  }

  /** Translated code finds none of them any more. */
  drop(): void {
    this.#isUsed = false;
    if (this.#installed.size > 0) clearLookup(this.#words);
  }

  /** They are those that run again. */
  use(): void {
    this.#isUsed = true;
  }

  has(pc: number): boolean {
    return this.#installed.has(pc);
  }

  get installed(): number[] {
    return [...this.#installed];
  }

  /** All slots that anybody has got are in the table: those without a unit lead to the general way. */
  #fill(): void {
    const { end } = this.#slots;
    const had = this.#filled;
    if (end > this.#table.length) this.#table.grow(Math.max(end - this.#table.length, this.#table.length));
    for (let slot = had; slot < end; slot++) this.#table.set(slot, this.#table.get(0));
    this.#filled = end;
  }

  /** Makes a module's units those that run. */
  install(module: WasmModule, entries: readonly number[]): void {
    this.#fill();
    Reflect.construct(webAssembly.Instance, [module, this.#imports]);
    this.#installedAre(entries);
  }

  /** The same where a page's main thread must not wait. */
  async installLater(module: WasmModule, entries: readonly number[]): Promise<void> {
    this.#fill();
    await webAssembly.instantiate(module, this.#imports);
    this.#installedAre(entries);
  }

  /** Units are found at once: a miss would leave translated code. */
  #installedAre(entries: readonly number[]): void {
    for (const entry of entries) {
      this.#installed.add(entry);
      if (!this.#isUsed) continue;
      this.find(entry);
      if (entry < CAREFUL_KEY) this.#told(entry);
    }
  }

  /** Remembers units for `store`, as long as that stays within its bounds. */
  keep(units: readonly TranslatedUnit[]): void {
    if (this.#keptBytes > MAX_KEPT) return;
    for (const unit of units) {
      this.#kept.set(unit.entry, unit);
      this.#isNew = true;
      this.#keptBytes += unit.code.body.length;
    }
  }

  /** Takes over the slots of what was stored; for an object that has none yet. Then `install` its module. */
  restore(stored: StoredCode): void {
    for (const pc of stored.slots) this.#slots.of(pc);
    this.#restored = stored;
    this.#keptBytes += stored.module.length;
  }

  /** All units as one module, and what is to be known of them; undefined where nothing is new since the last time. */
  store(): Pick<StoredCode, "slots" | "units" | "module"> | undefined {
    if (!this.#isNew) return undefined;
    this.#isNew = false;
    const restored = restoredUnits(this.#restored).filter(({ entry }) => !this.#kept.has(entry));
    const all = [...restored, ...this.#kept.values()];
    const indices = new Map(all.map(({ entry }, index) => [entry, imported.count + index]));
    const linked = all.map((unit) => ({ ...unit, code: relinked(unit.code, indices) }));
    const module = unitModule(linked, this.#slots, memoryPagesOf(this.#memory));
    const units = all.map(({ entry, sizeBytes, code }) => [
      entry,
      sizeBytes,
      ...code.calls.flatMap(({ at, to }) => [at, to]),
    ]);
    return { slots: this.#slots.addresses(), units, module };
  }
}

export const memoryPagesOf = ({ buffer }: WasmMemory): number => buffer.byteLength / PAGE_BYTES;

/** A module of units whose calls among each other are in place. */
export function unitModule(
  units: readonly TranslatedUnit[],
  slots: SlotMap,
  memoryPages: number,
): Uint8Array {
  const elements = units.map(({ entry }, index) => ({ at: slots.of(entry), index: imported.count + index }));
  return encodeModule({
    types: moduleTypes,
    imports: moduleImports(memoryPages, slots.end),
    functions: units.map(({ code }) => code),
    exports: [],
    elements,
  });
}

const entryOf = (unit: StoredUnit): number => unit[0] ?? 0;

export const entriesOf = ({ units }: StoredCode): number[] => units.map(entryOf);

function restoredUnits(stored: StoredCode | undefined): TranslatedUnit[] {
  if (stored === undefined) return [];
  const bodies = functionBodies(stored.module);
  return stored.units.map((unit, index) => {
    const [entry = 0, sizeBytes = 0, ...rest] = unit;
    const calls: CallSite[] = [];
    for (let at = 0; at + 1 < rest.length; at += 2) calls.push({ at: rest[at] ?? 0, to: rest[at + 1] ?? 0 });
    const body = bodies[index] ?? new Uint8Array();
    return { entry, sizeBytes, code: { type: types.unit, body, calls, name: unitName(entry) } };
  });
}

/** A function with its calls set to where the callees are now. */
function relinked(code: EncodedFunction, indices: ReadonlyMap<number, number>): EncodedFunction {
  if (code.calls.length === 0) return code;
  const body = code.body.slice();
  for (const { at, to } of code.calls) putU32InFive(body, at, indices.get(to) ?? 0);
  return { ...code, body };
}
