// The stack pointer through a unit: where it is a known distance from what it was at the entry, accesses near it need
// no check of their own, since the entry has made sure of the memory around it.
import type { Block } from "./block.js";
import { i32 } from "./node.js";
import { FRAME_ABOVE, FRAME_BELOW } from "./protocol.js";

/** Frames that reach farther above the entry's stack pointer keep their checks. */
const MAX_ABOVE = 4096;

/** Return addresses are 8 bytes: a callee takes its own off the stack. */
const RETURN_ADDRESS = 8;

/** rsp at the start of each block less rsp at the entry; undefined where it is not always the same. */
export function stackOffsets(
  blocks: readonly Block[],
  graph: readonly (readonly number[])[],
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
    const after = isKnown ? before + (block.stackDelta ?? 0) + (isCall ? RETURN_ADDRESS : 0) : unknown;
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

/**
 * Takes out the checks that the entry makes for all; gives how many bytes above its stack pointer the unit relies on
 * beyond those that every entry is sure of, or 0.
 */
export function elideStackChecks(blocks: readonly Block[], offsets: readonly (number | undefined)[]): number {
  let above = FRAME_ABOVE;
  offsets.forEach((offset, index) => {
    if (offset === undefined) return;
    for (const { exit, range } of blocks[index]?.stackChecks ?? []) {
      if (offset + range.min < -FRAME_BELOW || offset + range.max > MAX_ABOVE) continue;
      exit.when = i32(0);
      above = Math.max(above, offset + range.max);
    }
  });
  return above > FRAME_ABOVE ? above : 0;
}

/**
 * Blocks at whose end rsp is not above what it was at the entry: a jump out of the unit is a tail call there. Elsewhere
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
