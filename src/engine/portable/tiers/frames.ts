// Translated code and what it leaves to others: its frames wait while something else goes on, until the function that this
// is in has returned. docs/engine.md, "Elsewhere".
import type { GuestCore } from "../guest-core.js";
import type { MachineMemory } from "../memory/machine-memory.js";
import { state } from "../memory/state.js";
import {
  CAREFUL,
  CAREFUL_KEY,
  COUNTED_MIN,
  LEAVE,
  RETURN_SPAN,
  STACK_FOR_INTERPRETER,
  STACK_RESERVE,
  words,
} from "../link/protocol.js";
import type { Doors } from "../translate/translator.js";
import type { Awaited } from "./awaited.js";
import type { Conditions } from "./conditions.js";
import type { Profile } from "./guest-code.js";
import type { Translations } from "./translations.js";
import type { Untranslated } from "./untranslated.js";
import type { UnwatchedPages } from "./unwatched-pages.js";

/** Guest instructions to a loop round or call, about: what a budget in instructions means in fuel. */
export const INSTRUCTIONS_PER_FUEL = 8;

interface Parts {
  readonly core: GuestCore;
  readonly memory: MachineMemory;
  readonly conditions: Conditions;
  readonly profile: Profile;
  readonly translations: Translations;
  readonly untranslated: Untranslated;
  readonly unwatched: UnwatchedPages;
  readonly awaited: Awaited;
}

export class Frames {
  readonly doors: Doors;
  /** What units must have to be entered. */
  readonly leastFuel: number;
  /** Translated code was left because its fuel was used up. */
  isOut = false;
  /** Instructions that the interpreter has counted already while translated code waited. */
  nested = 0;
  /** What an instruction of the interpreter's raised while translated code waits. */
  #raised: { readonly error: unknown } | undefined;
  readonly #parts: Parts;
  readonly #view: DataView;
  /** A register has return addresses, not the stack. */
  readonly #hasLink: boolean;
  /** Where the state area has the stack pointer. */
  readonly #stackPointerAt: number;
  /** Frames of translated code wait for a stack pointer above this, or where a register has return addresses, for this one there. */
  #returnAbove = Number.POSITIVE_INFINITY;
  #returnsTo = -1;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#view = new DataView(parts.memory.wasm.buffer);
    const { registers, pushedByCall } = parts.core.isa;
    this.#hasLink = pushedByCall === 0;
    this.#stackPointerAt = registers.placeOf(registers.stackPointer);
    this.leastFuel = parts.conditions.isCounted ? COUNTED_MIN : 1;
    this.doors = {
      slow: (next) => this.#slow(next),
      settle: () => parts.core.settleFlags(),
      missing: (fuel, depth) => this.#elsewhere(fuel, depth, false),
      failed: (fuel, depth) => this.#elsewhere(fuel, depth, true),
      installed: (pc) => parts.profile.tier?.setTranslated(pc, true),
      covered: (pcs) => {
        for (const pc of pcs) parts.profile.hotness.forget(pc);
        parts.profile.tier?.restart(pcs);
      },
    };
  }

  /** Whether something is such that all frames are to be left, since there were `generation` of translations. */
  isStopped(generation: number): boolean {
    const { core, conditions, translations } = this.#parts;
    return (
      core.stop ||
      this.#raised !== undefined ||
      !conditions.isPlain() ||
      !translations.isOfKind ||
      translations.generation !== generation ||
      !translations.areCurrent
    );
  }

  /** Throws what an instruction has raised meanwhile. */
  raise(): void {
    if (this.#raised === undefined) return;
    const { error } = this.#raised;
    this.#raised = undefined;
    throw error;
  }

  /** A number as far as it goes: beyond 2^53 no stack is. */
  get #stackPointer(): number {
    const at = this.#stackPointerAt;
    return this.#view.getInt32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true);
  }

  /** Whether the function has returned whose caller waits. */
  get isBack(): boolean {
    const above = this.#stackPointer - this.#returnAbove;
    if (above === 0 && this.#hasLink) return this.#parts.core.next === this.#returnsTo;
    return above > 0 && above <= RETURN_SPAN;
  }

  /** Translated code came to an address, which may be worth a unit by now; its slot, or 0. */
  arrived(pc: number, event: "call" | "return"): number {
    const { translations, profile } = this.#parts;
    const { current } = translations;
    if (current === undefined) return 0;
    if (event === "call") profile.calls.addRoot(pc);
    const slot = current.find(pc);
    if (slot !== 0 || current.isUntranslatable(pc)) return slot;
    return profile.hotness.count(pc, event) ? current.translate(pc) : 0;
  }

  /** Runs units from where the core is, to where there is none or somebody waits; the fuel that is left. */
  enterUnit(slot: number, fuel: number, depth: number): number {
    const { core, translations, unwatched } = this.#parts;
    const above = this.#returnAbove;
    this.#view.setBigInt64(state.pc, BigInt(core.next), true);
    const isAwaited = above !== Number.POSITIVE_INFINITY;
    this.#view.setBigInt64(words.returnAbove, isAwaited ? BigInt(above) : -1n, true);
    this.#view.setBigInt64(words.returnsTo, BigInt(this.#returnsTo), true);
    this.#view.setBigInt64(words.target, 0n, true);
    this.#view.setUint32(words.elsewhere, core.next, true);
    const rest = translations.current?.run(slot, fuel, depth) ?? fuel;
    core.next = Number(this.#view.getBigInt64(state.pc, true));
    unwatched.forget();
    const isFar = core.next < 0 || core.next >= 2 ** 32;
    // The interpreter may have gone there by another instruction, and left everything.
    const isLeft = this.#view.getBigInt64(words.target, true) === LEAVE;
    if (isFar && !isLeft && this.#raised === undefined) this.#undoReturn();
    return rest;
  }

  /** A return to where no translated code can be: the interpreter does it again, and raises what there is to raise. */
  #undoReturn(): void {
    const { core, conditions } = this.#parts;
    if (conditions.isCounted) core.executed--;
    core.undoReturn(this.#view.getUint32(words.returned, true));
  }

  /** What a nested run reports to those around it: everything unwinds, the state area says where to go on. */
  #unwind(): number {
    this.#view.setBigInt64(words.target, LEAVE, true);
    this.#view.setBigInt64(state.pc, BigInt(this.#parts.core.next), true);
    return 1;
  }

  /** One instruction of the interpreter's; what it raises waits until translated code is left. */
  #step(): void {
    this.#parts.unwatched.forget();
    try {
      this.#parts.core.runOne();
    } catch (error) {
      this.#raised = { error };
    }
  }

  #slow(next: number): number {
    const { core, translations } = this.#parts;
    core.next = this.#view.getInt32(state.pc + 4, true) * 2 ** 32 + this.#view.getUint32(state.pc, true);
    const { generation } = translations;
    const start = core.next;
    for (;;) {
      this.#step();
      if (this.isStopped(generation)) return this.#unwind();
      if (core.next === next) return 0;
      // In between where several were handed on at once; elsewhere after a jump.
      if (core.next <= start || core.next > next) return this.#unwind();
    }
  }

  /**
   * Goes on where translated code cannot, at `words.elsewhere`, while its frames wait: interprets, and runs units where
   * there are some, until the function that this is in has returned. Fuel in and out, as a unit's; the address where it
   * came to is in `words.target`.
   */
  #elsewhere(fuel: number, depth: number, isFailed: boolean): number {
    const { core, unwatched, awaited } = this.#parts;
    core.next = this.#view.getUint32(words.elsewhere, true);
    if (depth < STACK_RESERVE || fuel < this.leastFuel) {
      this.isOut ||= fuel < this.leastFuel;
      this.#unwind();
      return fuel;
    }
    unwatched.forget();
    if (isFailed) this.#noteFailure(core.next);
    const frame = this.#view.getUint32(words.frame, true);
    const isCareful = frame === CAREFUL;
    const above = this.#stackPointer + (isCareful ? 0 : frame);
    const [outer, outerTo] = [this.#returnAbove, this.#returnsTo];
    if (isFailed && above === outer) {
      // The same call of a function goes on further out: frames of ours would pile up where this happens every round.
      const rest = this.#pastOne(fuel);
      this.#unwind();
      return rest;
    }
    this.#returnAbove = above;
    const isKept = isFailed && this.#hasLink;
    const returnsTo = isKept ? this.#view.getUint32(words.link, true) : core.returnAddress(above);
    this.#returnsTo = returnsTo;
    awaited.begin(returnsTo);
    const rest = this.#goOn(fuel, depth - STACK_FOR_INTERPRETER, isFailed, isCareful);
    [this.#returnAbove, this.#returnsTo] = [outer, outerTo];
    awaited.end(returnsTo);
    return rest;
  }

  /** A unit whose check at an address fails often is made again, to look that up. */
  #noteFailure(pc: number): void {
    const entry = this.#view.getUint32(words.unit, true);
    const { profile, translations } = this.#parts;
    if (profile.failed.count(pc, entry)) translations.current?.again(entry);
  }

  /** The interpreter does the instruction that a unit could not; the fuel that is left. */
  #pastOne(fuel: number): number {
    this.#step();
    if (this.#parts.conditions.isCounted) this.nested++;
    return fuel - 1;
  }

  /** Until the function has returned, or all frames are to be left. */
  #goOn(fuel: number, depth: number, isFailed: boolean, isCareful: boolean): number {
    const { core, profile, translations } = this.#parts;
    const { mmu } = core;
    const { generation } = translations;
    let rest = fuel;
    if (isCareful && profile.hotness.count(core.next + CAREFUL_KEY, "call")) {
      const slot = translations.current?.translateCareful(core.next) ?? 0;
      if (slot !== 0) rest = this.enterUnit(slot, rest, depth);
    }
    if (isFailed || (isCareful && rest === fuel)) rest = this.#pastOne(rest);
    const site = isFailed ? 0 : this.#takeJump(core.next);
    if (site !== 0) profile.calls.jumped(mmu.base + site, site, core.next, false);
    let event: "call" | "return" = isFailed || site !== 0 ? "return" : "call";
    for (;;) {
      if (this.isStopped(generation)) break;
      if (this.isBack) {
        this.#view.setBigInt64(words.target, BigInt(core.next), true);
        return rest;
      }
      if (rest < this.leastFuel) {
        this.isOut = true;
        break;
      }
      const slot = this.arrived(core.next, event);
      event = "return";
      rest = slot === 0 ? rest - this.#interpret(rest) : this.enterUnit(slot, rest, depth);
    }
    this.#unwind();
    return rest;
  }

  /** The indirect jump by which a unit was left for `to`; 0 where it was not. */
  #takeJump(to: number): number {
    const site = this.#view.getUint32(words.jump, true);
    const target = this.#view.getUint32(words.jump + 4, true);
    this.#view.setBigUint64(words.jump, 0n, true);
    return target === to ? site : 0;
  }

  /** Interprets to where something else goes on; gives the fuel that it took. */
  #interpret(fuel: number): number {
    const { core, conditions, untranslated } = this.#parts;
    const { isCounted } = conditions;
    const before = core.executed;
    const { weight } = untranslated;
    try {
      untranslated.run(isCounted ? fuel : fuel * INSTRUCTIONS_PER_FUEL);
    } catch (error) {
      this.#raised = { error };
    }
    const count = core.executed - before;
    if (isCounted) this.nested += count;
    return isCounted ? count : Math.ceil((count * weight) / INSTRUCTIONS_PER_FUEL);
  }
}
