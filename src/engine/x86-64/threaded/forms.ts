// The forms that the guest's instructions have, and what is known of each before its handler is made.
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { Known } from "./flag-state.js";
import { type Built, HandlerBuilder, type HandlerMemory } from "./handler-builder.js";
import { type Fields, formal, shapeOf, ValueNeeded } from "./shape.js";

/** A form: what one handler does. */
export interface Form {
  /** Its name without what is known of the flags before it. */
  readonly key: string;
  /** The instructions that stand for it: several where the handler does several records at once. */
  readonly parts: readonly Instruction[];
  readonly readsFlags: boolean;
  /** What they are after it; `same` where it sets none. */
  readonly after: Known | "same";
  /** The index of its handler, 0 while there is none. */
  slot: number;
  /** What the handler will do, until it is made. */
  built: Built | undefined;
  /** Records that wait for the handler. */
  waiting: number[] | undefined;
}

export class Forms {
  readonly #memory: HandlerMemory;
  readonly #forms = new Map<string, Form>();
  /** By row: the operands whose values are part of the form, as a mask. */
  readonly #needed = new Map<Instruction["row"], number>();

  constructor(memory: HandlerMemory) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#forms.size;
  }

  /** An instruction's form after flags that are known so, and its fields; undefined where it has none and is slow. */
  of(i: Instruction, known: Known, fields: Fields): Form | undefined {
    const { run, privileged } = i.row.traits;
    if (run === undefined || privileged === true) return undefined;
    for (;;) {
      const needed = this.#needed.get(i.row) ?? 0;
      const key = shapeOf(i, needed, fields);
      if (key === undefined) return undefined;
      try {
        return this.#find(key, [formal(i, needed)], known);
      } catch (error) {
        if (!(error instanceof ValueNeeded)) throw error;
        this.#needed.set(i.row, needed | (1 << error.position));
      }
    }
  }

  /** The form of two one after the other, in one handler. */
  pair(first: Form, second: Form, known: Known): Form {
    return this.#find(`${first.key} + ${second.key}`, [...first.parts, ...second.parts], known);
  }

  #find(key: string, parts: readonly Instruction[], known: Known): Form {
    const plain = this.#forms.get(key) ?? this.#add(key, key, parts, undefined);
    if (!plain.readsFlags || known === undefined) return plain;
    const special = `${key} after ${known}`;
    return this.#forms.get(special) ?? this.#add(special, key, parts, known);
  }

  #add(name: string, key: string, parts: readonly Instruction[], before: Known): Form {
    const built = this.#build(parts, before);
    const { readsFlags, known: after } = built;
    const form = { key, parts, readsFlags, after, slot: 0, built, waiting: undefined };
    this.#forms.set(name, form);
    return form;
  }

  /** What the handler of a form does; it is taken once. */
  take(form: Form): Built {
    const { built } = form;
    if (built === undefined) throw new RangeError(`${form.key} has its handler`);
    form.built = undefined;
    return built;
  }

  #build(parts: readonly Instruction[], before: Known): Built {
    const builder = new HandlerBuilder(this.#memory, before);
    parts.forEach((part, position) => builder.run(part, position));
    return builder.finish();
  }
}
