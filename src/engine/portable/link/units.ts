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
import type { GuestIsa } from "../guest-isa.js";
import type { MemoryShape } from "../ir/access.js";
import { state } from "../memory/state.js";
import { clearLookup, enterInLookup } from "./lookup.js";
import {
  CAREFUL_KEY,
  firstSlot,
  importedCount,
  moduleImports,
  moduleTypes,
  onDemandSlot,
  types,
  unitName,
} from "./protocol.js";
import { rootModule } from "./root.js";
import type { SlotMap } from "./slot-map.js";
import type { StoredCode, StoredUnit } from "./stored.js";

/** What translated code asks the interpreter for. */
export interface Doors {
  /** Executes the instruction at the state area's pc; 0 where it led to `next` and nothing wants to stop. */
  readonly slow: (next: number) => number;
  /** Makes the flags in the state area plain ones. */
  readonly settle: () => void;
  /** Goes on at an address without a unit, or, `failed`, at an instruction that translated code cannot do: see `types`. */
  readonly missing: (fuel: number, depth: number) => number;
  readonly failed: (fuel: number, depth: number) => number;
  /** Told of every unit that can run from now on. */
  readonly installed: (pc: number) => void;
  /** Told of addresses inside of them, which are hardly gone to any more. */
  readonly covered: (pcs: Iterable<number>) => void;
}

/** A unit in WebAssembly. */
export interface TranslatedUnit {
  readonly entry: number;
  /** Bytes of guest code. */
  readonly sizeBytes: number;
  /** Other addresses that it is the unit for. */
  readonly aliases: readonly number[];
  readonly code: EncodedFunction;
}

/** The addresses of a module's units: where they begin, and where their blocks do. */
export interface Places {
  readonly entries: readonly number[];
  readonly covered?: Iterable<number>;
}

const PAGE_BYTES = 65536;
/** What is kept for storing, in bytes of WebAssembly: enough for any guest whose start it can help. */
const MAX_KEPT = 16 << 20;

export class Units {
  /** Runs the unit in a slot: fuel and depth in, the fuel that is left out. */
  readonly run: (slot: number, fuel: number, depth: number) => number;
  readonly #isa: GuestIsa;
  readonly #memory: WasmMemory;
  readonly #table: WasmTable;
  readonly #imports: WasmImports;
  readonly #told: Pick<Doors, "installed" | "covered">;
  /** The state area with the lookup of `lookup.ts`. */
  readonly #words: Uint32Array;
  readonly #slots: SlotMap;
  readonly #installed = new Set<number>();
  /** By entry: a unit that is made again replaces the one before. */
  readonly #kept = new Map<number, TranslatedUnit>();
  #keptBytes = 0;
  #isUsed = true;
  /** Slots below are in the table. */
  #filled: number;
  /** What came from an earlier run; its functions are taken apart only where they are stored again. */
  #restored: StoredCode | undefined;
  /** Something has been kept since all was stored last. */
  #isNew = false;

  constructor(
    isa: GuestIsa,
    memory: WasmMemory,
    slots: SlotMap,
    shape: MemoryShape,
    counts: boolean,
    doors: Doors,
  ) {
    this.#isa = isa;
    this.#filled = firstSlot(isa);
    this.#memory = memory;
    this.#slots = slots;
    this.#words = new Uint32Array(memory.buffer, 0, state.pages / 4);
    this.#table = new webAssembly.Table({ initial: 64, element: "anyfunc" });
    const { installed, covered, ...called } = doors;
    this.#told = { installed, covered };
    const given = { memory, table: this.#table, ...called };
    const module = new webAssembly.Module(rootModule(isa, memoryPagesOf(memory), shape, counts));
    const need = (slot: number) => this.#add(slot);
    const { exports } = new webAssembly.Instance(module, { solo5: { ...given, need } });
    const helpers = isa.helpers.map(({ name }) => [name, exports[name]] as const);
    this.#imports = { solo5: { ...given, settle: exports["settle"], ...Object.fromEntries(helpers) } };
    this.run = exports["run"] as Units["run"];
  }

  /** Puts a function into its place of the table; the instruction that needed it first is the interpreter's. */
  #add(slot: number): number {
    const made = this.#isa.onDemand[slot - onDemandSlot(0)]?.module(memoryPagesOf(this.#memory), slot);
    if (made === undefined) throw new RangeError(`the table's place ${slot} has no function of its own`);
    const module = new webAssembly.Module(made);
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
  install(module: WasmModule, places: Places): void {
    this.#fill();
    Reflect.construct(webAssembly.Instance, [module, this.#imports]);
    this.#installedAre(places);
  }

  /** The same where a page's main thread must not wait. */
  async installLater(module: WasmModule, places: Places): Promise<void> {
    this.#fill();
    await webAssembly.instantiate(module, this.#imports);
    this.#installedAre(places);
  }

  /** Units are found at once: a miss would leave translated code. */
  #installedAre({ entries, covered = [] }: Places): void {
    for (const entry of entries) {
      this.#installed.add(entry);
      if (!this.#isUsed) continue;
      this.find(entry);
      if (entry < CAREFUL_KEY) this.#told.installed(entry);
    }
    if (this.#isUsed) this.#told.covered(covered);
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

  /** All units as one module, and what is to be known of them; undefined where nothing is new since the last time, unless `isAll`. */
  store(isAll: boolean): Pick<StoredCode, "slots" | "units" | "module"> | undefined {
    if (!this.#isNew && !isAll) return undefined;
    this.#isNew = false;
    const restored = restoredUnits(this.#restored).filter(({ entry }) => !this.#kept.has(entry));
    const all = [...restored, ...this.#kept.values()];
    const indices = new Map(all.map(({ entry }, index) => [entry, importedCount(this.#isa) + index]));
    const linked = all.map((unit) => ({ ...unit, code: relinked(unit.code, indices) }));
    const module = unitModule(this.#isa, linked, this.#slots, memoryPagesOf(this.#memory));
    const units = all.map(({ entry, sizeBytes, aliases, code }) => [
      entry,
      sizeBytes,
      aliases.length,
      ...aliases,
      ...code.calls.flatMap(({ at, to }) => [at, to]),
    ]);
    return { slots: this.#slots.addresses(), units, module };
  }
}

export const memoryPagesOf = ({ buffer }: WasmMemory): number => buffer.byteLength / PAGE_BYTES;

/** A module of units whose calls among each other are in place. */
export function unitModule(
  isa: GuestIsa,
  units: readonly TranslatedUnit[],
  slots: SlotMap,
  memoryPages: number,
): Uint8Array {
  const at = (pc: number, index: number) => ({ at: slots.of(pc), index: importedCount(isa) + index });
  // What has several entries is the later unit where there is one for an address by itself.
  const elements = [
    ...units.map(({ entry }, index) => at(entry, index)),
    ...units.flatMap(({ aliases }, index) => aliases.map((pc) => at(pc, index))),
  ];
  return encodeModule({
    types: moduleTypes(isa),
    imports: moduleImports(isa, memoryPages, slots.end),
    functions: units.map(({ code }) => code),
    exports: [],
    elements,
  });
}

/** Where units are entered. */
export const placesOf = (units: readonly Pick<TranslatedUnit, "entry" | "aliases">[]): number[] =>
  units.flatMap(({ entry, aliases }) => [entry, ...aliases]);

/** The same for stored ones. */
export const entriesOf = ({ units }: StoredCode): number[] => placesOf(units.map(headOf));

const headOf = ([entry = 0, sizeBytes = 0, count = 0, ...rest]: StoredUnit) => ({
  entry,
  sizeBytes,
  aliases: rest.slice(0, count),
  calls: rest.slice(count),
});

function restoredUnits(stored: StoredCode | undefined): TranslatedUnit[] {
  if (stored === undefined) return [];
  const bodies = functionBodies(stored.module);
  return stored.units.map((unit, index) => {
    const { calls: sites, ...head } = headOf(unit);
    const calls: CallSite[] = [];
    for (let at = 0; at + 1 < sites.length; at += 2)
      calls.push({ at: sites[at] ?? 0, to: sites[at + 1] ?? 0 });
    const body = bodies[index] ?? new Uint8Array();
    return { ...head, code: { type: types.unit, body, calls, name: unitName(head.entry) } };
  });
}

/** A function with its calls set to where the callees are now. */
function relinked(code: EncodedFunction, indices: ReadonlyMap<number, number>): EncodedFunction {
  if (code.calls.length === 0) return code;
  const body = code.body.slice();
  for (const { at, to } of code.calls) putU32InFive(body, at, indices.get(to) ?? 0);
  return { ...code, body };
}
