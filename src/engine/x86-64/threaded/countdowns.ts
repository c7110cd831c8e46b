// How often the heads of blocks are jumped to before the tier says that they are hot, and which have translated code.
import { NEVER, type TierHooks } from "../../portable/tiers/first-tier.js";
import type { Arena } from "./arena.js";
import type { Blocks } from "./blocks.js";
import { head as headOffset } from "./layout.js";

/** Jumps to an address, for whoever wants to know where a run spends its time. */
const OFTEN = 50;

export class Countdowns {
  readonly #arena: Arena;
  readonly #blocks: Blocks;
  readonly #hooks: TierHooks;

  constructor(arena: Arena, blocks: Blocks, hooks: TierHooks) {
    this.#arena = arena;
    this.#blocks = blocks;
    this.#hooks = hooks;
  }

  /** A head that has just been decoded begins. */
  begin(head: number, pc: number): void {
    this.#set(head, pc, this.#hooks.isTranslated(pc));
  }

  #set(head: number, pc: number, isTranslated: boolean): void {
    this.#arena.setWord(head + headOffset.translated, isTranslated ? 1 : 0);
    this.#setCount(head, isTranslated ? 0 : this.#hooks.countdown(pc));
  }

  #setCount(head: number, jumps: number): void {
    this.#arena.setWord(head + headOffset.countdown, Math.min(jumps, NEVER));
  }

  /** Jumps that are left: below 0 the tier returns. */
  left(head: number): number {
    return this.#arena.word(head + headOffset.countdown);
  }

  /** Counts a jump. */
  count(head: number): void {
    this.#arena.setWord(head + headOffset.countdown, this.left(head) - 1);
  }

  isTranslated(head: number): boolean {
    return this.#arena.word(head + headOffset.translated) === 1;
  }

  /** The tier returns at a head: not again because it is hot. */
  arrived(head: number): "translated" | "hot" {
    if (this.isTranslated(head)) return "translated";
    this.#setCount(head, NEVER);
    return "hot";
  }

  /** Jumps to an address until the tier returns `hot`. */
  setCountdown(pc: number, jumps: number): void {
    const head = this.#blocks.find(pc);
    if (head !== 0) this.#setCount(head, jumps);
  }

  /** Whether the tier returns `translated` when it comes to an address. */
  setTranslated(pc: number, on: boolean): void {
    const head = this.#blocks.find(pc);
    if (head !== 0) this.#set(head, pc, on);
  }

  restart(pcs: Iterable<number>): void {
    for (const pc of pcs) {
      const head = this.#blocks.find(pc);
      if (head !== 0 && !this.isTranslated(head)) this.#setCount(head, this.#hooks.countdown(pc));
    }
  }

  /** Looks again which blocks have translated code. */
  updateTranslated(): void {
    for (const [pc, head] of this.#blocks.heads) {
      const is = this.#hooks.isTranslated(pc);
      if (is !== this.isTranslated(head)) this.#set(head, pc, is);
    }
  }

  /** How often an address has been jumped to since its countdown was set, about. */
  jumpsTo(pc: number): number {
    const head = this.#blocks.find(pc);
    return head === 0 ? 0 : Math.max(0, this.#hooks.countdown(pc) - Math.max(0, this.left(head)));
  }

  /** Addresses that have been jumped to often since their countdown was set, with how often, about. */
  *counts(): Iterable<readonly [pc: number, count: number]> {
    for (const pc of this.#blocks.heads.keys()) {
      const count = this.jumpsTo(pc);
      if (count >= OFTEN) yield [pc, count];
    }
  }
}
