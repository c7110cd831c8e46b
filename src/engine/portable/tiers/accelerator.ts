// Chooses between interpreter, first tier and translated code: counts where the guest jumps to, has what is hot translated,
// runs it, and does what translated code leaves to be done. docs/engine.md.
import type { VcpuOptions } from "../../contract.js";
import { CallProfile } from "./call-profile.js";
import type { GuestCore } from "../guest-core.js";
import { exportCache, importCache } from "./kept.js";
import { Hotness, THREADED_JUMPS, THRESHOLD } from "./hotness.js";
import type { MachineMemory } from "../memory/machine-memory.js";
import type { FirstTier, TierHooks } from "./first-tier.js";
import { Awaited } from "./awaited.js";
import { Conditions } from "./conditions.js";
import { FailedChecks } from "./failed-checks.js";
import { Frames, INSTRUCTIONS_PER_FUEL } from "./frames.js";
import { type TranslationOptions, Translations } from "./translations.js";
import { Untranslated } from "./untranslated.js";
import { UnwatchedPages } from "./unwatched-pages.js";
import { STACK_BYTES } from "../link/protocol.js";

export interface AcceleratorOptions extends TranslationOptions {
  /** Makes a first tier, where there is one; without, the interpreter does all that is not translated. */
  readonly newFirstTier?: ((hooks: TierHooks) => FirstTier) | undefined;
}

/** Loop rounds and calls before the first stop tests, so that what V8 has optimised meanwhile is entered; then longer. */
const [FIRST_FUEL, MAX_FUEL, GROWTH] = [50_000, 20_000_000, 2];
/** Instructions, about, until whoever runs the core sees it again; the same where none is translated. */
const [MAX_RUN, MAX_UNTRANSLATED] = [1e9, 320_000];

export interface Accelerator {
  /** Runs a core about `limit` instructions, as `Core.run` does; throws what the guest raises. */
  readonly run: (limit: number) => void;
  readonly exportCache: (msecs: number) => Uint8Array | undefined;
  readonly importCache: (bytes: Uint8Array) => void;
  readonly end: () => void;
}

/** The tiers of a core, put together: each knows those that it hands on to. */
function tiersOf(core: GuestCore, memory: MachineMemory, options: VcpuOptions, given: AcceleratorOptions) {
  const { mmu } = core;
  const { threshold, newFirstTier } = given;
  const conditions = new Conditions(core, options.profile === "replay", options.isWatched === true);
  const calls = new CallProfile(core.isa, mmu.bytes);
  const unwatched = new UnwatchedPages(mmu);
  const hooks: TierHooks = {
    countdown: () => hotness.threshold,
    isExact: () => conditions.isExactLately(),
    isTranslated: (pc) => awaited.has(pc) || (translations.areCurrent && translations.find(pc) !== 0),
    translated: () => [...awaited.all, ...translations.entries],
    called: (site, target) => calls.jumped(mmu.base + site, site, target, translations.find(target) !== 0),
  };
  const tier = newFirstTier?.(hooks);
  const hotness = new Hotness(threshold ?? (tier?.isPossible === true ? THREADED_JUMPS : THRESHOLD));
  const profile = { calls, hotness, tier, failed: new FailedChecks(given.looksUp) };
  const shared = { core, memory, conditions, profile, unwatched };
  const translations = new Translations({ ...shared, doors: () => frames.doors }, options, given);
  const awaited = new Awaited((pc, isAwaited) => {
    if (isAwaited || translations.find(pc) === 0) tier?.setTranslated(pc, isAwaited);
  });
  const untranslated = new Untranslated(core, conditions, profile, translations);
  const frames: Frames = new Frames({ ...shared, translations, untranslated, awaited });
  return { conditions, calls, tier, translations, untranslated, frames };
}

export function accelerate(
  core: GuestCore,
  memory: MachineMemory,
  options: VcpuOptions,
  given: AcceleratorOptions = {},
): Accelerator {
  const { mmu } = core;
  const { threshold } = given;
  const tiers = tiersOf(core, memory, options, given);
  const { conditions, calls, translations, untranslated, frames } = tiers;

  /** Called by the interpreter at every jump: true leaves it, where there is a unit to go on with or somebody waits. */
  const onJump = (pc: number): boolean => {
    if (frames.isBack) return true;
    if (translations.current === undefined || !translations.areCurrent) return false;
    const isTranslated = translations.find(pc) !== 0;
    calls.jumped(mmu.base + core.pc, core.pc, pc, isTranslated);
    return isTranslated || untranslated.jumped(pc);
  };

  let fuelSlice = FIRST_FUEL;
  /** Runs translated code from where the core is; false where there is none or it needs the interpreter at once. */
  const enter = (limit: number): boolean => {
    const { isCounted } = conditions;
    const slot =
      threshold === 0 ? (translations.current?.translate(core.next) ?? 0) : translations.find(core.next);
    if (slot === 0) return false;
    const fuel = isCounted
      ? Math.min(fuelSlice * INSTRUCTIONS_PER_FUEL, limit)
      : Math.max(1, Math.min(fuelSlice, Math.ceil(limit / INSTRUCTIONS_PER_FUEL)));
    // Too few for the longest unit between two tests: the interpreter counts them one by one.
    if (fuel < frames.leastFuel) return false;
    untranslated.setQuiet(false);
    frames.isOut = false;
    frames.nested = 0;
    const { generation } = translations;
    const rest = frames.enterUnit(slot, fuel, STACK_BYTES);
    core.executed += isCounted ? fuel - rest - frames.nested : (fuel - rest) * INSTRUCTIONS_PER_FUEL;
    frames.raise();
    if (frames.isOut || rest < frames.leastFuel) {
      fuelSlice = Math.min(MAX_FUEL, fuelSlice * GROWTH);
      untranslated.setQuiet(true);
      return false;
    }
    return frames.isStopped(generation) || frames.arrived(core.next, "return") !== 0;
  };

  /** Where nothing counts instructions exactly, one that is interpreted counts for as many as take the same time translated. */
  const interpret = (limit: number): void => {
    const { weight } = untranslated;
    const before = core.executed;
    try {
      untranslated.run(limit);
    } finally {
      core.executed += (core.executed - before) * (weight - 1);
    }
  };

  const run = (limit: number): void => {
    const end = core.executed + Math.min(limit, MAX_RUN);
    while (core.executed < end && !core.stop) {
      if (!conditions.isPlain()) {
        core.onJump = undefined;
        return interpret(end - core.executed);
      }
      core.onJump = onJump;
      if (translations.prepare() === undefined)
        return interpret(Math.min(end - core.executed, MAX_UNTRANSLATED));
      // Once round in the interpreter: at least one instruction, and on until it meets translated code.
      if (!enter(end - core.executed) && !core.stop) interpret(end - core.executed);
    }
  };

  return {
    run,
    exportCache: (msecs) => exportCache(tiers, msecs),
    importCache: (bytes) => importCache(tiers, bytes),
    end: () => translations.end(),
  };
}
