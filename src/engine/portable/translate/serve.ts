// Translates in a thread beside the guest's: keeps a copy of its code and profile, and sends compiled modules.
import { pageSize } from "../../../bytes/align.js";
import type { CompanionClient } from "../../contract.js";
import { webAssembly } from "../../../wasm/host.js";
import { CallProfile } from "../tiers/call-profile.js";
import { RunMap } from "../memory/run-map.js";
import { type Batch, Batches, type GuestCode, hasBlockAt } from "./batches.js";
import { SHARE_BESIDE, TranslationBudget } from "./budget.js";
import type { Answer, Asked, Begin, Made, MadeBatch, Request, Want } from "./messages.js";
import type { GuestInstruction, GuestIsa } from "../guest-isa.js";
import { firstSlot } from "../link/protocol.js";
import { SlotMap } from "../link/slot-map.js";
import { withHashes } from "../link/stored.js";
import { placesOf } from "../link/units.js";

/** How long a batch is looked for, but for its last function: the guest waits for the first of them. */
const BATCH_MSECS = 20;
/** How long it waits where translation has had its share of the time. */
const REST_MSECS = 10;
/** A guest that has had nothing translated for so long has what it needs. */
const IDLE_MSECS = 2000;

/** Gives what takes the messages of the guest's thread, in their order. */
export function serveTranslation(
  isa: GuestIsa,
  { post, later }: CompanionClient,
  budget: Pick<TranslationBudget, "allows" | "spend"> = new TranslationBudget(SHARE_BESIDE),
): (message: unknown) => void {
  const sessions = new Map<number, Session>();
  let isScheduled = false;
  const schedule = (msecs: number): void => {
    if (isScheduled) return;
    isScheduled = true;
    later(turn, msecs);
  };
  let turns = 0;
  /** Where nothing has come since, what the thread keeps is given back with it. */
  const restOver = (before: number): void => {
    if (turns === before) post({ kind: "idle" } satisfies Answer);
  };
  const turn = (): void => {
    isScheduled = false;
    turns++;
    const busy = [...sessions.values()].find(({ isBusy }) => isBusy);
    if (busy === undefined) {
      const before = turns;
      return later(() => restOver(before), IDLE_MSECS);
    }
    if (!budget.allows()) return schedule(REST_MSECS);
    budget.spend(() => post(busy.next() satisfies Answer));
    schedule(0);
  };
  return (message) => {
    // The engine's own, of the same version.
    const request = message as Request;
    const { session } = request;
    if (request.kind === "begin") sessions.set(session, new Session(isa, request));
    else if (request.kind === "end") sessions.delete(session);
    else {
      sessions.get(session)?.want(request);
      schedule(0);
    }
  };
}

class Session {
  readonly #begin: Begin;
  readonly #isa: GuestIsa;
  readonly #slots: SlotMap;
  readonly #made: Set<number>;
  readonly #batches: Batches;
  readonly #ran = new RunMap();
  readonly #calls: CallProfile;
  readonly #counts = new Map<number, number>();
  readonly #hot = new Map<number, Asked>();
  readonly #careful: number[] = [];
  readonly #again: number[] = [];
  #lookedUp: ReadonlySet<number> = new Set();
  /** Pages with jump tables that the guest's thread knows of. */
  readonly #tables = new Set<number>();
  #told = { slots: 0, entries: 0, barren: 0 };
  isBusy = false;

  constructor(isa: GuestIsa, begin: Begin) {
    this.#isa = isa;
    this.#slots = new SlotMap(firstSlot(isa));
    this.#begin = begin;
    const { bytes } = begin;
    for (const pc of begin.slots) this.#slots.of(pc);
    this.#made = new Set(begin.made);
    this.#calls = new CallProfile(isa, bytes);
    const isMade = (key: number) => this.#made.has(key);
    this.#batches = new Batches(this.#code(), this.#slots, begin.memoryPages, isMade);
    for (const pc of begin.entries) this.#batches.entries.add(pc);
    this.#told = { slots: begin.slots.length, entries: begin.entries.length, barren: 0 };
  }

  #code(): GuestCode {
    const { bytes, executable, shape, exact, keepsFlags } = this.#begin;
    const isa = this.#isa;
    const ran = this.#ran;
    const calls = this.#calls;
    const decoded = new Map<number, GuestInstruction>();
    return {
      isa,
      bytes,
      shape,
      isExecutable: (pc) => executable[Math.floor(pc / pageSize)] === 1,
      counts: false,
      keepsFlags,
      exact,
      isKnown: (pc) => ran.has(pc),
      isCalled: (pc) => ran.isCalled(pc) || calls.isCalled(pc),
      looksUp: (pc) => this.#lookedUp.has(pc),
      hasRun: (pc) => ran.has(pc),
      decoded: (pc) => {
        let i = decoded.get(pc);
        if (i !== undefined) return i;
        i = isa.decode(bytes, pc);
        if (i !== undefined) decoded.set(pc, i);
        return i;
      },
      countAt: (pc) => this.#counts.get(pc) ?? 0,
      targetsOf: (pc) => calls.targetsOf(pc),
      jumpTargetsOf: (pc) => calls.jumpTargetsOf(pc),
      jumpSourcesOf: (pc) => calls.jumpSourcesOf(pc),
      registerNow: () => 0,
    };
  }

  want({ hot, careful, again, lookedUp, ran, calls, counts }: Want): void {
    this.#ran.put(ran);
    this.#calls.put(calls);
    for (let at = 0; at + 1 < counts.length; at += 2) this.#counts.set(counts[at] ?? 0, counts[at + 1] ?? 0);
    for (const one of hot) this.#hot.set(one.pc, one);
    this.#careful.push(...careful);
    this.#again.push(...again);
    this.#lookedUp = new Set(lookedUp);
    this.isBusy = true;
  }

  /** What comes next of what is wanted. */
  next(): Made {
    const made = this.#nextBatch();
    const { barren } = this.#batches;
    const isLast = this.#hot.size === 0 && this.#careful.length === 0 && this.#again.length === 0;
    if (isLast) this.isBusy = false;
    const news = [...barren].slice(this.#told.barren);
    this.#told.barren = barren.size;
    return {
      kind: "made",
      session: this.#begin.session,
      isLast,
      barren: news,
      batch: made && this.#sent(made),
    };
  }

  #nextBatch(): Batch | undefined {
    const careful = this.#careful.shift();
    if (careful !== undefined) return this.#batches.careful(careful);
    const again = this.#again.shift();
    if (again !== undefined) {
      const units = this.#batches.again(again);
      return units.length === 0 ? undefined : this.#batches.translated(units);
    }
    // What has come to be in a unit that the guest's thread did not have yet is hardly hot any more.
    for (const { pc, taken } of this.#hot.values())
      if (this.#batches.isInLater(pc, taken)) this.#hot.delete(pc);
    if (this.#hot.size === 0) return undefined;
    const end = performance.now() + BATCH_MSECS;
    this.#batches.registers = this.#hot;
    const waiting = [...this.#hot.keys()];
    const units = this.#batches.hot(waiting, () => performance.now() >= end);
    const batch = units.length === 0 ? undefined : this.#batches.translated(units);
    for (const pc of placesOf(batch?.units ?? [])) this.#made.add(pc);
    // Where there was no time for all: at least one each time.
    const isOver = performance.now() >= end;
    const isDone = (pc: number) =>
      this.#made.has(pc) || this.#batches.barren.has(pc) || units.some((unit) => hasBlockAt(unit, pc));
    for (const pc of waiting) if (!isOver || isDone(pc)) this.#hot.delete(pc);
    return batch;
  }

  #sent({ module, units, covered, guestBytes, pages, tablePages }: Batch): MadeBatch {
    const { bytes } = this.#begin;
    const tables = [...tablePages].filter((page) => !this.#tables.has(page));
    for (const page of tables) this.#tables.add(page);
    const slots = this.#slots.addresses(this.#told.slots);
    const entries = [...this.#batches.entries].slice(this.#told.entries);
    this.#told = {
      ...this.#told,
      slots: this.#told.slots + slots.length,
      entries: this.#batches.entries.size,
    };
    return {
      module: new webAssembly.Module(module),
      wasmBytes: module.length,
      guestBytes,
      units,
      covered,
      slots,
      entries,
      pages: withHashes(bytes, pages),
      tables: withHashes(bytes, tables),
    };
  }
}
