// Translates units in batches: a function and those it calls, as far as they are not translated yet, become one
// module, so that most calls are direct. At once, or where nothing may take long, piece by piece beside the guest.
import type { Later } from "../../contract.js";
import { encodeFunction } from "../../../wasm/module.js";
import { webAssembly, type WasmMemory } from "../../../wasm/host.js";
import { TranslationBudget } from "./budget.js";
import { discover, type Unit } from "./discover.js";
import type { Code } from "./follow.js";
import { emitUnit } from "./emit/unit.js";
import { Parents } from "./parents.js";
import { CAREFUL_KEY, imported } from "./protocol.js";
import { holdSame, type StoredCode, type StoredKey, withHashes } from "./stored.js";
import { type Doors, entriesOf, type TranslatedUnit, Units } from "./units.js";
import { translatorVersion } from "./version.js";

export type { Doors } from "./units.js";

/** A batch's guest code, in bytes, beyond which functions it calls are left to later batches. */
const BATCH_BYTES = 64 * 1024;
/** A block is in so many units; those that come to it later go on in a unit of its own, so code grows no further. */
const MAX_COPIES = 16;
/** Instructions of a unit that is not copied into others. */
const LARGE = 100;
/** How long functions are found for a batch, but for the last: what they call can come later. */
const BATCH_MSECS = 12;
/** So many modules are made at once; then what is hot waits until so much does, or so long. */
const EAGER_MODULES = 6;
const MANY = 12;
const WAIT_MSECS = 20;
/** How long a piece of translation beside the guest may take, but for its last function. */
const PIECE_MSECS = 4;

/** What is called and has been jumped to so often is translated with its caller. */
const WORTH_JOINING = 100;

/** The code that a translator is given. */
export interface GuestCode extends Omit<
  Code,
  "isEntry" | "isLargeUnit" | "isBoundary" | "addBoundary" | "tables" | "functions"
> {
  /** Whether translation may take a part of the time only; tests want the same each time. */
  readonly isTimed: boolean;
}

interface TranslatorStatistics {
  units: number;
  modules: number;
  guestBytes: number;
  wasmBytes: number;
}

/** A function to translate, with what the registers held when it became hot. */
interface Wanted {
  readonly pc: number;
  readonly registers: readonly number[];
}

/** Instructions of a function, one in so many, that are the interpreter's: then the first tier is no slower. */
const SLOW_SHARE = 4;

/** A few of them leave a unit what it gains. */
const LEAST_SLOW = 12;

/** The first tier hands several such instructions to the interpreter at once. */
function isMostlySlow({ blocks, instructions }: Unit): boolean {
  const slow = blocks.reduce((sum, { end }) => sum + (end.kind === "slow" ? end.count : 0), 0);
  return slow >= LEAST_SLOW && slow * SLOW_SHARE > instructions;
}

const hasBlockAt = ({ blocks }: Unit, at: number): boolean =>
  blocks.some(({ pc, instructions }) => pc === at && instructions > 0);

export class Translator {
  readonly statistics: TranslatorStatistics = { units: 0, modules: 0, guestBytes: 0, wasmBytes: 0 };
  /** Pages of guest memory that code was translated from. */
  readonly #pages = new Set<number>();
  readonly #code: Code & GuestCode;
  readonly #units: Units;
  readonly #holdsCode: (page: number) => void;
  readonly #later: Later | undefined;
  /** Addresses that translated nothing. */
  readonly #barren = new Set<number>();
  readonly #entries = new Set<number>();
  readonly #boundaries = new Set<number>();
  /** Entries of units that others go on in instead of having their code too. */
  readonly #large = new Set<number>();
  /** In how many units the block at an address is. */
  readonly #copies = new Map<number, number>();
  /** Pages with jump tables. */
  readonly #tablePages = new Set<number>();
  /** What is being compiled beside the guest. */
  readonly #pending = new Set<number>();
  readonly #wanted: Wanted[] = [];
  readonly #budget = new TranslationBudget();
  /** What is hot and not translated yet. */
  readonly #waiting = new Set<number>();
  #waitingSince = 0;
  readonly #parents = new Parents();
  #isScheduled = false;
  #registers: readonly number[] | undefined;

  constructor(
    memory: WasmMemory,
    code: GuestCode,
    doors: Doors,
    /** Told of every page of guest memory before code from it runs. */
    holdsCode: (page: number) => void,
    later?: Later,
  ) {
    this.#holdsCode = holdsCode;
    this.#later = later;
    this.#code = {
      ...code,
      isEntry: (pc) => this.#entries.has(pc),
      isBoundary: (pc) => this.#boundaries.has(pc) || (this.#copies.get(pc) ?? 0) >= MAX_COPIES,
      isLargeUnit: (pc) => this.#large.has(pc),
      addBoundary: (pc) => this.#boundaries.add(pc),
      registerNow: (index) => this.#registers?.[index] ?? code.registerNow(index),
      tables: new Map(),
      functions: new Map(),
    };
    this.#units = new Units(memory, code.shape, code.counts, doors);
  }

  /** Runs the unit in a slot: its fuel in, what is left out. */
  get run(): Units["run"] {
    return this.#units.run;
  }

  /** The slot of the unit at an address, or 0; remembers it where translated code looks. */
  find(pc: number): number {
    return this.#units.find(pc);
  }

  /** Whether there will never be a unit at an address. */
  isUntranslatable(pc: number): boolean {
    return this.#barren.has(pc);
  }

  #isKnown(pc: number): boolean {
    return this.#units.has(pc) || this.#barren.has(pc) || this.#pending.has(pc);
  }

  /** Translates the function at an address and what it calls; the slot of its unit, or 0 where there is none, or not yet. */
  translate(pc: number): number {
    if (this.#isKnown(pc)) return this.find(pc);
    if (this.#later !== undefined) {
      this.#want(pc);
      return 0;
    }
    if (!this.#code.isTimed) {
      this.#install(this.#gather([pc], () => false));
      return this.find(pc);
    }
    if (!this.#isDue(pc) || !this.#budget.allows()) return 0;
    this.#budget.spend(() => this.#install(this.#waitingBatch()));
    return this.find(pc);
  }

  /** Whether what is hot is to be translated now: a module for one unit costs as much as for several. */
  #isDue(pc: number): boolean {
    const now = performance.now();
    if (this.#waiting.size === 0) this.#waitingSince = now;
    this.#waiting.add(pc);
    return (
      this.statistics.modules < EAGER_MODULES ||
      this.#waiting.size >= MANY ||
      now - this.#waitingSince >= WAIT_MSECS
    );
  }

  /** Units for what waits: anew, or as they are with what has run since; as many as there is time for. */
  #waitingBatch(): Unit[] {
    const end = performance.now() + BATCH_MSECS;
    const again = new Map<number, Unit>();
    const fresh: number[] = [];
    this.#code.functions.clear();
    for (const pc of this.#waiting) {
      const parent = this.#parents.find(pc, this.#code.jumpSourcesOf(pc));
      const unit = parent === undefined ? undefined : (again.get(parent) ?? discover(parent, this.#code));
      // Where a function is cut, the address may be in another part of it.
      if (unit === undefined || !hasBlockAt(unit, pc)) fresh.push(pc);
      else again.set(unit.entry, unit);
    }
    this.#waiting.clear();
    const batch = fresh.length === 0 ? [] : this.#gather(fresh, () => performance.now() >= end);
    const isNew = new Set(batch.map(({ entry }) => entry));
    for (const unit of again.values()) if (!isNew.has(unit.entry)) batch.push(unit);
    return batch.filter(({ instructions }) => instructions > 0);
  }

  #install(batch: readonly Unit[]): void {
    if (batch.length === 0) return;
    const { module, units } = this.#translated(batch);
    this.#units.install(new webAssembly.Module(module), entries(units));
    this.#units.keep(units);
  }

  /** The slot of the unit at an address for stacks near the end of memory. */
  translateCareful(pc: number): number {
    const key = pc + CAREFUL_KEY;
    if (!this.#units.has(key)) {
      this.#code.functions.clear();
      const unit = discover(pc, this.#code, true);
      if (unit.instructions === 0) return 0;
      const { module, units } = this.#translated([unit], (entry) => entry + CAREFUL_KEY);
      this.#units.install(new webAssembly.Module(module), entries(units));
    }
    return this.#units.slotOf(key);
  }

  // Beside the guest.

  #want(pc: number): void {
    if (this.#wanted.some((one) => one.pc === pc)) return;
    const registers = Array.from({ length: 16 }, (_, index) => this.#code.registerNow(index));
    this.#wanted.push({ pc, registers });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#wanted.length === 0) return;
    this.#isScheduled = true;
    this.#later?.(() => {
      this.#isScheduled = false;
      this.#piece();
      this.#schedule();
    });
  }

  /** Stops what goes on beside the guest: its code is no longer what it was. */
  drop(): void {
    this.#units.drop();
    this.#wanted.length = 0;
  }

  #piece(): void {
    const next = this.#wanted.shift();
    if (next === undefined || this.#isKnown(next.pc)) return;
    const end = performance.now() + PIECE_MSECS;
    this.#registers = next.registers;
    const batch = this.#gather([next.pc], () => performance.now() >= end);
    if (batch.length > 0) {
      const { module, units } = this.#translated(batch);
      for (const entry of entries(units)) this.#pending.add(entry);
      void this.#compile(module, entries(units)).then(() => this.#units.keep(units));
    }
    this.#registers = undefined;
  }

  async #compile(module: Uint8Array, entries: readonly number[]): Promise<void> {
    await this.#units.installLater(await webAssembly.compile(module), entries);
    for (const entry of entries) this.#pending.delete(entry);
  }

  // Batches.

  #gather(work: number[], isOver: () => boolean): Unit[] {
    const asked = new Set(work);
    this.#code.functions.clear();
    const batch: Unit[] = [];
    const inBatch = new Set<number>();
    let bytes = 0;
    for (let pc = work.shift(); pc !== undefined && bytes < BATCH_BYTES; pc = work.shift()) {
      if (this.#isKnown(pc) || inBatch.has(pc)) continue;
      const unit = discover(pc, this.#code);
      if (unit.instructions === 0) {
        this.#barren.add(pc);
        continue;
      }
      if (!asked.has(pc) && this.#wantsProfile(unit)) continue;
      if (isMostlySlow(unit)) {
        this.#barren.add(pc);
        continue;
      }
      batch.push(unit);
      inBatch.add(pc);
      bytes += unit.sizeBytes;
      for (const called of unit.calls) {
        this.#entries.add(called);
        if (this.#code.countAt(called) >= WORTH_JOINING) work.push(called);
      }
      if (isOver()) break;
    }
    return batch;
  }

  /** Whether a function should be interpreted first, to see where its indirect calls go. */
  #wantsProfile({ blocks }: Unit): boolean {
    return blocks.some(({ end }) => end.kind === "callTo" && this.#code.targetsOf(end.pc).length === 0);
  }

  #translated(
    batch: readonly Unit[],
    keyOf = (entry: number) => entry,
  ): { module: Uint8Array; units: readonly TranslatedUnit[] } {
    const indices = new Map(batch.map(({ entry }, index) => [keyOf(entry), imported.count + index]));
    const carefulSlot = (pc: number) => this.#units.slotOf(pc + CAREFUL_KEY);
    const callee = (pc: number) => {
      const index = indices.get(pc);
      return index === undefined ? { slot: this.#units.slotOf(pc) } : { index };
    };
    const { counts } = this.#code;
    const units = batch.map((unit) => ({
      entry: keyOf(unit.entry),
      sizeBytes: unit.sizeBytes,
      code: encodeFunction(emitUnit(unit, { callee, carefulSlot, counts })),
    }));
    const module = this.#units.encode(units);
    for (const unit of batch) {
      const { pages, sizeBytes, leaders } = unit;
      this.#parents.add(unit);
      if (unit.instructions >= LARGE) this.#large.add(unit.entry);
      for (const pc of leaders) this.#copies.set(pc, (this.#copies.get(pc) ?? 0) + 1);
      for (const page of pages) this.#hold(page);
      this.statistics.guestBytes += sizeBytes;
    }
    for (const { at, sizeBytes } of this.#code.tables.values()) this.#holdTable(at, sizeBytes);
    this.statistics.units += batch.length;
    this.statistics.modules++;
    this.statistics.wasmBytes += module.length;
    return { module, units };
  }

  #hold(page: number): void {
    if (!this.#pages.has(page)) this.#holdsCode(page);
    this.#pages.add(page);
  }

  #holdTable(at: number, sizeBytes: number): void {
    for (let page = at >>> 12; page <= (at + Math.max(1, sizeBytes) - 1) >>> 12; page++) {
      if (!this.#tablePages.has(page)) this.#holdsCode(page);
      this.#tablePages.add(page);
    }
  }

  /** Whether anything that is translated follows from what is in a page. */
  dependsOn(page: number): boolean {
    return this.#pages.has(page) || this.#tablePages.has(page);
  }

  // What another run translated.

  /**
   * Translates what is called from the given addresses on and has run, without running it: for other runs. What there is
   * no time for is left to them.
   */
  complete(roots: ReadonlySet<number>, msecs: number): void {
    const end = performance.now() + msecs;
    const isOver = () => performance.now() >= end;
    for (const pc of [...roots, ...[...this.#entries].filter(this.#code.isKnown)]) {
      if (isOver()) return;
      const batch = this.#gather([pc], isOver);
      if (batch.length === 0) continue;
      const { units } = this.#translated(batch);
      for (const entry of entries(units)) this.#pending.add(entry);
      this.#units.keep(units);
    }
  }

  get key(): StoredKey {
    const { counts, shape } = this.#code;
    return { version: translatorVersion, counts, shape };
  }

  /**
   * Takes what an earlier run has stored, as long as nothing has been translated; false where the guest's code is not
   * what it was. Throws where the module is none: this translator is of no use then.
   */
  restore(stored: StoredCode): boolean {
    const { bytes, isExecutable } = this.#code;
    const pages = stored.pages.filter((_, index) => index % 2 === 0);
    if (!holdSame(bytes, stored.pages) || !holdSame(bytes, stored.tables)) return false;
    if (!pages.every((page) => isExecutable(page * 4096))) return false;
    this.#units.restore(stored);
    for (const page of pages) this.#hold(page);
    for (const entry of stored.entries) this.#entries.add(entry);
    stored.tables.forEach((page, index) => void (index % 2 === 0 && this.#holdTable(page << 12, 0)));
    const found = entriesOf(stored);
    if (this.#later === undefined) {
      this.#units.install(new webAssembly.Module(stored.module), found);
      return true;
    }
    for (const entry of found) this.#pending.add(entry);
    // What cannot be used is translated.
    this.#compile(stored.module, found).catch(() => {
      for (const entry of found) this.#pending.delete(entry);
    });
    return true;
  }

  /** All that is translated, where something has been since the last time. */
  store(): StoredCode | undefined {
    const units = this.#units.store();
    if (units === undefined) return undefined;
    const { bytes } = this.#code;
    return {
      key: this.key,
      entries: [...this.#entries],
      pages: withHashes(bytes, this.#pages),
      tables: withHashes(bytes, this.#tablePages),
      ...units,
    };
  }
}

const entries = (units: readonly TranslatedUnit[]): number[] => units.map(({ entry }) => entry);
