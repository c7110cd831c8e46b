// Which slots may differ from the state area at the start of each block, and which are still needed there.
import { type Block, mayLeave } from "../ir/block.js";
import type { Forms } from "../ir/forms.js";
import type { FormedBlock } from "./in-forms.js";
import type { RegisterFile } from "../ir/register-file.js";
import { add, addAll, copySlots, has, intersect, keepOnly, type SlotSet } from "../ir/slot-set.js";

export interface Dataflow {
  /** Slots that may hold something else than the state area, by block. */
  readonly dirty: readonly SlotSet[];
  /** Slots that the end of a block stores, by block. */
  readonly spilled: readonly SlotSet[];
  /** Slots whose locals must be right at the start, by block. */
  readonly live: readonly SlotSet[];
  /** Slots whose locals are right at the start whether needed or not, by block. */
  readonly held: readonly SlotSet[];
  /** Whether something may read status flags from before a block's start, and from before its end, by block. */
  readonly flagsAtStart: Uint8Array;
  readonly flagsAtEnd: Uint8Array;
}

/** The forms of the vector registers at the start of each block, and at the end of those that store what is dirty. */
export interface UnitForms {
  readonly starts: readonly Forms[];
  readonly ends: readonly (Forms | undefined)[];
}

/** After these the state area is what counts: registers are read from it anew. */
export const isReloaded = ({ end }: Block): boolean =>
  end.kind === "call" || end.kind === "callTo" || end.kind === "slow";

/** Whether dirty slots are stored at the end of a block, on some way out at least. */
export const isSpilled = (block: Block): boolean =>
  isReloaded(block) || block.end.kind === "ret" || block.end.kind === "leave" || block.end.kind === "jumpTo";

/** The slots that may be dirty at the end of a block, where its registers have these forms. */
function dirtyAtEnd(file: RegisterFile, block: FormedBlock, dirty: SlotSet, forms: Forms): SlotSet {
  const out = copySlots(dirty);
  addAll(out, file.placed(block.changes));
  return intersect(out, file.in(forms));
}

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
  file: RegisterFile,
  blocks: readonly FormedBlock[],
  forms: UnitForms,
  graph: readonly (readonly number[])[],
  mayExit: (block: number) => boolean,
  isExact: boolean,
): Dataflow {
  const dirty = blocks.map(() => file.none());
  const changed = blocks.map((block) => file.placed(block.changes));
  const counting = forms.starts.map((starts) => file.in(starts));
  for (let isNew = true; isNew;) {
    isNew = false;
    for (let index = 0; index < blocks.length; index++) {
      const block = blocks[index];
      const before = dirty[index];
      const added = changed[index];
      if (block === undefined || before === undefined || added === undefined || isReloaded(block)) continue;
      const out = union(before, added);
      for (const to of graph[index] ?? []) {
        const here = intersect(out, counting[to] ?? file.all());
        addConverted(file, here, before, block, forms.starts[index] ?? [], forms.starts[to] ?? []);
        if (addAll(dirty[to] ?? here, here)) isNew = true;
      }
    }
  }
  const spilled = blocks.map((block, index) => {
    const end = forms.ends[index];
    return end === undefined ? file.none() : dirtyAtEnd(file, block, dirty[index] ?? file.none(), end);
  });
  const { flagsAtStart, flagsAtEnd } = neededFlags(blocks, graph, isExact);
  const live = blocks.map((block, index) => {
    const before = dirty[index] ?? file.none();
    const set = copySlots(block.reads);
    if (mayLeave(block) || mayExit(index))
      addAll(set, flagsAtStart[index] === 1 ? before : file.withoutFlagWords(before));
    addAll(set, spilled[index] ?? file.none(), block.writes);
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
        if (file.hasFlags(intersect(needed, block.writes)) && addAll(set, block.flagReads)) changed = true;
      }
    }
  }
  return { dirty, spilled, live, held: heldSlots(file, blocks, graph, live), flagsAtStart, flagsAtEnd };
}

/** Registers that go on in another form are as dirty as before: all of their slots, if any was. */
function addConverted(
  file: RegisterFile,
  set: SlotSet,
  before: SlotSet,
  { vectors }: Block,
  from: Forms,
  to: Forms,
): void {
  for (let register = 0; register < from.length; register++) {
    const [old = 0, now = 0] = [from[register], to[register]];
    if (old === now || vectors.has(register)) continue;
    if (file.slotsOf(register, old).some((slot) => has(before, slot)))
      for (const slot of file.slotsOf(register, now)) add(set, slot);
  }
}

function union(a: SlotSet, b: SlotSet): SlotSet {
  const out = copySlots(a);
  addAll(out, b);
  return out;
}

function heldSlots(
  file: RegisterFile,
  blocks: readonly FormedBlock[],
  graph: readonly (readonly number[])[],
  live: readonly SlotSet[],
): SlotSet[] {
  const held = blocks.map(() => file.all());
  held[0] = copySlots(live[0] ?? file.none());
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
