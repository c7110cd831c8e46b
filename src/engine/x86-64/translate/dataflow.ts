// Which slots may differ from the state area at the start of each block, and which are still needed there.
import { type Block, mayLeave } from "./block.js";
import {
  addAll,
  copySlots,
  flagSlots,
  guestSlots,
  keepOnly,
  noSlots,
  type SlotSet,
  withoutFlagWords,
} from "./slots.js";

export interface Dataflow {
  /** Slots that may hold something else than the state area, by block. */
  readonly dirty: readonly SlotSet[];
  /** Slots whose locals must be right at the start, by block. */
  readonly live: readonly SlotSet[];
  /** Slots whose locals are right at the start whether needed or not, by block. */
  readonly held: readonly SlotSet[];
  /** Whether something may read status flags from before a block's start, and from before its end, by block. */
  readonly flagsAtStart: Uint8Array;
  readonly flagsAtEnd: Uint8Array;
}

/** After these the state area is what counts: registers are read from it anew. */
export const isReloaded = ({ end }: Block): boolean =>
  end.kind === "call" || end.kind === "callTo" || end.kind === "slow";

/** Whether dirty slots are stored at the end of a block, on some way out at least. */
const isSpilled = (block: Block): boolean =>
  isReloaded(block) || block.end.kind === "ret" || block.end.kind === "leave" || block.end.kind === "jumpTo";

/** The slots that may be dirty at the end of a block. */
function dirtyAtEnd(block: Block, dirty: SlotSet): SlotSet {
  const out = copySlots(dirty);
  addAll(out, guestSlots(block.writes));
  return out;
}

/** The slots that the end of a block stores. */
export const spilledAtEnd = (block: Block, dirty: SlotSet): SlotSet =>
  isSpilled(block) ? dirtyAtEnd(block, dirty) : noSlots();

/** Where status flags matter: at the end of a unit all do; `isExact` wants them everywhere. */
function neededFlags(blocks: readonly Block[], graph: readonly (readonly number[])[], isExact: boolean) {
  const flagsAtStart = new Uint8Array(blocks.length);
  const flagsAtEnd = new Uint8Array(blocks.length);
  for (let changed = true; changed;) {
    changed = false;
    for (let index = blocks.length - 1; index >= 0; index--) {
      const block = blocks[index];
      if (block === undefined || flagsAtStart[index] === 1) continue;
      const isNeeded =
        isExact || isSpilled(block) || (graph[index]?.some((to) => flagsAtStart[to] === 1) ?? false);
      flagsAtEnd[index] = isNeeded ? 1 : 0;
      const { flagsAtStart: fate } = block;
      if (!isExact && fate !== "read" && !(fate === "kept" && isNeeded)) continue;
      flagsAtStart[index] = 1;
      changed = true;
    }
  }
  // Those that were settled early did not see what came later.
  blocks.forEach((block, index) => {
    if (isExact || isSpilled(block) || (graph[index]?.some((to) => flagsAtStart[to] === 1) ?? false))
      flagsAtEnd[index] = 1;
  });
  return { flagsAtStart, flagsAtEnd };
}

/** `mayExit` tells the blocks that may leave at their start (loop headers, for the stop test). */
export function dataflow(
  blocks: readonly Block[],
  graph: readonly (readonly number[])[],
  mayExit: (block: number) => boolean,
  isExact: boolean,
): Dataflow {
  const dirty = blocks.map(noSlots);
  const written = blocks.map((block) => guestSlots(block.writes));
  for (let changed = true; changed;) {
    changed = false;
    for (let index = 0; index < blocks.length; index++) {
      const block = blocks[index];
      const before = dirty[index];
      const added = written[index];
      if (block === undefined || before === undefined || added === undefined || isReloaded(block)) continue;
      for (const to of graph[index] ?? []) {
        const after = dirty[to] ?? before;
        if (addAll(after, before)) changed = true;
        if (addAll(after, added)) changed = true;
      }
    }
  }
  const { flagsAtStart, flagsAtEnd } = neededFlags(blocks, graph, isExact);
  const live = blocks.map((block, index) => {
    const before = dirty[index] ?? noSlots();
    const set = copySlots(block.reads);
    if (mayLeave(block) || mayExit(index))
      addAll(set, flagsAtStart[index] === 1 ? before : withoutFlagWords(before));
    addAll(set, spilledAtEnd(block, before), block.writes);
    return set;
  });
  for (let changed = true; changed;) {
    changed = false;
    for (let index = blocks.length - 1; index >= 0; index--) {
      const block = blocks[index];
      const set = live[index];
      if (block === undefined || set === undefined || isReloaded(block)) continue;
      for (const to of graph[index] ?? []) {
        const needed = live[to] ?? set;
        if (addAll(set, needed, block.writes)) changed = true;
        if (needsFlags(needed, block.writes) && addAll(set, block.flagReads)) changed = true;
      }
    }
  }
  return { dirty, live, held: heldSlots(blocks, graph, live), flagsAtStart, flagsAtEnd };
}

const ALL_FLAGS = flagSlots();

/** Whether bits of flags that a block sets are needed after it. */
const needsFlags = ({ high }: SlotSet, writes: SlotSet) => (high & writes.high & ALL_FLAGS.high) !== 0;

function heldSlots(
  blocks: readonly Block[],
  graph: readonly (readonly number[])[],
  live: readonly SlotSet[],
): SlotSet[] {
  const held = blocks.map((): SlotSet => ({ low: -1, high: -1 }));
  held[0] = copySlots(live[0] ?? noSlots());
  for (let changed = true; changed;) {
    changed = false;
    for (let index = 0; index < blocks.length; index++) {
      const block = blocks[index];
      const before = held[index];
      if (block === undefined || before === undefined) continue;
      const isFresh = isReloaded(block);
      for (const to of graph[index] ?? []) {
        const target = held[to];
        const after = isFresh ? live[to] : before;
        if (target === undefined || after === undefined) continue;
        if (keepOnly(target, after, isFresh ? undefined : block.writes)) changed = true;
      }
    }
  }
  return held;
}
