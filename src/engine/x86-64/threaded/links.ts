// Where records lead when they have found no head, and what makes them find it by themselves the next time.
import type { Core } from "../core.js";
import type { TierHooks } from "../../portable/tiers/first-tier.js";
import type { Arena } from "./arena.js";
import { record as recordOffset, recordFlags, words } from "./layout.js";

/** New targets of an indirect call before it is looked up in the table. */
const MAX_MISSES = 16;

export class Links {
  readonly #core: Core;
  readonly #hooks: TierHooks;
  readonly #arena: Arena;
  readonly #view: DataView;
  readonly #misses = new Map<number, number>();

  constructor(core: Core, hooks: TierHooks, arena: Arena, view: DataView) {
    this.#core = core;
    this.#hooks = hooks;
    this.#arena = arena;
    this.#view = view;
  }

  /** Records are others now. */
  clear(): void {
    this.#misses.clear();
  }

  /** Whether a record's way to a head is no jump. */
  isNext(from: number, head: number): boolean {
    const arena = this.#arena;
    const end = arena.end(from);
    return (end === "branch" || end === "link") && arena.word(from + recordOffset.next) === head;
  }

  /** Where a record that found no head goes. */
  target(from: number, isNext: boolean): number {
    const arena = this.#arena;
    if (isNext) return arena.pc(from) + arena.length(from);
    const end = arena.end(from);
    return end === "indirect" || end === "callTo"
      ? Number(this.#view.getBigInt64(words.target, true))
      : (arena.f64[(from + recordOffset.displacement) >> 3] ?? 0);
  }

  /** The next time, the record finds the head itself. */
  link(from: number, head: number, isNext: boolean): void {
    const arena = this.#arena;
    if (isNext) return arena.setWord(from + recordOffset.next, head);
    const end = arena.end(from);
    if (end === "indirect") {
      const site = arena.pc(from);
      if (this.#core.instructionAt(site).row.traits.flow === "jumpTo")
        this.#hooks.called(site, arena.pc(head), false);
      return arena.enter(head);
    }
    if (end === "call" || end === "callTo") {
      this.#hooks.called(arena.pc(from), arena.pc(head), end === "callTo");
    }
    if (end === "callTo") {
      const misses = (this.#misses.get(from) ?? 0) + 1;
      this.#misses.set(from, misses);
      arena.enter(head);
      if (misses > MAX_MISSES) arena.setFlag(from, recordFlags.megamorphic, true);
    }
    arena.setWord(from + recordOffset.link, head);
  }
}
