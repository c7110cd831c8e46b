// The whole instruction table, indexed by eight bits of the word when first asked: several rows may fit a word, of which the
// one with most fixed bits comes first.
import type { Row } from "./instruction.js";
import { type Encoding, parse } from "./notation.js";
import { arithmeticRows } from "./rows/arithmetic.js";
import { bitRows } from "./rows/bit.js";
import { controlRows } from "./rows/control.js";
import { floatRows } from "./rows/float.js";
import { floatConvertRows } from "./rows/float-convert.js";
import { loadStoreRows } from "./rows/load-store.js";
import { logicalRows } from "./rows/logical.js";
import { simdRows } from "./rows/simd.js";
import { systemRows } from "./rows/system.js";

export const table: readonly Row[] = [
  ...arithmeticRows,
  ...logicalRows,
  ...bitRows,
  ...controlRows,
  ...loadStoreRows,
  ...floatRows,
  ...floatConvertRows,
  ...simdRows,
  ...systemRows,
];

/** Bits 28 to 21: the class and most of what distinguishes within it. */
const INDEX_AT = 21;
const INDEX_MASK = 0xff;

let index: (readonly Encoding[])[] | undefined;

/** Every row of the table, parsed. */
export const encodings = (): readonly Encoding[] => table.map(parse);

const ones = (mask: number): number => {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
};

function buildIndex(): (readonly Encoding[])[] {
  const all = encodings().toSorted((a, b) => ones(b.mask) - ones(a.mask));
  return Array.from({ length: INDEX_MASK + 1 }, (_, n) => {
    const fixed = INDEX_MASK << INDEX_AT;
    return all.filter(({ mask, value }) => (((n << INDEX_AT) ^ value) & mask & fixed) === 0);
  });
}

/** The encodings that a word may be one of, the most specific first. */
export function candidates(word: number): readonly Encoding[] {
  index ??= buildIndex();
  return index[(word >>> INDEX_AT) & INDEX_MASK] ?? [];
}
