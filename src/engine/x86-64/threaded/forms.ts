// The forms that the guest's instructions have, and what is known of each before its handler is made.
import type { Instruction, Row } from "../../../isa/x86-64/instruction.js";
import type { Known } from "./flag-state.js";
import { type Built, HandlerBuilder, type HandlerMemory } from "./handler-builder.js";
import { type Fields, formal, shapeOf, ValueNeeded } from "./shape.js";

/** A form: what one handler does. */
export interface Form {
  /** The instructions that stand for it: several where the handler does several records at once. */
  readonly parts: readonly Instruction[];
  readonly readsFlags: boolean;
  /** What the flags are after it; `same` where it sets none. */
  readonly after: Known | "same";
  /** What the handler will do, until it is made. */
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

export class Forms {
  readonly #memory: HandlerMemory;
  readonly #rows = new Map<Row, RowForms>();
  #count = 0;

  constructor(memory: HandlerMemory) {
    this.#memory = memory;
  }

  get count(): number {
    return this.#count;
  }

  /** Floating point is left to the interpreter, which does all that MXCSR says. */
  hasFloats = true;

  /** An instruction's form, and its fields; undefined where it has none and is slow. */
  of(i: Instruction, fields: Fields): Form | undefined {
    const { run, privileged, mxcsr } = i.row.traits;
    if (run === undefined || privileged === true || (mxcsr === true && !this.hasFloats)) return undefined;
    let row = this.#rows.get(i.row);
    if (row === undefined) this.#rows.set(i.row, (row = { needed: 0, byShape: new Map() }));
    for (;;) {
      const shape = shapeOf(i, row.needed, fields);
      if (shape === undefined) return undefined;
      const known = row.byShape.get(shape);
      if (known !== undefined) return known;
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
    let found = form.knowing.get(known);
    if (found === undefined) form.knowing.set(known, (found = this.#new(form.parts, known)));
    return found;
  }

  /** The form of two one after the other. */
  pair(first: Form, second: Form): Form {
    let found = first.pairs.get(second);
    if (found === undefined) {
      found = this.#new([...first.parts, ...second.parts], undefined);
      first.pairs.set(second, found);
    }
    return found;
  }

  #new(parts: readonly Instruction[], before: Known): Form {
    const built = this.#build(parts, before);
    this.#count++;
    const { readsFlags, known: after } = built;
    return {
      parts,
      readsFlags,
      after,
      built,
      slot: 0,
      waiting: undefined,
      knowing: new Map(),
      pairs: new Map(),
    };
  }

  #build(parts: readonly Instruction[], before: Known): Built {
    const builder = new HandlerBuilder(this.#memory, before);
    parts.forEach((part, position) => builder.run(part, position));
    return builder.finish();
  }
}

/** What the handler of a form does; it is taken once. */
export function takeBuilt(form: Form): Built {
  const { built } = form;
  if (built === undefined) throw new RangeError("a form that has its handler");
  form.built = undefined;
  return built;
}
