// The first tier: guest code as records, each with a handler in WebAssembly that hands on to the next. Between the
// interpreter, which does whatever a handler cannot, and translated code. docs/engine.md.
import { hasTailCalls } from "../../../wasm/tail-calls.js";
import type { Core } from "../core.js";
import type { MachineMemory } from "../../portable/memory/machine-memory.js";
import { type FirstTier, type Outcome, type TierHooks } from "../../portable/tiers/first-tier.js";
import { memoryPagesOf } from "../../portable/link/units.js";
import { arenaOf } from "../../portable/memory/state.js";
import { FlagsOperation, state } from "../state.js";
import { Arena } from "./arena.js";
import { Blocks } from "./blocks.js";
import { Countdowns } from "./countdowns.js";
import { Forms } from "./forms.js";
import { Handlers, HandlersRefused } from "./handlers.js";
import { FIRST, LEAST_ARENA, MAX_FUEL, NEXT_STUB, RECORD, recordFlags, STUB, words } from "./layout.js";
import { Links } from "./links.js";
import { storedRecords, takeRecords } from "./records.js";
import { fixedHandlers } from "./status.js";
import { encodeForms, enterForms } from "./stored-forms.js";
import { decodeTier, encodeTier, type StoredTier, type TierKey } from "./stored.js";
import { WarmUp } from "./warm-up.js";

export interface TierOptions {
  /** Instructions that the interpreter executes first. */
  readonly warmUp?: number;
  readonly tailCalls?: boolean;
  /** Executions without a handler before handlers are made. */
  readonly patience?: number;
  /** Bytes for what is decoded, where less than there is. */
  readonly recordBytes?: number;
  /** Addresses whose blocks get their handlers before anything runs. */
  readonly ahead?: readonly number[];
}

/** Executions of instructions whose handlers are not made yet, that are as much time as making some. */
const PATIENCE = 300;
/** So many forms that wait are reason enough, or a part of those that have handlers; more at once would be a pause. */
const [LEAST_WAITING, WAITING_SHARE, MOST_AT_ONCE] = [32, 0.4, 128];
/** Instructions that the interpreter executes where nothing is decoded. */
const UNDECODED = 32;
/** Everything is stored again where something is new, so many times; then where that is such a part of what there is. */
const [STORES, WORTH_STORING] = [8, 128];
/** A guest that changes its mappings all the time does not get what an earlier run decoded each time. */
const MAX_TAKEN = 8;

interface Parts {
  readonly arena: Arena;
  readonly blocks: Blocks;
  readonly forms: Forms;
  readonly handlers: Handlers;
  readonly countdowns: Countdowns;
  readonly links: Links;
}

export class ThreadedTier implements FirstTier {
  readonly #core: Core;
  readonly #hooks: TierHooks;
  readonly #memory: MachineMemory;
  readonly #options: TierOptions;
  readonly #view: DataView;
  readonly #warmUp: WarmUp;
  #made: Parts | undefined;
  /** Nothing can be decoded here: memory is too full. */
  isPossible: boolean;
  #version = -1;
  /** Counts what makes records stale. */
  #epoch = 0;
  /** `core.executed` when the fuel of this run is used up. */
  #total = 0;
  #raised: { readonly error: unknown } | undefined;
  /** JavaScript has left, with rip and `core.executed` as they are. */
  #isOut = false;
  #impatience = 0;
  #isBegun = false;
  /** What an earlier run has left, and how often its records were taken. */
  #stored: StoredTier | undefined;
  #storedBytes: Uint8Array | undefined;
  #taken = 0;
  #stores = 0;
  /** Instructions decoded and handlers made when all was stored last. */
  #storedCounts = [0, 0];

  constructor(core: Core, memory: MachineMemory, hooks: TierHooks, options: TierOptions = {}) {
    this.#core = core;
    this.#memory = memory;
    this.#hooks = hooks;
    this.#options = options;
    this.#view = new DataView(memory.wasm.buffer);
    this.#warmUp = new WarmUp(core, options.warmUp);
    this.isPossible = arenaOf(memory.size).size >= LEAST_ARENA;
    const { mmu } = core;
    const previous = mmu.onCodeWritten;
    mmu.onCodeWritten = (page) => {
      previous(page);
      this.#made?.blocks.forgetPage(page);
    };
  }

  /** Whether the tier can run the core as it is now. */
  get isUsable(): boolean {
    const core = this.#core;
    return (
      this.isPossible &&
      core.mode === 64 &&
      core.breakpoints.size === 0 &&
      !core.mmu.hasWatches &&
      !core.cpu.checksAlignment(core.isProcess)
    );
  }

  /** Whether the interpreter has executed what comes before. */
  get isWarm(): boolean {
    return this.#warmUp.isOver;
  }

  /** Figures for benchmarks. */
  get statistics(): Record<"forms" | "modules" | "wasmBytes" | "arenaBytes" | "decoded", number> {
    const { forms, handlers, arena, blocks } = this.#made ?? {};
    return {
      decoded: blocks?.decoded ?? 0,
      forms: forms?.count ?? 0,
      modules: handlers?.statistics.modules ?? 0,
      wasmBytes: handlers?.statistics.wasmBytes ?? 0,
      arenaBytes: arena?.used ?? 0,
    };
  }

  get #parts(): Parts {
    return (this.#made ??= this.#make());
  }

  #make(): Parts {
    const { mmu } = this.#core;
    const { start, size } = arenaOf(this.#memory.size);
    const most = FIRST + (this.#options.recordBytes ?? size);
    const arena = new Arena(this.#memory.wasm.buffer, start, Math.min(size, most));
    const forms = new Forms({ arena: start, base: mmu.base, size: mmu.size });
    const handlers = this.#newHandlers(forms);
    const blocks = new Blocks(this.#core, arena, forms);
    const countdowns = new Countdowns(arena, blocks, this.#hooks);
    const links = new Links(this.#core, this.#hooks, arena, this.#view);
    return { arena, forms, handlers, blocks, countdowns, links };
  }

  /** With those of an earlier run, where they are what they should be. */
  #newHandlers(forms: Forms): Handlers {
    const { arena, tailCalls } = this.#key;
    const door = (record: number, fuel: number) => this.#door(record, fuel);
    const make = (stored?: StoredTier) =>
      new Handlers(this.#memory.wasm, { arena, tailCalls }, door, stored?.handlers);
    const stored = this.#stored;
    if (stored === undefined) return make();
    try {
      const handlers = make(stored);
      forms.enterLater(() => enterForms(forms, stored.forms));
      return handlers;
    } catch {
      this.#stored = this.#storedBytes = undefined;
      return make();
    }
  }

  get #key(): TierKey {
    const { base, size } = this.#core.mmu;
    const memoryPages = memoryPagesOf(this.#memory.wasm);
    const tailCalls = this.#options.tailCalls ?? hasTailCalls();
    return { arena: arenaOf(this.#memory.size).start, base, size, memoryPages, tailCalls };
  }

  restore(bytes: Uint8Array): void {
    if (!this.isPossible) return;
    this.#stored = decodeTier(bytes, this.#key);
    if (this.#stored === undefined) return;
    this.#storedBytes = bytes;
    this.#stores = this.#stored.stores;
    this.#warmUp.skip();
  }

  /** Takes an earlier run's records where nothing is decoded yet. */
  #takeRecords(): void {
    const { arena, blocks, countdowns, forms } = this.#parts;
    const stored = this.#stored;
    if (stored === undefined || !forms.hasFloats || this.#taken === MAX_TAKEN) return;
    this.#taken++;
    takeRecords(stored.records, this.#core, arena, blocks, this.#hooks.countdown);
    for (const pc of this.#hooks.translated()) countdowns.setTranslated(pc, true);
  }

  get #counts(): number[] {
    return [this.#made?.blocks.decoded ?? 0, this.#made?.handlers.statistics.modules ?? 0];
  }

  get hasNews(): boolean {
    const [decoded, made] = this.#counts.map((count, index) => count - (this.#storedCounts[index] ?? 0));
    const records = (this.#made?.arena.used ?? 0) / RECORD;
    const least = this.#stores < STORES ? 0 : records / WORTH_STORING;
    return made !== 0 || (decoded ?? 0) > least;
  }

  store(isLast: boolean): Uint8Array | undefined {
    const made = this.#made;
    if (made === undefined || !made.forms.hasFloats || !this.isPossible) return this.#storedBytes;
    if (isLast) this.#makeHandlers();
    this.#storedCounts = this.#counts;
    const { arena, blocks, forms, handlers } = made;
    return encodeTier(
      {
        handlers: handlers.store(),
        forms: (forms.areLater ? this.#stored?.forms : undefined) ?? encodeForms(forms),
        records: storedRecords(this.#core, arena, blocks),
        stores: ++this.#stores,
      },
      this.#key,
    );
  }

  setCountdown(pc: number, jumps: number): void {
    this.#made?.countdowns.setCountdown(pc, jumps);
  }

  setTranslated(pc: number, on: boolean): void {
    this.#made?.countdowns.setTranslated(pc, on);
  }

  restart(pcs: Iterable<number>): void {
    this.#made?.countdowns.restart(pcs);
  }

  updateTranslated(): void {
    this.#made?.countdowns.updateTranslated();
  }

  jumpsTo(pc: number): number {
    return this.#made?.countdowns.jumpsTo(pc) ?? 0;
  }

  counts(): Iterable<readonly [pc: number, count: number]> {
    return this.#made?.countdowns.counts() ?? [];
  }

  /** Forgets what is decoded; handlers stay. */
  forgetAll(): void {
    this.#made?.blocks.clear();
    this.#made?.links.clear();
    this.#epoch++;
  }

  /** Executes at most `limit` instructions, as `Core.run` does; throws what the guest raises. */
  run(limit: number): Outcome {
    const core = this.#core;
    const end = core.executed + limit;
    if (!this.isWarm) {
      this.#warmUp.run(limit);
      if (core.stop || core.executed >= end) return core.stop ? "stopped" : "limit";
      if (!this.isWarm) return "stopped";
    }
    const { onJump } = core;
    core.onJump = undefined;
    try {
      return this.#runHandlers(end);
    } catch (error) {
      if (!(error instanceof HandlersRefused)) throw error;
      // The interpreter does without.
      this.isPossible = false;
      return "stopped";
    } finally {
      core.onJump = onJump;
    }
  }

  /** Decodes what the options name. */
  #beginAhead(): void {
    this.#isBegun = true;
    this.#version = this.#core.mmu.version;
    this.#parts.forms.hasFloats = !this.#hooks.isExact();
    this.#takeRecords();
    for (const pc of this.#options.ahead ?? []) this.#headAt(pc);
    this.#makeHandlers();
  }

  #runHandlers(end: number): Outcome {
    const core = this.#core;
    if (!this.#isBegun) this.#beginAhead();
    let isFirst = true;
    while (core.executed < end) {
      if (core.stop || !this.isUsable) return "stopped";
      const hasFloats = !this.#hooks.isExact();
      if (core.mmu.version !== this.#version || hasFloats !== this.#parts.forms.hasFloats) {
        this.#parts.forms.hasFloats = hasFloats;
        this.forgetAll();
        this.#version = core.mmu.version;
        this.#takeRecords();
      }
      const outcome = this.#go(end - core.executed, isFirst);
      if (outcome !== undefined) return outcome;
      isFirst = false;
    }
    return core.stop ? "stopped" : "limit";
  }

  /** Runs handlers from rip on until they leave. */
  #go(left: number, isFirst: boolean): Outcome | undefined {
    const core = this.#core;
    const { arena, handlers, countdowns } = this.#parts;
    const head = this.#headAt(core.cpu.rip);
    if (head === 0) {
      core.run(Math.min(left, UNDECODED));
      return undefined;
    }
    if (!isFirst && countdowns.left(head) <= 0) return countdowns.arrived(head);
    if (this.#isImpatient) this.#makeHandlers();
    const fuel = Math.min(left, MAX_FUEL);
    const count = arena.count(head);
    if (count > fuel) {
      core.run(fuel);
      return undefined;
    }
    this.#settleFlags();
    this.#total = core.executed + fuel;
    this.#isOut = false;
    handlers.run(head + RECORD, fuel - count);
    if (!this.#isOut) return this.#left();
    if (this.#raised !== undefined) {
      const { error } = this.#raised;
      this.#raised = undefined;
      throw error;
    }
    return undefined;
  }

  /** Whether handlers are worth making now. */
  get #isImpatient(): boolean {
    const { blocks, handlers } = this.#parts;
    const waiting = blocks.pending.size;
    if (waiting === 0) return false;
    return (
      this.#impatience >= (this.#options.patience ?? PATIENCE) ||
      waiting >= Math.min(MOST_AT_ONCE, Math.max(LEAST_WAITING, handlers.count * WAITING_SHARE))
    );
  }

  /** Handlers know the flags as the interpreter stores them. */
  #settleFlags(): void {
    const { cpu } = this.#core;
    if ((cpu.i32[state.flagsOperation >> 2] ?? 0) >> 2 < FlagsOperation.bits) return;
    const { rflags } = cpu;
    cpu.rflags = rflags;
  }

  #makeHandlers(): void {
    this.#impatience = 0;
    const { blocks, forms, handlers } = this.#parts;
    const wanted = [...blocks.pending].sort((a, b) => a.parts.length - b.parts.length);
    if (wanted.length === 0) return;
    handlers.make(wanted, (form) => forms.take(form));
    blocks.settle(wanted);
  }

  #headAt(pc: number): number {
    const { blocks, countdowns, links } = this.#parts;
    const known = blocks.find(pc);
    if (known !== 0) return known;
    const { clears } = blocks;
    const head = blocks.decode(pc);
    if (blocks.clears !== clears) {
      // The arena was full.
      links.clear();
      this.#epoch++;
    }
    if (head !== 0) countdowns.begin(head, pc);
    return head;
  }

  /** A jump left because of the head that it found. */
  #left(): Outcome | undefined {
    const core = this.#core;
    const { arena, countdowns, links } = this.#parts;
    const view = this.#view;
    const from = view.getInt32(words.from, true);
    const found = view.getInt32(words.head, true);
    const fuel = view.getInt32(words.fuel, true);
    // A stub has taken more than there is.
    core.executed = this.#total - fuel;
    const isNext = found === NEXT_STUB || links.isNext(from, found);
    core.cpu.rip = found === STUB || found === NEXT_STUB ? links.target(from, isNext) : arena.pc(found);
    const arrivedWhereDue = (head: number) =>
      countdowns.left(head) < 0 ? countdowns.arrived(head) : undefined;
    if (arena.isValid(found)) return arrivedWhereDue(found);
    const epoch = this.#epoch;
    const head = this.#headAt(core.cpu.rip);
    if (head === 0) return undefined;
    if (epoch === this.#epoch) links.link(from, head, isNext);
    if (isNext) return undefined;
    countdowns.count(head);
    return arrivedWhereDue(head);
  }

  /**
   * Executes a record's instruction by the interpreter, and those behind it that have no handler either; the record that is
   * next, or 0 to leave.
   */
  #door(record: number, fuel: number): number {
    const core = this.#core;
    const { cpu, mmu } = core;
    const { arena, forms } = this.#parts;
    const head = arena.headOf(record);
    const epoch = this.#epoch;
    let rest = arena.rest(record);
    this.#isOut = true;
    for (;;) {
      const pc = arena.pc(record);
      const isPending = arena.hasFlag(record, recordFlags.pending);
      core.executed = this.#total - fuel - rest - 1;
      cpu.rip = pc;
      try {
        core.runOne();
      } catch (error) {
        this.#raised = { error };
        return 0;
      }
      if (isPending && ++this.#impatience >= (this.#options.patience ?? PATIENCE)) return 0;
      if (core.stop || epoch !== this.#epoch || mmu.version !== this.#version) return 0;
      if (!arena.isValid(head) || (core.isExact && forms.hasFloats)) return 0;
      if (rest === 0 || cpu.rip !== pc + arena.length(record)) break;
      record += RECORD;
      rest--;
      if (arena.word(record) === fixedHandlers.slow) continue;
      this.#isOut = false;
      this.#view.setInt32(words.fuel, fuel, true);
      return record;
    }
    this.#isOut = false;
    return this.#enter(fuel + rest);
  }

  /** Goes on in the block at rip, if it is known and nothing is against it. */
  #enter(fuel: number): number {
    const { arena, blocks, countdowns } = this.#parts;
    const head = blocks.find(this.#core.cpu.rip);
    this.#isOut = true;
    if (head === 0) return 0;
    const count = arena.count(head);
    if (count > fuel || countdowns.left(head) < 1) return 0;
    countdowns.count(head);
    this.#view.setInt32(words.fuel, fuel - count, true);
    this.#isOut = false;
    return head + RECORD;
  }
}
