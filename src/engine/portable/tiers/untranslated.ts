// Runs what is not translated, on the first tier or in the interpreter, to where something else goes on; and has what is hot
// translated.
import type { GuestCore } from "../guest-core.js";
import type { Conditions } from "./conditions.js";
import { NEVER } from "./first-tier.js";
import { RETRIES } from "./hotness.js";
import type { Profile } from "./guest-code.js";
import type { Translations } from "./translations.js";

/** How much faster translated code is, about: so a budget is a time. */
const INTERPRETED_WEIGHT = 32;
/** The same for the first tier. */
const THREADED_WEIGHT = 4;
/**
 * Where a stop test left a loop, the interpreter goes on to where a unit begins: one that began here would be another
 * copy of the function, and hardly a better one. Only where none comes within so many jumps is one made.
 */
const QUIET_JUMPS = 500;

export class Untranslated {
  /** Instructions so far. */
  count = 0;
  readonly #core: GuestCore;
  readonly #conditions: Conditions;
  readonly #profile: Profile;
  readonly #translations: Translations;
  /** Jumps still to pass without making anything hot. */
  #quiet = 0;

  constructor(core: GuestCore, conditions: Conditions, profile: Profile, translations: Translations) {
    this.#core = core;
    this.#conditions = conditions;
    this.#profile = profile;
    this.#translations = translations;
  }

  /** What an instruction counts for, in translated ones. */
  get weight(): number {
    if (this.#conditions.isCounted) return 1;
    const { tier } = this.#profile;
    return tier?.isUsable === true && tier.isWarm ? THREADED_WEIGHT : INTERPRETED_WEIGHT;
  }

  /** Runs from where the core is, for as long as `limit` translated instructions would take; gives the instructions. Throws what the guest raises. */
  run(limit: number): void {
    const core = this.#core;
    const before = core.executed;
    try {
      if (this.#profile.tier?.isUsable === true) this.#runTier(Math.ceil(limit / this.weight));
      else core.run(Math.ceil(limit / this.weight));
    } finally {
      this.count += core.executed - before;
    }
  }

  #runTier(limit: number): void {
    const { tier, hotness } = this.#profile;
    if (tier?.run(limit) !== "hot") return;
    const pc = this.#core.next;
    const { current, areCurrent } = this.#translations;
    // What a stop test has left is worth a unit of its own only after longer.
    const isQuiet = this.#quiet > 0;
    this.#quiet = 0;
    if (isQuiet || current === undefined || !areCurrent || current.translate(pc) === 0) {
      const isHopeless = current?.isUntranslatable(pc) === true;
      tier.setCountdown(pc, isHopeless ? NEVER : Math.ceil(hotness.threshold / RETRIES));
    }
  }

  /** Whether a jump of the interpreter's to an address without a unit makes it one. */
  jumped(pc: number): boolean {
    if (this.#quiet > 0) {
      this.#quiet--;
      return false;
    }
    return this.#profile.hotness.count(pc, "jump") && this.#translations.current?.translate(pc) !== 0;
  }

  /** A stop test has left translated code, or it is entered again. */
  setQuiet(on: boolean): void {
    this.#quiet = on ? QUIET_JUMPS : 0;
  }
}
