// What is translated together: a function and those it calls, as far as they are not translated yet, become one module, so
// that most calls are direct. Knows the guest's code and its profile, and nothing of what runs.
import { type EncodedFunction, encodeFunction } from "../../../wasm/module.js";
import { Discovery, type Unit } from "../lift/discover.js";
import type { Code } from "../lift/follow.js";
import { RETRIES, THREADED_JUMPS } from "../tiers/hotness.js";
import { emitUnit } from "../emit/unit.js";
import type { EmitOptions } from "../emit/unit-code.js";
import { Parents } from "../lift/parents.js";
import { MAX_UNIT } from "../lift/region-unit.js";
import { CAREFUL_KEY, importedCount } from "../link/protocol.js";
import type { SlotMap } from "../link/slot-map.js";
import { type TranslatedUnit, unitModule } from "../link/units.js";
import { LARGE, UnitStarts } from "./unit-starts.js";

/**
 * A unit's code at most, in bytes. V8 gives functions of more than 8,192 virtual registers to an allocator that leaves most of
 * them on the stack: an interpreter's loop of 65 KB took twice as long as one of 61.
 */
const MAX_BODY = 58_000;
/** What is cut to that is cut to a little less, and so often; the first cut of all leaves so many instructions. */
const [MARGIN, MOST_CUTS, LEAST_MOST] = [0.95, 3, 1000];
/** A batch's guest code, in bytes, beyond which functions it calls are left to later batches. */
const BATCH_BYTES = 64 * 1024;
/** A block is in so many units; those that come to it later go on in a unit of its own, so code grows no further. */
const MAX_COPIES = 16;
/** What is called and has been jumped to so often is translated with its caller. */
const WORTH_JOINING = 100;
/** Jumps to an address that is hot for the first time, and again, where nobody has counted more. */
const [FIRST_JUMPS, MORE_JUMPS] = [THREADED_JUMPS, THREADED_JUMPS / RETRIES];
/** Units that are made again together. */
const MOST_AGAIN = 12;
/** Instructions of a function, one in so many, that are the interpreter's: then the first tier is no slower. */
const SLOW_SHARE = 4;
/** A few of them leave a unit what it gains. */
const LEAST_SLOW = 12;

/** The code that a translator is given. */
export type GuestCode = Omit<
  Code,
  "isEntry" | "isLargeUnit" | "isBoundary" | "addBoundary" | "tables" | "functions"
>;

/** A module, and what it was made from. */
export interface Batch {
  readonly module: Uint8Array;
  readonly units: readonly TranslatedUnit[];
  /** Addresses of the blocks in them. */
  readonly covered: readonly number[];
  /** Bytes of guest code. */
  readonly guestBytes: number;
  /** Pages of guest memory with its code. */
  readonly pages: ReadonlySet<number>;
  /** Pages with jump tables that any batch so far follows from. */
  readonly tablePages: ReadonlySet<number>;
}

/** The first tier hands several such instructions to the interpreter at once. */
function isMostlySlow({ blocks, instructions }: Unit): boolean {
  const slow = blocks.reduce((sum, { end }) => sum + (end.kind === "slow" ? end.count : 0), 0);
  return slow >= LEAST_SLOW && slow * SLOW_SHARE > instructions;
}

/** Whether a unit has a block that begins at an address. */
export const hasBlockAt = ({ blocks }: Unit, at: number): boolean =>
  blocks.some(({ pc, instructions }) => pc === at && instructions > 0);

export class Batches {
  /** Addresses known to be called. */
  readonly entries = new Set<number>();
  /** Addresses that translate to nothing. */
  readonly barren = new Set<number>();
  /** What the registers held when addresses became hot, where that is not now. */
  registers: ReadonlyMap<number, { readonly registers: readonly number[] }> = new Map();
  readonly #code: Code;
  readonly #slots: SlotMap;
  readonly #memoryPages: number;
  readonly #isMade: (key: number) => boolean;
  readonly #boundaries = new Set<number>();
  /** Entries of units that others go on in instead of having their code too. */
  readonly #large = new Set<number>();
  /** In how many units the block at an address is. */
  readonly #copies = new Map<number, number>();
  /** Which batch the latest unit was in that has a block at an address. */
  readonly #latest = new Map<number, number>();
  readonly #tablePages = new Set<number>();
  readonly #parents = new Parents();
  /** What units call by their place in the module, by entry: a callee that is made again they would not find. */
  readonly #direct = new Map<number, readonly number[]>();
  /** Addresses that have been hot, with what had happened there. */
  readonly #asked = new Map<number, number>();
  readonly #starts: UnitStarts;
  /** Instructions of a unit: fewer where the guest's code becomes much WebAssembly. */
  #most = MAX_UNIT;
  /** Those of the address that is followed. */
  #registers: readonly number[] | undefined;
  #count = 0;

  /** `isMade`: whether there is a unit for a key already, or about to be. */
  constructor(code: GuestCode, slots: SlotMap, memoryPages: number, isMade: (key: number) => boolean) {
    this.#slots = slots;
    this.#memoryPages = memoryPages;
    this.#isMade = isMade;
    this.#code = {
      ...code,
      isEntry: (pc) => this.entries.has(pc) || code.isCalled(pc),
      isBoundary: (pc) => this.#boundaries.has(pc) || (this.#copies.get(pc) ?? 0) >= MAX_COPIES,
      isLargeUnit: (pc) => this.#large.has(pc),
      addBoundary: (pc) => this.#boundaries.add(pc),
      registerNow: (index) => this.#registers?.[index] ?? code.registerNow(index),
      tables: new Map(),
      functions: new Map(),
    };
    this.#starts = new UnitStarts(this.#code, (pc) => isMade(pc) || this.barren.has(pc));
  }

  /** Whether an address is in a unit of a batch behind the first `batches`. */
  isInLater(pc: number, batches: number): boolean {
    return (this.#latest.get(pc) ?? 0) > batches;
  }

  /** Units for hot addresses: anew, or as they are with what has run since; as many as there is time for. */
  hot(pcs: Iterable<number>, isOver: () => boolean): Unit[] {
    const again = new Map<number, Discovery>();
    this.#starts.begin(this.#most);
    const fresh: number[] = [];
    this.#code.functions.clear();
    for (const pc of pcs) {
      this.#registers = this.registers.get(pc)?.registers;
      const parents = this.#parents.find(pc, this.#code.jumpSourcesOf(pc), this.#newJumpsTo(pc));
      if (parents === "later") continue;
      const isAgain = parents.some((parent) => {
        const found = again.get(parent) ?? new Discovery(parent, this.#code, this.#most);
        // Where a function is cut, the address may be in another part of it.
        if (found.has(pc)) again.set(parent, found);
        return found.has(pc);
      });
      if (!isAgain) fresh.push(this.#starts.of(pc));
    }
    const batch = [...again.values()]
      .map((found) => found.unit())
      .filter(({ instructions }) => instructions > 0);
    this.#gatherInto(batch, this.#bestFirst(fresh), isOver);
    return batch;
  }

  #newJumpsTo(pc: number): number {
    const now = this.#code.countAt(pc);
    const before = this.#asked.get(pc);
    this.#asked.set(pc, now);
    return before === undefined ? Math.max(now, FIRST_JUMPS) : Math.max(now - before, MORE_JUMPS);
  }

  /** Functions, then what comes first in memory: loops have what is behind their beginning. */
  #bestFirst(pcs: readonly number[]): number[] {
    const isCalled = (pc: number) => (this.#code.isEntry(pc) ? 0 : 1);
    return pcs.toSorted((a, b) => isCalled(a) - isCalled(b) || a - b);
  }

  /** Units for addresses, and for what they call; takes from `work` what it has come to. */
  gather(work: number[], isOver: () => boolean): Unit[] {
    const batch: Unit[] = [];
    this.#code.functions.clear();
    this.#gatherInto(batch, work, isOver);
    return batch;
  }

  #gatherInto(batch: Unit[], work: number[], isOver: () => boolean): void {
    const asked = new Set(work);
    this.#registers = undefined;
    const inBatch = new Set(batch.map(({ entry }) => entry));
    let bytes = 0;
    for (let pc = work.shift(); pc !== undefined && bytes < BATCH_BYTES; pc = work.shift()) {
      if (this.#isMade(pc) || this.barren.has(pc) || inBatch.has(pc)) continue;
      // All blocks of a loop become hot at once. One that is in another's unit is hardly gone to any more; if it is, it is asked for again.
      if (asked.has(pc) && batch.some((unit) => hasBlockAt(unit, pc))) continue;
      this.#registers = this.registers.get(pc)?.registers ?? this.#registers;
      const unit = new Discovery(pc, this.#code, this.#most).unit();
      if (unit.instructions === 0) {
        this.barren.add(pc);
        continue;
      }
      if (!asked.has(pc) && this.#wantsProfile(unit)) continue;
      if (isMostlySlow(unit)) {
        this.barren.add(pc);
        continue;
      }
      batch.push(unit);
      inBatch.add(pc);
      bytes += unit.sizeBytes;
      for (const called of unit.calls) {
        this.entries.add(called);
        if (this.#code.countAt(called) >= WORTH_JOINING) work.push(called);
      }
      if (isOver()) break;
    }
  }

  /** Whether a function should be interpreted first, to see where its indirect calls go. */
  #wantsProfile({ blocks }: Unit): boolean {
    return blocks.some(({ end }) => end.kind === "callTo" && this.#code.targetsOf(end.pc).length === 0);
  }

  /** The unit at an address as it would be made now, and those that call it or their callers without asking the table. */
  again(pc: number): Unit[] {
    this.#code.functions.clear();
    this.#registers = undefined;
    return this.#callingDirectly(pc)
      .map((entry) => new Discovery(entry, this.#code, this.#most).unit())
      .filter(({ instructions }) => instructions > 0);
  }

  /** An entry, and those of units from which calls lead there inside of their module; so many at most. */
  #callingDirectly(pc: number): number[] {
    const found = [pc];
    for (const one of found) {
      for (const [caller, callees] of this.#direct) {
        if (found.length >= MOST_AGAIN) return found;
        if (callees.includes(one) && !found.includes(caller)) found.push(caller);
      }
    }
    return found;
  }

  /** The unit at an address for stacks near the end of memory; undefined where there is none. */
  careful(pc: number): Batch | undefined {
    this.#code.functions.clear();
    const unit = new Discovery(pc, this.#code, this.#most).unit(true);
    return unit.instructions === 0 ? undefined : this.translated([unit], (entry) => entry + CAREFUL_KEY);
  }

  /**
   * Batches of what is called from the given addresses on and has run, without any of it being about to run: for later runs.
   * What there is no time for is left to them. `taken`: each, whose units count as made then.
   */
  complete(roots: Iterable<number>, msecs: number, taken: (batch: Batch) => void): void {
    const end = performance.now() + msecs;
    const isOver = () => performance.now() >= end;
    for (const pc of [...roots, ...[...this.entries].filter(this.#code.isKnown)]) {
      if (isOver()) return;
      const units = this.gather([pc], isOver);
      if (units.length > 0) taken(this.translated(units));
    }
  }

  /** The units in WebAssembly. */
  translated(batch: readonly Unit[], keyOf = (entry: number) => entry): Batch {
    const { isa, counts, keepsFlags } = this.#code;
    const indices = new Map(batch.map(({ entry }, index) => [keyOf(entry), importedCount(isa) + index]));
    // What has several entries is told which one through the table's way.
    const severalWays = new Set(batch.flatMap(({ entry, aliases }) => (aliases.length > 0 ? [entry] : [])));
    const carefulSlot = (pc: number) => this.#slots.of(pc + CAREFUL_KEY);
    const callee = (pc: number) => {
      const index = severalWays.has(pc) ? undefined : indices.get(pc);
      return index === undefined ? { slot: this.#slots.of(pc) } : { index };
    };
    const options = { isa, callee, carefulSlot, counts, keepsFlags };
    const fitted = batch.map((unit) => this.#fitted(unit, options, keyOf(unit.entry) !== unit.entry));
    const units = fitted.map(({ unit, code }) => ({
      entry: keyOf(unit.entry),
      sizeBytes: unit.sizeBytes,
      aliases: unit.aliases,
      code,
    }));
    this.#count++;
    for (const { unit, code } of fitted) {
      this.#note(unit);
      this.#direct.set(
        unit.entry,
        code.calls.map(({ to }) => to),
      );
    }
    for (const { at, sizeBytes } of this.#code.tables.values()) this.#noteTable(at, sizeBytes);
    return {
      module: unitModule(isa, units, this.#slots, this.#memoryPages),
      units,
      covered: fitted.flatMap(({ unit }) => [...unit.leaders]),
      guestBytes: units.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      pages: new Set(fitted.flatMap(({ unit }) => [...unit.pages])),
      tablePages: this.#tablePages,
    };
  }

  /** A unit in WebAssembly, of less of its function where it would be too large. */
  #fitted(whole: Unit, options: EmitOptions, isCareful: boolean): { unit: Unit; code: EncodedFunction } {
    let unit = whole;
    for (let tries = 0; ; tries++) {
      const code = encodeFunction(emitUnit(unit, options));
      const { length } = code.body;
      if (length <= MAX_BODY || tries === MOST_CUTS) return { unit, code };
      const most = Math.floor((unit.instructions * MAX_BODY * MARGIN) / length);
      this.#most = Math.max(LEAST_MOST, Math.min(this.#most, most));
      unit = new Discovery(unit.entry, this.#code, most).unit(isCareful);
    }
  }

  #note(unit: Unit): void {
    this.#parents.add(unit);
    if (unit.instructions >= LARGE && !unit.isLoop) this.#large.add(unit.entry);
    for (const pc of unit.leaders) {
      this.#copies.set(pc, (this.#copies.get(pc) ?? 0) + 1);
      this.#latest.set(pc, this.#count);
    }
  }

  #noteTable(at: number, sizeBytes: number): void {
    for (let page = at >>> 12; page <= (at + Math.max(1, sizeBytes) - 1) >>> 12; page++)
      this.#tablePages.add(page);
  }
}
