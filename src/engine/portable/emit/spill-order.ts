// Orders the spill blocks of a unit: a set of dirty registers is stored by storing what it has more than the next
// smaller one and falling through to that, so that all of them together are little longer than the largest.
import { isSubset, keyOf, sizeOf, type SlotSet } from "../ir/slot-set.js";

/** Chains of sets, each set a superset of the one after it; every distinct set occurs once. */
export function spillOrder(sets: readonly SlotSet[]): SlotSet[][] {
  const distinct = new Map(sets.map((set) => [keyOf(set), set]));
  const bySize = [...distinct.values()]
    .map((set) => ({ set, size: sizeOf(set) }))
    .sort((a, b) => b.size - a.size);
  const chains: SlotSet[][] = [];
  for (const { set } of bySize) {
    const chain = chains.find((candidate) => {
      const last = candidate.at(-1);
      return last !== undefined && isSubset(set, last);
    });
    if (chain === undefined) chains.push([set]);
    else chain.push(set);
  }
  return chains;
}
