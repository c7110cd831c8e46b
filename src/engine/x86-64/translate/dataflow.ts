// Which slots may differ from the state area at the start of each block, and which are still needed there.
import { type Block, mayLeave } from "./block.js";
import {
  addAll,
  copySlots,
  flagSlots,
  guestSlots,
  hasFlags,
  keepOnly,
  noSlots,
  type SlotSet,
  withoutFlags,
} from "./slots.js";

export interface Dataflow {
  /** Slots that may hold something else than the state area, by block. */
  readonly dirty: readonly SlotSet[];
  /** Slots whose locals must be right at the start, by block. */
  readonly live: readonly SlotSet[];
  /** Slots whose locals are right at the start whether needed or not, by block. */
  readonly held: readonly SlotSet[];
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
  // Flags are stored together or not at all.
  if (hasFlags(out)) addAll(out, flagSlots());
  return out;
}

/** The slots that the end of a block stores; flags only where something may read them in the state area. */
export function spilledAtEnd(block: Block, dirty: SlotSet, flagsAcrossCalls: boolean): SlotSet {
  if (!isSpilled(block)) return noSlots();
  const out = dirtyAtEnd(block, dirty);
  const { kind } = block.end;
  return kind === "slow" || kind === "leave" || flagsAcrossCalls ? out : withoutFlags(out);
}

/** `mayExit` tells the blocks that may leave at their start (loop headers, for the stop test). */
export function dataflow(
  blocks: readonly Block[],
  graph: readonly (readonly number[])[],
  mayExit: (block: number) => boolean,
  flagsAcrossCalls: boolean,
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
        // Flags are stored together or not at all.
        if (hasFlags(after)) addAll(after, ALL_FLAGS);
      }
    }
  }
  const live = blocks.map((block, index) => {
    const before = dirty[index] ?? noSlots();
    const set = copySlots(block.reads);
    if (mayLeave(block) || mayExit(index)) addAll(set, withoutFlags(before));
    const spilled = spilledAtEnd(block, before, flagsAcrossCalls);
    addAll(set, spilled, block.writes);
    if (hasFlags(spilled)) addAll(set, block.flagReads);
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
  return { dirty, live, held: heldSlots(blocks, graph, live) };
}

const ALL_FLAGS = flagSlots();

/** Whether flags that a block sets are needed after it. */
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
