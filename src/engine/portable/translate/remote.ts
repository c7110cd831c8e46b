// Has units translated in a thread beside the guest's, and runs them here: the guest goes on meanwhile.
import { pageSize } from "../../../bytes/align.js";
import type { WasmMemory } from "../../../wasm/host.js";
import { webAssembly } from "../../../wasm/host.js";
import type { CallProfile } from "../tiers/call-profile.js";
import type { FailedChecks } from "../tiers/failed-checks.js";
import type { RunMap } from "../memory/run-map.js";
import { Batches, type GuestCode } from "./batches.js";
import { HeldPages } from "../link/held-pages.js";
import type { Asked, Begin, Made, MadeBatch } from "./messages.js";
import type { Line } from "./line.js";
import { CAREFUL_KEY, firstSlot } from "../link/protocol.js";
import { SlotMap } from "../link/slot-map.js";
import {
  holdSame,
  isUsable,
  keyOf,
  pagesIn,
  type StoredCode,
  type StoredKey,
  storedWith,
} from "../link/stored.js";
import { registersNow, type Translation } from "./translator.js";
import { type Doors, entriesOf, memoryPagesOf, placesOf, Units } from "../link/units.js";

/** What the thread is told of the run beside the code. */
export interface Profile {
  readonly ran: RunMap;
  readonly calls: CallProfile;
  readonly failed: FailedChecks;
  /** Addresses with how often they have been jumped to, as far as that matters: an address, then its count. */
  readonly counts: () => Float64Array;
}

export class RemoteTranslator implements Translation {
  readonly #session: number;
  readonly #memory: WasmMemory;
  readonly #code: GuestCode;
  readonly #profile: Profile;
  readonly #line: Line;
  readonly #slots: SlotMap;
  readonly #units: Units;
  readonly #held: HeldPages;
  readonly #changed: () => void;
  readonly #entries = new Set<number>();
  readonly #barren = new Set<number>();
  /** What has been asked for and not answered, and what of that has not been posted. */
  readonly #asked = new Set<number>();
  #hot: Asked[] = [];
  #careful: number[] = [];
  #again: number[] = [];
  /** Batches that have come. */
  #taken = 0;
  #isBegun = false;
  #isComplete = false;
  /** The thread has something to answer. */
  #isBusy = false;

  /**
   * `holdsCode` is told of every page of guest memory before code from it runs; `changed` where the guest has written to code
   * since the session began: it is of no use any more then.
   */
  constructor(
    session: number,
    memory: WasmMemory,
    code: GuestCode,
    doors: Doors,
    holdsCode: (page: number) => void,
    changed: () => void,
    profile: Profile,
    line: Line,
  ) {
    this.#session = session;
    this.#memory = memory;
    this.#code = code;
    this.#profile = profile;
    this.#line = line;
    this.#changed = changed;
    this.#held = new HeldPages(holdsCode);
    this.#slots = new SlotMap(firstSlot(code.isa));
    this.#units = new Units(code.isa, memory, this.#slots, code.shape, code.counts, doors);
  }

  get run(): Units["run"] {
    return this.#units.run;
  }

  get key(): StoredKey {
    return keyOf(this.#code);
  }

  find(pc: number): number {
    return this.#units.find(pc);
  }

  get entries(): readonly number[] {
    return this.#units.installed;
  }

  isUntranslatable(pc: number): boolean {
    return this.#barren.has(pc);
  }

  translate(pc: number): number {
    if (this.#units.has(pc)) return this.find(pc);
    if (!this.#asked.has(pc) && !this.#barren.has(pc)) {
      this.#asked.add(pc);
      this.#hot.push({ pc, registers: registersNow(this.#code), taken: this.#taken });
    }
    this.#post();
    return this.find(pc);
  }

  translateCareful(pc: number): number {
    const key = pc + CAREFUL_KEY;
    if (this.#units.has(key)) return this.find(key);
    if (!this.#asked.has(key)) {
      this.#asked.add(key);
      this.#careful.push(pc);
    }
    this.#post();
    return this.find(key);
  }

  again(pc: number): void {
    this.#again.push(pc);
    this.#post();
  }

  /** Posts what is to be asked, where the thread waits for it. */
  #post(): void {
    if (
      this.#isBusy ||
      this.#hot.length + this.#careful.length + this.#again.length === 0 ||
      !this.#line.isOpen()
    )
      return;
    const { ran, calls, failed, counts } = this.#profile;
    if (!this.#isBegun) {
      this.#isBegun = true;
      ran.touch();
      calls.touch();
      this.#line.post(this.#begin());
    }
    this.#isBusy = true;
    const [hot, careful, again] = [this.#hot, this.#careful, this.#again];
    this.#hot = [];
    this.#careful = [];
    this.#again = [];
    this.#line.post({
      kind: "want",
      session: this.#session,
      hot,
      careful,
      again,
      lookedUp: [...failed.often],
      ran: ran.takeChanges(),
      calls: calls.takeNews(),
      counts: counts(),
    });
  }

  #begin(): Begin {
    const { bytes, shape, exact, keepsFlags, isExecutable } = this.#code;
    const pages = Math.ceil(shape.writable / pageSize);
    return {
      kind: "begin",
      session: this.#session,
      bytes: bytes.slice(0, shape.writable),
      executable: Uint8Array.from({ length: pages }, (_, page) => (isExecutable(page * pageSize) ? 1 : 0)),
      shape,
      exact,
      keepsFlags,
      memoryPages: memoryPagesOf(this.#memory),
      slots: this.#slots.addresses(),
      entries: [...this.#entries],
      made: this.#units.installed,
    };
  }

  /** Takes what the thread has posted. */
  take({ isLast, barren, batch }: Made): void {
    if (this.#isComplete) return;
    for (const pc of barren) this.#barren.add(pc);
    if (batch !== undefined) {
      this.#taken++;
      if (!this.#install(batch)) return this.#changed();
    }
    if (!isLast) return;
    this.#isBusy = false;
    this.#asked.clear();
    for (const { pc } of this.#hot) this.#asked.add(pc);
    for (const pc of this.#careful) this.#asked.add(pc + CAREFUL_KEY);
    this.#post();
  }

  ended(): void {
    this.#isBegun = false;
    this.#isBusy = false;
    this.#taken = 0;
    this.#hot = [];
    this.#careful = [];
    this.#again = [];
    this.#asked.clear();
  }

  /** False where the guest's code is no longer what was translated. */
  #install({ module, units, covered, slots, entries, pages, tables }: MadeBatch): boolean {
    const { bytes } = this.#code;
    this.#held.hold(pagesIn(pages), pagesIn(tables));
    if (!holdSame(bytes, pages) || !holdSame(bytes, tables)) return false;
    for (const pc of slots) this.#slots.of(pc);
    for (const pc of entries) this.#entries.add(pc);
    this.#units.install(module, { entries: placesOf(units), covered });
    this.#units.keep(units);
    return true;
  }

  use(): void {
    this.#units.use();
  }

  drop(): void {
    this.#units.drop();
  }

  end(): void {
    this.drop();
    if (this.#isBegun) this.#line.post({ kind: "end", session: this.#session });
  }

  dependsOn(page: number): boolean {
    return this.#held.has(page);
  }

  /** At the end of a run there is nothing else to do for the guest's own thread. What comes from the other is too late. */
  complete(roots: ReadonlySet<number>, msecs: number): void {
    this.#isComplete = true;
    const made = new Set(this.#units.installed);
    const batches = new Batches(this.#code, this.#slots, memoryPagesOf(this.#memory), (key) => made.has(key));
    for (const pc of this.#entries) batches.entries.add(pc);
    batches.complete(roots, msecs, ({ units, pages, tablePages }) => {
      this.#held.hold(pages, tablePages);
      for (const pc of placesOf(units)) made.add(pc);
      this.#units.keep(units);
    });
    for (const pc of batches.entries) this.#entries.add(pc);
  }

  restore(stored: StoredCode): boolean {
    if (!isUsable(stored, this.#code)) return false;
    this.#units.restore(stored);
    this.#held.hold(pagesIn(stored.pages), pagesIn(stored.tables));
    for (const entry of stored.entries) this.#entries.add(entry);
    this.#units.install(new webAssembly.Module(stored.module), { entries: entriesOf(stored) });
    return true;
  }

  store(isAll: boolean): StoredCode | undefined {
    const units = this.#units.store(isAll);
    return units && storedWith(this.#code, this.#entries, this.#held, units);
  }
}
