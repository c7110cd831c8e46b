// Chooses between interpreter and translated code: counts where the interpreter jumps to, has what is hot translated,
// runs it, and does what translated code leaves to be done. docs/engine.md.
import type { VcpuOptions } from "../contract.js";
import { CallProfile } from "./call-profile.js";
import type { Core } from "./core.js";
import { type Plain, plainMemory } from "./flat.js";
import { Hotness, THRESHOLD } from "./hotness.js";
import type { MachineMemory } from "./machine-memory.js";
import { pageSize } from "../../bytes/align.js";
import { pageBits, state } from "./state.js";
import { ThreadedTier, type TierOptions } from "./threaded/index.js";
import { NEVER } from "./threaded/layout.js";
import {
  CAREFUL,
  CAREFUL_KEY,
  COUNTED_MIN,
  LEAVE,
  RETURN_SPAN,
  STACK_BYTES,
  STACK_FOR_INTERPRETER,
  STACK_RESERVE,
  words,
} from "./translate/protocol.js";
import { RSP } from "./translate/slots.js";
import { decodeStored, encodeStored, isSameKey, type StoredCode } from "./translate/stored.js";
import { Line } from "./translate/line.js";
import { RemoteTranslator } from "./translate/remote.js";
import { type Doors, type GuestCode, type Translation, Translator } from "./translate/translator.js";

export interface AcceleratorOptions {
  /** Jumps to an address before it is translated; 0 translates whatever comes. */
  readonly threshold?: number;
  /** Where memory is plain, for tests of a part of it; found out from tables and protections otherwise. */
  readonly plain?: Plain;
  /** Of the first tier; `off` has the interpreter do all that is not translated. */
  readonly firstTier?: TierOptions | "off";
}

/** Loop rounds and calls before the first stop tests, so that what V8 has optimised meanwhile is entered; then longer. */
const FIRST_FUEL = 50_000;
/** Instructions, about, until whoever runs the core sees it again. */
const MAX_RUN = 1e9;
/** The opcode of RET imm16. */
const RET_IMMEDIATE = 0xc2;
const MAX_FUEL = 20_000_000;
const GROWTH = 2;
/** How much faster translated code is, about: so a budget is a time. */
const INTERPRETED_WEIGHT = 32;
/** The same for the first tier. */
const THREADED_WEIGHT = 4;
/**
 * Jumps to an address before it is translated, where the first tier runs it: that takes as long as translating a function.
 * With 150, a JavaScript engine's start of 2.5 million instructions took 23 s, with 3,000 it took 3 s, so 0.7 s.
 */
const THREADED_JUMPS = 3000;
/** What is hot and cannot be translated yet is tried again after a part of them. */
const RETRIES = 8;
/** Instructions that a run must have left to the interpreter, that later ones gain from more being translated. */
const WORTH_COMPLETING = 2000;
/** A guest that changes its mappings all the time does not get what an earlier run translated each time. */
const MAX_RESTORED = 8;
/**
 * Where a stop test left a loop, the interpreter goes on to where a unit begins: one that began here would be another
 * copy of the function, and hardly a better one. Only where none comes within so many jumps is one made.
 */
const QUIET_JUMPS = 500;
/** A run that ends sooner starts no thread that translates: that takes as long. */
const WORTH_MSECS = 50;
/** A thread that translates is given a copy of the guest's code: of so many bytes at most. */
const MOST_COPIED = 64 << 20;
/** Instructions, about, for which floating point is left to the interpreter after it had to be exact. */
const EXACT_SPAN = 2 ** 22;
/** Guest instructions to a loop round or call, about: what a budget in instructions means in fuel. */
const INSTRUCTIONS_PER_FUEL = 8;

export interface Accelerator {
  /** Runs a core about `limit` instructions, as `Core.run` does; throws what the guest raises. */
  readonly run: (limit: number) => void;
  readonly exportCache: (msecs: number) => Uint8Array | undefined;
  readonly importCache: (bytes: Uint8Array) => void;
  readonly end: () => void;
}

export function accelerate(
  core: Core,
  memory: MachineMemory,
  options: VcpuOptions,
  { threshold, plain: given, firstTier = {} }: AcceleratorOptions = {},
): Accelerator {
  const { cpu, mmu } = core;
  const { wasm } = memory;
  const view = new DataView(wasm.buffer);
  const calls = new CallProfile(mmu.bytes);
  const counted = options.profile === "replay";
  let translator: Translation | undefined;
  /** Whether its code is exact, and the one whose code is otherwise. */
  let isExact = false;
  let other: Translation | undefined;
  /** A thread that translates; what is counted is translated here. */
  const line =
    options.beside === undefined || counted
      ? undefined
      : new Line(options.beside, () => forget(), threshold === undefined ? WORTH_MSECS : 0);
  let version = -1;
  let generation = 0;
  /** What an instruction of the interpreter's raised while translated code waits. */
  let raised: { readonly error: unknown } | undefined;
  let writable = 0;
  /** What an earlier run translated, and how often that was taken. */
  let stored: StoredCode | undefined;
  let restored = 0;
  let interpreted = 0;
  let fuelSlice = FIRST_FUEL;
  /** `core.executed` when floating point last had to be exact. */
  let lastExact = Number.NEGATIVE_INFINITY;
  /** Jumps still to pass after a stop test without making anything hot. */
  let quiet = 0;
  /** Translated code was left because its fuel was used up. */
  let isOut = false;
  /** Instructions that the interpreter has counted already while translated code waited. */
  let nested = 0;
  /** Frames of translated code wait for a stack pointer above this. */
  let returnAbove = Number.POSITIVE_INFINITY;
  /** What units must have to be entered. */
  const leastFuel = counted ? COUNTED_MIN : 1;

  /** What a nested run reports to those around it: everything unwinds, the state area says where to go on. */
  const unwind = (): number => {
    view.setBigInt64(words.target, LEAVE, true);
    view.setBigInt64(state.rip, BigInt(cpu.rip), true);
    return 1;
  };
  const isStopped = (before: number): boolean =>
    core.stop ||
    raised !== undefined ||
    !isPlain() ||
    isExactLately() !== isExact ||
    generation !== before ||
    mmu.version !== version;

  const slow = (next: number): number => {
    cpu.rip = (cpu.i32[(state.rip >> 2) + 1] ?? 0) * 0x1_0000_0000 + ((cpu.i32[state.rip >> 2] ?? 0) >>> 0);
    const before = generation;
    const start = cpu.rip;
    for (;;) {
      step();
      if (isStopped(before)) return unwind();
      if (cpu.rip === next) return 0;
      // In between where several were handed on at once; elsewhere after a jump.
      if (cpu.rip <= start || cpu.rip > next) return unwind();
    }
  };
  /** One instruction of the interpreter's; what it raises waits until translated code is left. */
  const step = (): void => {
    if (unwatched.size > 0) forgetUnwatched();
    try {
      core.runOne();
    } catch (error) {
      raised = { error };
    }
  };
  const settle = () => {
    const { rflags } = cpu;
    cpu.rflags = rflags;
  };

  /** Where functions return to whose callers wait, and for how many. */
  const awaited = new Map<number, number>();
  const tier: ThreadedTier | undefined =
    firstTier === "off"
      ? undefined
      : new ThreadedTier(
          core,
          memory,
          {
            countdown: (): number => jumps,
            isExact: () => isExactLately(),
            isTranslated: (pc) =>
              awaited.has(pc) || (mmu.version === version && (translator?.find(pc) ?? 0) !== 0),
            called: (site, target) =>
              calls.jumped(mmu.base + site, site, target, (translator?.find(target) ?? 0) !== 0),
          },
          firstTier,
        );

  /** Jumps to an address before it is translated. */
  const jumps: number = threshold ?? (tier?.isPossible === true ? THREADED_JUMPS : THRESHOLD);
  const hotness = new Hotness(jumps);

  const forget = () => {
    translator?.end();
    other?.end();
    translator = other = undefined;
    generation++;
    hotness.clear();
    tier?.updateTranslated();
  };
  const previous = mmu.onCodeWritten;
  mmu.onCodeWritten = (page) => {
    previous(page);
    if (translator?.dependsOn(page) === true || other?.dependsOn(page) === true) forget();
  };

  /** Pages with decoded code that translated code may store to without a word: stale whenever it has run. */
  const unwatched = new Set<number>();
  mmu.onCodeHeld = (page) => {
    if (page * pageSize >= writable) unwatched.add(page);
  };
  const forgetUnwatched = (): void => {
    for (const page of unwatched) if (page * pageSize >= writable) mmu.forgetPage(page);
    unwatched.clear();
  };

  /** Code in writable pages stays with the interpreter, which notices that it changes. */
  const isExecutable = (pc: number): boolean => {
    if (pc >= writable) return false;
    const page = Math.floor(pc / pageSize);
    if (((mmu.pages[page] ?? 0) & pageBits.execute) !== 0) return true;
    try {
      mmu.byteAt(pc, "execute");
    } catch {
      return false;
    }
    return true;
  };

  /** Goes on with code that is exact, or that is not. */
  const changeExactness = (): void => {
    translator?.drop();
    [translator, other] = [other, translator];
    translator?.use();
    isExact = !isExact;
    hotness.clear();
    tier?.updateTranslated();
  };

  const doors: Doors = {
    slow,
    settle,
    missing: (fuel, depth) => elsewhere(fuel, depth, false),
    failed: (fuel, depth) => elsewhere(fuel, depth, true),
    installed: (pc) => tier?.setTranslated(pc, true),
  };
  const holdsCode = (page: number): void => void mmu.holdsCode(mmu.base + page * pageSize);

  const newTranslation = (code: GuestCode): Translation => {
    if (line?.isUsable !== true || code.shape.writable > MOST_COPIED) {
      const { later } = options;
      return new Translator(wasm, code, doors, holdsCode, { isTimed: threshold === undefined, later });
    }
    const profile = { ran: core.ran, calls, counts: countsNow };
    const changed = () => {
      line.noteChange();
      forget();
    };
    return line.open(
      (session) => new RemoteTranslator(session, wasm, code, doors, holdsCode, changed, profile, line),
    );
  };

  /** How often addresses have been jumped to, as far as that matters: an address, then its count. */
  const countsNow = (): Float64Array =>
    Float64Array.from([...hotness.counts(), ...(tier?.counts() ?? [])].flat());

  const prepare = (): Translation | undefined => {
    version = mmu.version;
    const plain = given ?? plainMemory(cpu, mmu, options);
    if (plain === undefined || core.mode !== 64) return undefined;
    writable = plain.writable;
    calls.addRoot(cpu.rip);
    const bytes = mmu.bytes.subarray(mmu.base, mmu.base + mmu.size);
    const code: GuestCode = {
      bytes,
      shape: { base: mmu.base, ...plain },
      isExecutable,
      counts: counted,
      exact: isExact,
      isKnown: (pc) => hotness.isKnown(pc) || core.ran.has(pc),
      hasRun: (pc) => threshold === 0 || core.ran.has(pc),
      decoded: (pc) => core.decoded(pc),
      countAt: (pc) => hotness.at(pc) + (tier?.jumpsTo(pc) ?? 0),
      targetsOf: (pc) => calls.targetsOf(pc),
      jumpTargetsOf: (pc) => calls.jumpTargetsOf(pc),
      jumpSourcesOf: (pc) => calls.jumpSourcesOf(pc),
      registerNow: (index) => Number(cpu.gpr(index)),
    };
    const fresh = () => newTranslation(code);
    const made = fresh();
    if (isExact || stored === undefined || restored === MAX_RESTORED || !isSameKey(stored.key, made.key))
      return made;
    restored++;
    try {
      if (!made.restore(stored)) stored = undefined;
      return made;
    } catch {
      // The module is none, or none of ours.
      stored = undefined;
      return fresh();
    }
  };

  /** Whether translated code may run at all now. */
  const isPlain = (): boolean =>
    core.breakpoints.size === 0 &&
    !mmu.hasWatches &&
    !mmu.tracksDirty &&
    !cpu.checksAlignment(core.isProcess) &&
    !(counted && isExactLately());
  /** Code that sets a rounding mode and takes it back mostly does so again soon. */
  const isExactLately = (): boolean => {
    // A counted run begins exact, whatever its code does.
    if (core.isExact && counted && core.keepsExceptions) return true;
    if (core.isExact) lastExact = core.executed;
    return core.executed - lastExact < EXACT_SPAN;
  };

  /** A number as far as it goes: beyond 2^53 no stack is. */
  const stackPointer = (): number => (cpu.i32[2 * RSP + 1] ?? 0) * 2 ** 32 + ((cpu.i32[2 * RSP] ?? 0) >>> 0);

  /** Whether the function has returned whose caller waits. */
  const isBack = (): boolean => {
    const above = stackPointer() - returnAbove;
    return above > 0 && above <= RETURN_SPAN;
  };

  /** Called by the interpreter at every jump: true leaves it, where there is a unit to go on with or somebody waits. */
  const onJump = (pc: number): boolean => {
    if (isBack()) return true;
    if (translator === undefined || mmu.version !== version) return false;
    const isTranslated = translator.find(pc) !== 0;
    calls.jumped(mmu.base + core.pc, core.pc, pc, isTranslated);
    if (isTranslated) return true;
    if (quiet > 0) {
      quiet--;
      return false;
    }
    return hotness.count(pc, "jump") && translator.translate(pc) !== 0;
  };

  /** Translated code came to an address, which may be worth a unit by now. */
  const arrived = (pc: number, event: "call" | "return"): number => {
    if (translator === undefined) return 0;
    if (event === "call") calls.addRoot(pc);
    const slot = translator.find(pc);
    if (slot !== 0 || translator.isUntranslatable(pc)) return slot;
    return hotness.count(pc, event) ? translator.translate(pc) : 0;
  };

  /**
   * Goes on where translated code cannot, at `words.elsewhere`, while its frames wait: interprets, and runs units where
   * there are some, until the function that this is in has returned. Fuel in and out, as a unit's; the address where it
   * came to is in `words.target`.
   */
  const elsewhere = (fuel: number, depth: number, isFailed: boolean): number => {
    cpu.rip = view.getUint32(words.elsewhere, true);
    const before = generation;
    const outer = returnAbove;
    let rest = fuel;
    const isRoomy = depth >= STACK_RESERVE && rest >= leastFuel;
    if (!isRoomy) {
      isOut ||= rest < leastFuel;
      unwind();
      return rest;
    }
    if (unwatched.size > 0) forgetUnwatched();
    const frame = view.getUint32(words.frame, true);
    const isCareful = frame === CAREFUL;
    const above = stackPointer() + (isCareful ? 0 : frame);
    if (isFailed && above === outer) {
      // The same call of a function goes on further out: frames of ours would pile up where this happens every round.
      rest -= 1;
      if (counted) nested++;
      step();
      unwind();
      return rest;
    }
    returnAbove = above;
    const returnsTo = awaitReturn();
    if (isCareful && hotness.count(cpu.rip + CAREFUL_KEY, "call")) {
      const slot = translator?.translateCareful(cpu.rip) ?? 0;
      if (slot !== 0) rest = enterUnit(slot, rest, depth - STACK_FOR_INTERPRETER);
    }
    if (isFailed || (isCareful && rest === fuel)) {
      step();
      rest -= counted ? 0 : 1;
      if (counted) [rest, nested] = [rest - 1, nested + 1];
    }
    const site = view.getUint32(words.site, true);
    if (site !== 0) {
      view.setUint32(words.site, 0, true);
      if (!isFailed) calls.jumped(mmu.base + site, site, cpu.rip, false);
    }
    let event: "call" | "return" = isFailed || site !== 0 ? "return" : "call";
    for (;;) {
      if (isStopped(before)) {
        unwind();
        break;
      }
      if (isBack()) {
        view.setBigInt64(words.target, BigInt(cpu.rip), true);
        break;
      }
      if (rest < leastFuel) {
        isOut = true;
        unwind();
        break;
      }
      const slot = arrived(cpu.rip, event);
      event = "return";
      if (slot === 0) {
        rest -= nestedInterpret(rest);
        continue;
      }
      rest = enterUnit(slot, rest, depth - STACK_FOR_INTERPRETER);
    }
    returnAbove = outer;
    awaitNoMore(returnsTo);
    return rest;
  };

  /** Has the first tier stop where the function that runs returns to; gives that address. */
  const awaitReturn = (): number => {
    const place = mmu.base + returnAbove;
    const pc = place >= mmu.base && place + 4 <= mmu.bytes.length ? view.getUint32(place, true) : 0;
    const count = awaited.get(pc) ?? 0;
    awaited.set(pc, count + 1);
    if (count === 0) tier?.setTranslated(pc, true);
    return pc;
  };
  const awaitNoMore = (pc: number): void => {
    const count = (awaited.get(pc) ?? 0) - 1;
    if (count > 0) return void awaited.set(pc, count);
    awaited.delete(pc);
    if ((translator?.find(pc) ?? 0) === 0) tier?.setTranslated(pc, false);
  };

  /** Interprets to where something else goes on; gives the fuel that it took. */
  const nestedInterpret = (fuel: number): number => {
    const before = core.executed;
    const weight = weightNow();
    const limit = counted ? fuel : Math.ceil((fuel * INSTRUCTIONS_PER_FUEL) / weight);
    try {
      if (tier?.isUsable === true) runTier(tier, limit);
      else core.run(limit);
    } catch (error) {
      raised = { error };
    }
    const count = core.executed - before;
    interpreted += count;
    if (counted) nested += count;
    return counted ? count : Math.ceil((count * weight) / INSTRUCTIONS_PER_FUEL);
  };

  /** Runs units from rip, to where there is none or somebody waits; the fuel that is left. */
  const enterUnit = (slot: number, fuel: number, depth: number): number => {
    view.setBigInt64(state.rip, BigInt(cpu.rip), true);
    view.setBigInt64(
      words.returnAbove,
      returnAbove === Number.POSITIVE_INFINITY ? -1n : BigInt(returnAbove),
      true,
    );
    const rest = translator?.run(slot, fuel, depth) ?? fuel;
    cpu.rip = Number(view.getBigInt64(state.rip, true));
    if (unwatched.size > 0) forgetUnwatched();
    if (raised === undefined && (cpu.rip < 0 || cpu.rip >= 2 ** 32)) undoReturn();
    return rest;
  };

  /** RET to where no translated code can be: the interpreter does it again, and raises what there is to raise. */
  const undoReturn = (): void => {
    cpu.rip = view.getInt32(words.returned, true) >>> 0;
    const takesMore = mmu.bytes[mmu.base + cpu.rip] === RET_IMMEDIATE;
    const more = takesMore ? view.getUint16(mmu.base + cpu.rip + 1, true) : 0;
    if (counted) core.executed--;
    cpu.setGpr(4, BigInt.asUintN(64, cpu.gpr(4) - BigInt(8 + more)));
  };

  /** Runs translated code from rip; false where there is none or it needs the interpreter at once. */
  const enter = (limit: number): boolean => {
    if (translator === undefined) return false;
    const { rip } = cpu;
    const slot = threshold === 0 ? translator.translate(rip) : translator.find(rip);
    if (slot === 0) return false;
    const fuel = counted
      ? Math.min(fuelSlice * INSTRUCTIONS_PER_FUEL, limit)
      : Math.max(1, Math.min(fuelSlice, Math.ceil(limit / INSTRUCTIONS_PER_FUEL)));
    // Too few for the longest unit between two tests: the interpreter counts them one by one.
    if (fuel < leastFuel) return false;
    quiet = 0;
    isOut = false;
    nested = 0;
    const before = generation;
    const rest = enterUnit(slot, fuel, STACK_BYTES);
    core.executed += counted ? fuel - rest - nested : (fuel - rest) * INSTRUCTIONS_PER_FUEL;
    if (raised !== undefined) {
      const { error } = raised;
      raised = undefined;
      throw error;
    }
    if (isOut || rest < leastFuel) {
      fuelSlice = Math.min(MAX_FUEL, fuelSlice * GROWTH);
      quiet = QUIET_JUMPS;
      return false;
    }
    if (isStopped(before)) return true;
    return arrived(cpu.rip, "return") !== 0;
  };

  /** Runs the first tier to where something else goes on, or what is hot. */
  const runTier = (tier: ThreadedTier, limit: number): void => {
    if (tier.run(limit) !== "hot") return;
    const pc = cpu.rip;
    // What a stop test has left is worth a unit of its own only after longer.
    const isQuiet = quiet > 0;
    quiet = 0;
    if (isQuiet || translator === undefined || mmu.version !== version || translator.translate(pc) === 0)
      tier.setCountdown(pc, translator?.isUntranslatable(pc) === true ? NEVER : Math.ceil(jumps / RETRIES));
  };

  /** What an instruction that is not translated counts for. */
  const weightNow = (): number => {
    if (counted) return 1;
    return tier?.isUsable === true && tier.isWarm ? THREADED_WEIGHT : INTERPRETED_WEIGHT;
  };

  /** Where nothing counts instructions exactly, one that is interpreted counts for as many as take the same time translated. */
  const interpret = (limit: number): void => {
    const weight = weightNow();
    const before = core.executed;
    try {
      if (tier?.isUsable === true) runTier(tier, Math.ceil(limit / weight));
      else core.run(Math.ceil(limit / weight));
    } finally {
      const count = core.executed - before;
      interpreted += count;
      core.executed += count * (weight - 1);
    }
  };

  const run = (limit: number): void => {
    const end = core.executed + Math.min(limit, MAX_RUN);
    while (core.executed < end && !core.stop) {
      if (!isPlain()) {
        core.onJump = undefined;
        return interpret(end - core.executed);
      }
      if (mmu.version !== version) forget();
      if (isExactLately() !== isExact) changeExactness();
      translator ??= prepare();
      core.onJump = onJump;
      if (translator === undefined) return interpret(Math.min(end - core.executed, 320_000));
      if (!enter(end - core.executed) && !core.stop) {
        // Once round in the interpreter: at least one instruction, and on until it meets translated code.
        interpret(end - core.executed);
      }
    }
  };

  return {
    run,
    exportCache(msecs) {
      const kept = isExact ? other : translator;
      if (msecs > 0 && interpreted > WORTH_COMPLETING) kept?.complete(calls.roots, msecs);
      const code = kept?.store();
      return code === undefined ? undefined : encodeStored(code);
    },
    importCache(bytes) {
      stored = decodeStored(bytes);
    },
    end: () => line?.end(),
  };
}
