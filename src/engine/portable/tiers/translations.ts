// The translations of the guest as it is now: one that computes as WebAssembly does, one that is exact. They are forgotten
// when mappings or code change, and what an earlier run left is taken where it fits.
import { pageSize } from "../../../bytes/align.js";
import type { VcpuOptions } from "../../contract.js";
import type { GuestCore, PlainMemory } from "../guest-core.js";
import type { MachineMemory } from "../memory/machine-memory.js";
import { Line } from "../translate/line.js";
import { RemoteTranslator } from "../translate/remote.js";
import { isSameKey, type StoredCode } from "../link/stored.js";
import { type Doors, type GuestCode, type Translation, Translator } from "../translate/translator.js";
import type { Conditions } from "./conditions.js";
import { countsOf, guestCode, type Profile } from "./guest-code.js";
import type { UnwatchedPages } from "./unwatched-pages.js";

/** A guest that changes its mappings all the time does not get what an earlier run translated each time. */
const MAX_RESTORED = 8;
/** A run that ends sooner starts no thread that translates: that takes as long. */
const WORTH_MSECS = 50;
/** A thread that translates is given a copy of the guest's code: of so many bytes at most. */
const MOST_COPIED = 64 << 20;

export interface TranslationOptions {
  /** Jumps to an address before it is translated, where a test wants the same each time; 0 translates whatever comes. */
  readonly threshold?: number | undefined;
  /** Where memory is plain, for tests of a part of it; found out from tables and protections otherwise. */
  readonly plain?: PlainMemory | undefined;
  /** Every load looks at the page map from the start, for tests. */
  readonly looksUp?: boolean | undefined;
}

interface Parts {
  readonly core: GuestCore;
  readonly memory: MachineMemory;
  readonly conditions: Conditions;
  readonly profile: Profile;
  readonly unwatched: UnwatchedPages;
  readonly doors: () => Doors;
}

export class Translations {
  /** The one that runs. */
  current: Translation | undefined;
  /** Counts what makes all units stale. */
  generation = 0;
  readonly #parts: Parts;
  readonly #vcpu: VcpuOptions;
  readonly #options: TranslationOptions;
  readonly #line: Line | undefined;
  /** Whether the current one is exact, and the one that is otherwise. */
  #isExact = false;
  #other: Translation | undefined;
  /** The mappings that they are for. */
  #version = -1;
  #keepsFlags = false;
  /** What an earlier run translated, and how often that was taken. */
  #stored: StoredCode | undefined;
  #restored = 0;

  constructor(parts: Parts, vcpu: VcpuOptions, options: TranslationOptions) {
    this.#parts = parts;
    this.#vcpu = vcpu;
    this.#options = options;
    const { beside } = vcpu;
    const worth = options.threshold === undefined ? WORTH_MSECS : 0;
    // What is counted is translated here.
    const isBeside = beside !== undefined && !parts.conditions.isCounted;
    this.#line = isBeside ? new Line(beside, () => this.#forget(), worth) : undefined;
    const { mmu } = parts.core;
    const previous = mmu.onCodeWritten;
    mmu.onCodeWritten = (page) => {
      previous(page);
      if (this.current?.dependsOn(page) === true || this.#other?.dependsOn(page) === true) this.#forget();
    };
  }

  /** Whether they are for the mappings that there are now. */
  get areCurrent(): boolean {
    return this.#parts.core.mmu.version === this.#version;
  }

  /** Whether the current one computes as floating point must be now. */
  get isOfKind(): boolean {
    return this.#parts.conditions.isExactLately() === this.#isExact;
  }

  /** The slot of the unit at an address, or 0. */
  find(pc: number): number {
    return this.current?.find(pc) ?? 0;
  }

  /** Addresses of units, of translated code that is for what there is now. */
  get entries(): readonly number[] {
    return this.areCurrent ? (this.current?.entries ?? []) : [];
  }

  /** Makes the current one the right one, where there can be one at all. */
  prepare(): Translation | undefined {
    if (!this.areCurrent || this.#parts.conditions.keepsFlags !== this.#keepsFlags) this.#forget();
    if (!this.isOfKind) this.#changeKind();
    return (this.current ??= this.#make());
  }

  #forget(): void {
    this.current?.end();
    this.#other?.end();
    this.current = this.#other = undefined;
    this.generation++;
    this.#updateProfile();
  }

  #changeKind(): void {
    this.current?.drop();
    [this.current, this.#other] = [this.#other, this.current];
    this.current?.use();
    this.#isExact = !this.#isExact;
    this.#updateProfile();
  }

  #updateProfile(): void {
    const { hotness, tier } = this.#parts.profile;
    hotness.clear();
    tier?.updateTranslated();
  }

  #make(): Translation | undefined {
    const { core, conditions, profile, unwatched } = this.#parts;
    const { mmu } = core;
    this.#version = mmu.version;
    this.#keepsFlags = conditions.keepsFlags;
    const plain = this.#options.plain ?? core.plainMemory(this.#vcpu);
    if (plain === undefined) return undefined;
    unwatched.writable = plain.writable;
    profile.calls.addRoot(core.next);
    const code = guestCode(core, plain, profile, {
      counts: conditions.isCounted,
      exact: this.#isExact,
      keepsFlags: this.#keepsFlags,
      isAll: this.#options.threshold === 0,
    });
    const made = this.#new(code);
    return this.#isExact ? made : this.#restoredTo(made, code);
  }

  #new(code: GuestCode): Translation {
    const { core, memory, profile } = this.#parts;
    const { mmu } = core;
    const line = this.#line;
    const doors = this.#parts.doors();
    const holdsCode = (page: number): void => mmu.holdsCode(mmu.base + page * pageSize);
    if (line?.isUsable !== true || code.shape.writable > MOST_COPIED) {
      const isTimed = this.#options.threshold === undefined;
      return new Translator(memory.wasm, code, doors, holdsCode, { isTimed, later: this.#vcpu.later });
    }
    const changed = () => {
      line.noteChange();
      this.#forget();
    };
    const told = {
      ran: core.ran,
      calls: profile.calls,
      failed: profile.failed,
      counts: () => countsOf(profile),
    };
    return line.open(
      (session) => new RemoteTranslator(session, memory.wasm, code, doors, holdsCode, changed, told, line),
    );
  }

  /** A new one with what an earlier run has left, where that fits. */
  #restoredTo(made: Translation, code: GuestCode): Translation {
    const stored = this.#stored;
    if (stored === undefined || this.#restored === MAX_RESTORED || !isSameKey(stored.key, made.key))
      return made;
    this.#restored++;
    try {
      if (!made.restore(stored)) this.#stored = undefined;
      return made;
    } catch {
      // The module is none, or none of ours.
      this.#stored = undefined;
      return this.#new(code);
    }
  }

  /** What a later run can take, completed in so many milliseconds; undefined where nothing has come since, unless `isAll`. */
  store(msecs: number, isAll: boolean): StoredCode | undefined {
    const kept = this.#isExact ? this.#other : this.current;
    if (msecs > 0) kept?.complete(this.#parts.profile.calls.roots, msecs);
    return kept?.store(isAll);
  }

  /** Takes what an earlier run has stored, once there are translations. */
  restore(stored: StoredCode): void {
    this.#stored = stored;
  }

  end(): void {
    this.#line?.end();
  }
}
