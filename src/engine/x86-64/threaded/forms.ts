// The forms that the guest's instructions have, and what is known of each before its handler is made.
import type { Instruction, Row } from "../../../isa/x86-64/instruction.js";
import type { Known } from "./flag-state.js";
import { type Built, HandlerBuilder, type HandlerMemory } from "./handler-builder.js";
import { type Fields, formal, shapeOf, ValueNeeded } from "./shape.js";

/** A form: what one handler does. */
export interface Form {
  /**
   * The instructions that stand for it: several where the handler does several records at once. None in what an earlier run
   * left, until it is met.
   */
  parts: readonly Instruction[];
  /** What is known of the flags before it. */
  readonly before: Known;
  readonly readsFlags: boolean;
  /** What the flags are after it; `same` where it sets none. */
  readonly after: Known | "same";
  /** What the handler will do, until it is made; made of `parts` where there is none. */
  built: Built | undefined;
  /** The index of its handler, 0 while there is none. */
  slot: number;
  /** Records that wait for the handler. */
  waiting: number[] | undefined;
  /** The same, where it is known what set the flags that it reads. */
  readonly knowing: Map<Known, Form>;
  /** Itself and another behind it, in one handler. */
  readonly pairs: Map<Form, Form>;
}

/** The forms of a row, and the mask of operands whose values are part of them. */
interface RowForms {
  needed: number;
  readonly byShape: Map<number | string, Form>;
}

/** All forms, and where each is found. */
export interface FormIndex {
  readonly rows: ReadonlyMap<Row, RowForms>;
  /** In an order in which each comes after those that it is found at. */
  readonly all: readonly Form[];
}

export class Forms {
  readonly #memory: HandlerMemory;
  readonly #rows = new Map<Row, RowForms>();
  readonly #all: Form[] = [];
  /** Enters what an earlier run has left, when forms are first asked for. */
  #later: (() => void) | undefined;

  constructor(memory: HandlerMemory) {
    this.#memory = memory;
  }

  get count(): number {
    return this.#all.length;
  }

  get index(): FormIndex {
    return { rows: this.#rows, all: this.#all };
  }

  /** Has `enter` called before the first instruction's form is looked for. */
  enterLater(enter: () => void): void {
    this.#later = enter;
  }

  /** Nothing has been asked for that an earlier run's forms would not do. */
  get areLater(): boolean {
    return this.#later !== undefined;
  }

  /** Floating point is left to the interpreter, which does all that MXCSR says. */
  hasFloats = true;

  /** An instruction's form, and its fields; undefined where it has none and is slow. */
  of(i: Instruction, fields: Fields): Form | undefined {
    const { run, privileged, mxcsr } = i.row.traits;
    if (run === undefined || privileged === true || (mxcsr === true && !this.hasFloats)) return undefined;
    if (this.#later !== undefined) {
      const enter = this.#later;
      this.#later = undefined;
      enter();
    }
    const row = this.row(i.row);
    for (;;) {
      const shape = shapeOf(i, row.needed, fields);
      if (shape === undefined) return undefined;
      const known = row.byShape.get(shape);
      if (known !== undefined) return met(known, () => [formal(i, row.needed)]);
      try {
        const form = this.#new([formal(i, row.needed)], undefined);
        row.byShape.set(shape, form);
        return form;
      } catch (error) {
        if (!(error instanceof ValueNeeded)) throw error;
        row.needed |= 1 << error.position;
      }
    }
  }

  /** The form for what is known of the flags before it. */
  knowing(form: Form, known: Known): Form {
    if (!form.readsFlags || known === undefined) return form;
    const found = form.knowing.get(known);
    if (found !== undefined) return met(found, () => form.parts);
    const made = this.#new(form.parts, known);
    form.knowing.set(known, made);
    return made;
  }

  /** The form of two one after the other. */
  pair(first: Form, second: Form): Form {
    const parts = () => [...first.parts, ...second.parts];
    const found = first.pairs.get(second);
    if (found !== undefined) return met(found, parts);
    const made = this.#new(parts(), undefined);
    first.pairs.set(second, made);
    return made;
  }

  /** The forms of a row. */
  row(row: Row): RowForms {
    let found = this.#rows.get(row);
    if (found === undefined) this.#rows.set(row, (found = { needed: 0, byShape: new Map() }));
    return found;
  }

  #new(parts: readonly Instruction[], before: Known): Form {
    const built = this.#build(parts, before);
    return this.enter({ parts, before, readsFlags: built.readsFlags, after: built.known, built, slot: 0 });
  }

  enter(known: Omit<Form, "waiting" | "knowing" | "pairs">): Form {
    const { parts, before, readsFlags, after, built, slot } = known;
    const [knowing, pairs] = [new Map<Known, Form>(), new Map<Form, Form>()];
    const form: Form = { parts, before, readsFlags, after, built, slot, waiting: undefined, knowing, pairs };
    this.#all.push(form);
    return form;
  }

  /** What the handler of a form does; it is taken once. */
  take(form: Form): Built {
    const built = form.built ?? this.#build(form.parts, form.before);
    form.built = undefined;
    return built;
  }

  #build(parts: readonly Instruction[], before: Known): Built {
    const builder = new HandlerBuilder(this.#memory, before);
    parts.forEach((part, position) => builder.run(part, position));
    return builder.finish();
  }
}

/** A form, with what stands for it where that was not known. */
function met(form: Form, parts: () => readonly Instruction[]): Form {
  if (form.parts.length === 0) form.parts = parts();
  return form;
}
