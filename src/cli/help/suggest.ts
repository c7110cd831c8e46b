// Suggests the word that was probably meant by one that does not exist.

/** Edits between two words: letters inserted, left out, replaced, or two swapped. Damerau 1964, as optimal string alignment. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (rows[i - 1]?.[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped ? (rows[i - 2]?.[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

/** The word nearest to `given`, or one that it begins; undefined where none is near. */
export function nearest(given: string, words: readonly string[]): string | undefined {
  const most = Math.max(1, Math.ceil(given.length / 3));
  const ranked = words
    .map((word) => ({ word, edits: word.startsWith(given) && given.length > 1 ? 0 : distance(given, word) }))
    .filter(({ edits }) => edits <= most)
    .toSorted((a, b) => a.edits - b.edits);
  return ranked[0]?.word;
}
