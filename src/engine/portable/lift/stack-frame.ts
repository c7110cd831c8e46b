// The stack pointer through a unit: where it is a known distance from what it was at the entry, accesses near it need
// no check of their own, since the entry has made sure of the memory around it.
import type { Block } from "../ir/block.js";
import { i32 } from "../ir/node.js";
import { MAX_FRAME } from "../link/protocol.js";

/**
 * The stack pointer at the start of each block less that at the entry; undefined where it is not always the same. A callee takes
 * off the stack what its call has pushed.
 */
export function stackOffsets(
  blocks: readonly Block[],
  graph: readonly (readonly number[])[],
  pushedByCall: number,
): readonly (number | undefined)[] {
  const unknown = Symbol("not always the same");
  const offsets = new Map<number, number | typeof unknown>([[0, 0]]);
  const work = [0];
  for (let index = work.pop(); index !== undefined; index = work.pop()) {
    const block = blocks[index];
    const before = offsets.get(index);
    if (block === undefined || before === undefined) continue;
    const { kind } = block.end;
    const isCall = kind === "call" || kind === "callTo";
    const isKnown = before !== unknown && block.stackDelta !== undefined && kind !== "slow";
    const after = isKnown ? before + (block.stackDelta ?? 0) + (isCall ? pushedByCall : 0) : unknown;
    for (const to of graph[index] ?? []) {
      const known = offsets.get(to);
      if (known === after || known === unknown) continue;
      offsets.set(to, known === undefined ? after : unknown);
      work.push(to);
    }
  }
  return blocks.map((_, index) => {
    const offset = offsets.get(index);
    return typeof offset === "number" ? offset : undefined;
  });
}

/** Memory around the stack pointer at the entry that a unit relies on, in bytes. */
export interface Frame {
  readonly below: number;
  readonly above: number;
}

/** Takes out the checks that the entry makes for all. */
export function elideStackChecks(blocks: readonly Block[], offsets: readonly (number | undefined)[]): Frame {
  let [below, above] = [0, 0];
  offsets.forEach((offset, index) => {
    if (offset === undefined) return;
    for (const { exit, range } of blocks[index]?.stackChecks ?? []) {
      if (offset + range.min < -MAX_FRAME || offset + range.max > MAX_FRAME) continue;
      exit.when = i32(0);
      below = Math.max(below, -(offset + range.min));
      above = Math.max(above, offset + range.max);
    }
  });
  return { below, above };
}

/**
 * Blocks at whose end the stack pointer is not above what it was at the entry: a jump out of the unit is a tail call there. Elsewhere
 * it may be a longjmp, and the frames that it leaves behind in V8's stack have to go.
 */
export function tailBlocks(
  blocks: readonly Block[],
  offsets: readonly (number | undefined)[],
): ReadonlySet<number> {
  const found = new Set<number>();
  blocks.forEach(({ stackDelta }, index) => {
    const offset = offsets[index];
    if (offset !== undefined && stackDelta !== undefined && offset + stackDelta <= 0) found.add(index);
  });
  return found;
}
