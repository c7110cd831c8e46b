// Forms as text for a later run: where each is found, and what is known of it, so that what is decoded then finds the
// handlers that there are. Rows are numbers, as the table has them.
import type { Row } from "../../../isa/x86-64/instruction.js";
import { table } from "../../../isa/x86-64/table.js";
import type { Known } from "./flag-state.js";
import type { Form, Forms } from "./forms.js";

/** By a row and a shape, by another form and what is known before it, or by two others. */
type Place =
  | readonly ["row", row: number, shape: number | string]
  | readonly ["knowing", base: number, known: string]
  | readonly ["pair", first: number, second: number];

/** `after` is null where nothing is known. */
type StoredForm = readonly [slot: number, readsFlags: 0 | 1, after: string | null, ...place: Place];

interface Stored {
  /** Rows with the operands whose values are part of forms. */
  readonly needed: readonly (readonly [row: number, mask: number])[];
  readonly forms: readonly StoredForm[];
}

export function encodeForms(forms: Forms): Uint8Array {
  const { rows, all } = forms.index;
  const rowNumbers = new Map<Row, number>(table.map((row, number) => [row, number]));
  const numbers = new Map<Form, number>(all.map((form, number) => [form, number]));
  const numberOf = (form: Form): number => numbers.get(form) ?? 0;
  const places = new Map<Form, Place>();
  const needed: (readonly [number, number])[] = [];
  for (const [row, { needed: mask, byShape }] of rows) {
    const number = rowNumbers.get(row) ?? 0;
    if (mask !== 0) needed.push([number, mask]);
    for (const [shape, form] of byShape) places.set(form, ["row", number, shape]);
  }
  for (const form of all) {
    for (const [known, found] of form.knowing) places.set(found, ["knowing", numberOf(form), known ?? ""]);
    for (const [second, pair] of form.pairs) places.set(pair, ["pair", numberOf(form), numberOf(second)]);
  }
  const stored: Stored = {
    needed,
    forms: all.flatMap((form): StoredForm[] => {
      const place = places.get(form);
      return place === undefined ? [] : [[form.slot, form.readsFlags ? 1 : 0, form.after ?? null, ...place]];
    }),
  };
  return new TextEncoder().encode(JSON.stringify(stored));
}

/** Enters what `encodeForms` has made. */
export function enterForms(forms: Forms, bytes: Uint8Array): void {
  const stored = JSON.parse(new TextDecoder().decode(bytes)) as Stored;
  const entered: Form[] = [];
  const formOf = (number: number): Form => entered[number] as Form;
  const rowOf = (number: number) => forms.row(table[number] as Row);
  for (const [row, mask] of stored.needed) rowOf(row).needed = mask;
  for (const [slot, readsFlags, after, ...place] of stored.forms) {
    const before: Known = place[0] === "knowing" ? place[2] : undefined;
    const form = forms.enter({
      parts: [],
      before,
      readsFlags: readsFlags === 1,
      after: after ?? undefined,
      built: undefined,
      slot,
    });
    entered.push(form);
    if (place[0] === "row") rowOf(place[1]).byShape.set(place[2], form);
    else if (place[0] === "knowing") formOf(place[1]).knowing.set(before, form);
    else formOf(place[1]).pairs.set(formOf(place[2]), form);
  }
}
