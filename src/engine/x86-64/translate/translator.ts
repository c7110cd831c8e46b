// Translates units in batches: a function and those it calls, as far as they are not translated yet, become one
// module, so that most calls are direct. Keeps what is where: units, table slots, the pages that code came from.
import { encodeModule, type FunctionBody } from "../../../wasm/module.js";
import { webAssembly, type WasmMemory, type WasmModule, type WasmTable } from "../../../wasm/host.js";
import { discover, type Unit } from "./discover.js";
import type { Code } from "./follow.js";
import { emitUnit } from "./emit.js";
import { lookupOffset } from "./lookup.js";
import { imported, moduleImports, moduleTypes } from "./protocol.js";
import { rootModule } from "./root.js";

/** What translated code asks the interpreter for. */
export interface Doors {
  /** Executes the instruction at rip; 0 where it led to `next` and nothing wants to stop. */
  readonly slow: (next: number) => number;
  /** Makes the flags in the state area plain RFLAGS. */
  readonly settle: () => void;
}

/** A batch's guest code, in bytes, beyond which functions it calls are left to later batches. */
const BATCH_BYTES = 64 * 1024;
const PAGE_BYTES = 65536;

/** The code that a translator is given. */
export type GuestCode = Omit<Code, "isEntry" | "tables" | "functions">;

export interface TranslatorStatistics {
  units: number;
  modules: number;
  guestBytes: number;
  wasmBytes: number;
}

export class Translator {
  readonly statistics: TranslatorStatistics = { units: 0, modules: 0, guestBytes: 0, wasmBytes: 0 };
  readonly #memory: WasmMemory;
  readonly #code: Code;
  readonly #doors: Doors;
  readonly #holdsCode: (page: number) => void;
  #table: WasmTable;
  /** Table slots by guest address: of units, and of addresses that are called but not translated. */
  readonly #slots = new Map<number, number>();
  readonly #translated = new Set<number>();
  /** Addresses that translated nothing. */
  readonly #barren = new Set<number>();
  readonly #entries = new Set<number>();
  /** Pages of guest memory that code was translated from. */
  readonly pages = new Set<number>();
  /** Something translated reads flags that `flagsAcrossCalls` would keep. */
  needsFlags = false;
  /** Runs the unit in a slot: its fuel in, what is left out. */
  readonly run: (slot: number, fuel: number) => number;

  constructor(
    memory: WasmMemory,
    code: GuestCode,
    doors: Doors,
    /** Told of every page of guest memory before code from it runs. */
    holdsCode: (page: number) => void,
  ) {
    this.#holdsCode = holdsCode;
    this.#memory = memory;
    this.#code = { ...code, isEntry: (pc) => this.#entries.has(pc), tables: new Map(), functions: new Map() };
    this.#doors = doors;
    this.#table = new webAssembly.Table({ initial: 64, element: "anyfunc" });
    const root = this.#instantiate(
      new webAssembly.Module(rootModule(this.#memoryPages(), code.shape, code.counts)),
    );
    this.run = root["run"] as (slot: number, fuel: number) => number;
  }

  #memoryPages(): number {
    return this.#memory.buffer.byteLength / PAGE_BYTES;
  }

  /** The slot of the unit at an address, or 0; remembers it where translated code looks. */
  find(pc: number): number {
    if (!this.#translated.has(pc)) return 0;
    const slot = this.#slots.get(pc) ?? 0;
    new Uint32Array(this.#memory.buffer, lookupOffset(pc), 2).set([pc, slot]);
    return slot;
  }

  isBarren(pc: number): boolean {
    return this.#barren.has(pc);
  }

  /** Translates the function at an address and what it calls; the slot of its unit, or 0 where it has no code. */
  translate(pc: number): number {
    if (this.#translated.has(pc) || this.#barren.has(pc)) return this.find(pc);
    const batch = this.#gather(pc);
    if (batch.length > 0) this.#install(batch);
    return this.find(pc);
  }

  #gather(first: number): Unit[] {
    const batch: Unit[] = [];
    const work = [first];
    let bytes = 0;
    for (let pc = work.shift(); pc !== undefined && bytes < BATCH_BYTES; pc = work.shift()) {
      if (this.#translated.has(pc) || this.#barren.has(pc) || batch.some(({ entry }) => entry === pc))
        continue;
      const unit = discover(pc, this.#code);
      if (unit.instructions === 0) {
        this.#barren.add(pc);
        continue;
      }
      if (pc !== first && this.#wantsProfile(unit)) continue;
      batch.push(unit);
      bytes += unit.sizeBytes;
      for (const called of unit.calls) {
        this.#entries.add(called);
        if (this.#code.isKnown(called)) work.push(called);
      }
    }
    return batch;
  }

  /** Whether a function should be interpreted first, to see where its indirect calls go. */
  #wantsProfile({ blocks }: Unit): boolean {
    return blocks.some(({ end }) => end.kind === "callTo" && this.#code.targetsOf(end.pc).length === 0);
  }

  #slotOf(pc: number): number {
    let slot = this.#slots.get(pc);
    if (slot === undefined) {
      slot = this.#slots.size + 1;
      this.#slots.set(pc, slot);
      if (slot >= this.#table.length) this.#table.grow(this.#table.length);
      this.#table.set(slot, this.#table.get(0));
    }
    return slot;
  }

  #install(batch: readonly Unit[]): void {
    const indices = new Map(batch.map(({ entry }, index) => [entry, imported.count + index]));
    const callee = (pc: number) => {
      const index = indices.get(pc);
      return index === undefined ? { slot: this.#slotOf(pc) } : { index };
    };
    const { flagsAcrossCalls, counts, isEntry: isCalled } = this.#code;
    const needsFlags = () => (this.needsFlags = true);
    const functions: FunctionBody[] = batch.map((unit) =>
      emitUnit(unit, { callee, flagsAcrossCalls, counts, isCalled, needsFlags }),
    );
    const elements = batch.map(({ entry }, index) => ({
      at: this.#slotOf(entry),
      index: imported.count + index,
    }));
    const bytes = encodeModule({
      types: moduleTypes,
      imports: moduleImports(this.#memoryPages(), this.#table.length),
      functions,
      exports: [],
      elements,
    });
    this.#instantiate(new webAssembly.Module(bytes));
    for (const unit of batch) {
      this.#translated.add(unit.entry);
      for (const page of unit.pages) {
        if (!this.pages.has(page)) this.#holdsCode(page);
        this.pages.add(page);
      }
      this.statistics.guestBytes += unit.sizeBytes;
    }
    this.statistics.units += batch.length;
    this.statistics.modules++;
    this.statistics.wasmBytes += bytes.length;
  }

  #instantiate(module: WasmModule): Readonly<Record<string, unknown>> {
    const { slow, settle } = this.#doors;
    const instance = new webAssembly.Instance(module, {
      solo5: { memory: this.#memory, table: this.#table, slow, settle },
    });
    return instance.exports;
  }
}
