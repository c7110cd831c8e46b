// Translates units where the guest runs: at once, in a bounded share of the time, or where nothing may take long, piece by
// piece beside the guest. `remote.ts` does the same in a thread of its own.
import type { Later } from "../../contract.js";
import { webAssembly, type WasmMemory } from "../../../wasm/host.js";
import { type Batch, Batches, type GuestCode } from "./batches.js";
import { TranslationBudget } from "./budget.js";
import type { Unit } from "../lift/discover.js";
import { HeldPages } from "../link/held-pages.js";
import { CAREFUL_KEY, firstSlot } from "../link/protocol.js";
import { SlotMap } from "../link/slot-map.js";
import { isUsable, keyOf, pagesIn, type StoredCode, type StoredKey, storedWith } from "../link/stored.js";
import { type Doors, entriesOf, memoryPagesOf, type Places, placesOf, Units } from "../link/units.js";

export type { GuestCode } from "./batches.js";
export type { Doors } from "../link/units.js";

/** How long functions are found for a batch, but for the last: what they call can come later. */
const BATCH_MSECS = 12;
/** So many modules are made at once; then what is hot waits until so much does, or so long. */
const EAGER_MODULES = 6;
const MANY = 12;
const WAIT_MSECS = 20;
/** How long a piece of translation beside the guest may take, but for its last function. */
const PIECE_MSECS = 4;

/** What has units made, and runs them. */
export interface Translation {
  /** Runs the unit in a slot: its fuel in, what is left out. */
  readonly run: Units["run"];
  /** What stored code of its must fit. */
  readonly key: StoredKey;
  /** The slot of the unit at an address, or 0; remembers it where translated code looks. */
  find(pc: number): number;
  /** Addresses of units. */
  readonly entries: readonly number[];
  /** Whether there will never be a unit at an address. */
  isUntranslatable(pc: number): boolean;
  /** Has the function at an address translated and what it calls; the slot of its unit, or 0 where there is none, or not yet. */
  translate(pc: number): number;
  /** Has the unit at an address made once more, since its code is to be another. */
  again(pc: number): void;
  /** The slot of the unit at an address for stacks near the end of memory, or 0. */
  translateCareful(pc: number): number;
  /** Has translated code find none of its units, until they are `use`d again. */
  drop(): void;
  use(): void;
  /** Ends it: its code is no longer what it was. */
  end(): void;
  /** Whether anything that is translated follows from what is in a page. */
  dependsOn(page: number): boolean;
  /**
   * Translates what is called from the given addresses on and has run, without running it: for other runs. What there is
   * no time for is left to them.
   */
  complete(roots: ReadonlySet<number>, msecs: number): void;
  /**
   * Takes what an earlier run has stored, as long as nothing has been translated; false where the guest's code is not
   * what it was. Throws where the module is none: this translation is of no use then.
   */
  restore(stored: StoredCode): boolean;
  /** All that is translated, where something has been since the last time, or `isAll` asks for it. */
  store(isAll: boolean): StoredCode | undefined;
}

export interface TranslatorOptions {
  /** Whether translation may take a part of the time only; tests want the same each time. */
  readonly isTimed: boolean;
  /** Where given, nothing takes long. */
  readonly later?: Later | undefined;
}

/** A function to translate, with what the registers held when it became hot. */
export interface Wanted {
  readonly pc: number;
  readonly registers: readonly number[];
}

export const registersNow = ({ isa, registerNow }: Pick<GuestCode, "isa" | "registerNow">): number[] =>
  Array.from({ length: isa.registers.generals }, (_, index) => registerNow(index));

export class Translator implements Translation {
  readonly statistics = { units: 0, modules: 0, guestBytes: 0, wasmBytes: 0 };
  readonly #code: GuestCode;
  readonly #batches: Batches;
  readonly #units: Units;
  readonly #held: HeldPages;
  readonly #options: TranslatorOptions;
  /** What is being compiled beside the guest. */
  readonly #pending = new Set<number>();
  readonly #wanted: Wanted[] = [];
  readonly #budget = new TranslationBudget();
  /** What is hot and not translated yet. */
  readonly #waiting = new Set<number>();
  #waitingSince = 0;
  #isScheduled = false;

  /** `holdsCode` is told of every page of guest memory before code from it runs. */
  constructor(
    memory: WasmMemory,
    code: GuestCode,
    doors: Doors,
    holdsCode: (page: number) => void,
    options: TranslatorOptions,
  ) {
    this.#code = code;
    this.#options = options;
    this.#held = new HeldPages(holdsCode);
    const slots = new SlotMap(firstSlot(code.isa));
    this.#units = new Units(code.isa, memory, slots, code.shape, code.counts, doors);
    const isMade = (key: number) => this.#units.has(key) || this.#pending.has(key);
    this.#batches = new Batches(code, slots, memoryPagesOf(memory), isMade);
  }

  get run(): Units["run"] {
    return this.#units.run;
  }

  find(pc: number): number {
    return this.#units.find(pc);
  }

  get entries(): readonly number[] {
    return this.#units.installed;
  }

  isUntranslatable(pc: number): boolean {
    return this.#batches.barren.has(pc);
  }

  #isKnown(pc: number): boolean {
    return this.#units.has(pc) || this.#batches.barren.has(pc) || this.#pending.has(pc);
  }

  translate(pc: number): number {
    if (this.#isKnown(pc)) return this.find(pc);
    if (this.#options.later !== undefined) {
      this.#want(pc);
      return 0;
    }
    if (!this.#options.isTimed) {
      this.#install(this.#batches.gather([pc], () => false));
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

  /** Units for what waits. */
  #waitingBatch(): Unit[] {
    const end = performance.now() + BATCH_MSECS;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    return this.#batches.hot(waiting, () => performance.now() >= end);
  }

  #install(batch: readonly Unit[]): void {
    if (batch.length === 0) return;
    const { module, units, covered } = this.#translated(batch);
    this.#units.install(new webAssembly.Module(module), { entries: placesOf(units), covered });
    this.#units.keep(units);
  }

  again(pc: number): void {
    const batch = this.#batches.again(pc);
    if (this.#options.later === undefined) return this.#install(batch);
    if (batch.length > 0) this.#installLater(batch);
  }

  translateCareful(pc: number): number {
    const key = pc + CAREFUL_KEY;
    if (!this.#units.has(key)) {
      const batch = this.#batches.careful(pc);
      if (batch === undefined) return 0;
      this.#take(batch);
      this.#units.install(new webAssembly.Module(batch.module), { entries: placesOf(batch.units) });
    }
    return this.#units.find(key);
  }

  // Beside the guest.

  #want(pc: number): void {
    if (this.#wanted.some((one) => one.pc === pc)) return;
    this.#wanted.push({ pc, registers: registersNow(this.#code) });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#wanted.length === 0) return;
    this.#isScheduled = true;
    this.#options.later?.(() => {
      this.#isScheduled = false;
      this.#piece();
      this.#schedule();
    });
  }

  use(): void {
    this.#units.use();
  }

  drop(): void {
    this.#units.drop();
    this.#wanted.length = 0;
  }

  end(): void {
    this.drop();
  }

  #piece(): void {
    const next = this.#wanted.shift();
    if (next === undefined || this.#isKnown(next.pc)) return;
    const end = performance.now() + PIECE_MSECS;
    this.#batches.registers = new Map([[next.pc, next]]);
    const batch = this.#batches.gather([next.pc], () => performance.now() >= end);
    if (batch.length > 0) this.#installLater(batch);
  }

  #installLater(batch: readonly Unit[]): void {
    const { module, units, covered } = this.#translated(batch);
    for (const entry of placesOf(units)) this.#pending.add(entry);
    void this.#compile(module, { entries: placesOf(units), covered }).then(() => this.#units.keep(units));
  }

  async #compile(module: Uint8Array, places: Places): Promise<void> {
    await this.#units.installLater(await webAssembly.compile(module), places);
    for (const entry of places.entries) this.#pending.delete(entry);
  }

  #translated(units: readonly Unit[]): Batch {
    const batch = this.#batches.translated(units);
    this.#take(batch);
    return batch;
  }

  #take(batch: Batch): void {
    this.#held.hold(batch.pages, batch.tablePages);
    this.statistics.guestBytes += batch.guestBytes;
    this.statistics.units += batch.units.length;
    this.statistics.modules++;
    this.statistics.wasmBytes += batch.module.length;
  }

  dependsOn(page: number): boolean {
    return this.#held.has(page);
  }

  // What another run translated.

  complete(roots: ReadonlySet<number>, msecs: number): void {
    this.#batches.complete(roots, msecs, (batch) => {
      this.#take(batch);
      for (const entry of placesOf(batch.units)) this.#pending.add(entry);
      this.#units.keep(batch.units);
    });
  }

  get key(): StoredKey {
    return keyOf(this.#code);
  }

  restore(stored: StoredCode): boolean {
    if (!isUsable(stored, this.#code)) return false;
    this.#units.restore(stored);
    this.#held.hold(pagesIn(stored.pages), pagesIn(stored.tables));
    for (const entry of stored.entries) this.#batches.entries.add(entry);
    const found = entriesOf(stored);
    if (this.#options.later === undefined) {
      this.#units.install(new webAssembly.Module(stored.module), { entries: found });
      return true;
    }
    for (const entry of found) this.#pending.add(entry);
    // What cannot be used is translated.
    this.#compile(stored.module, { entries: found }).catch(() => {
      for (const entry of found) this.#pending.delete(entry);
    });
    return true;
  }

  store(isAll: boolean): StoredCode | undefined {
    const units = this.#units.store(isAll);
    return units && storedWith(this.#code, this.#batches.entries, this.#held, units);
  }
}
