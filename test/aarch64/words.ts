// Random words of a row: its fixed bits, and anything in its fields.
import type { Encoding } from "../../src/isa/aarch64/notation.js";
import type { Random } from "../x86-64/random.js";

/** 31 is special as a register, and equal registers too. */
function bitsFor(r: Random, width: number): number {
  const all = 2 ** width;
  if (r.below(4) > 0) return r.below(all);
  return r.pick([0, all - 1, 1, all / 2]);
}

/** Any word that the row's pattern fits; not each is allocated. */
export function anyWord(r: Random, encoding: Encoding): number {
  let word = encoding.value;
  for (const { at, width } of encoding.parts) {
    const free = ~encoding.mask;
    word |= (bitsFor(r, width) << at) & free;
  }
  return word;
}
