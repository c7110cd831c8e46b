// The loop that an address of a function is in: where a unit for that begins, and how much of the function it has.
import { graphOf, partOf, type Walked } from "./block-graph.js";
import type { Code, Found } from "./follow.js";

/** Functions of so few instructions are not worth less than whole. */
const SMALL = 128;

/** The loop that an address of a function is in, the outermost one: all of what is followed where that is not much more. */
export function cutToLoop(entry: number, found: Found, code: Code): Found {
  const whole = found.instructions.size;
  if (whole <= SMALL) return found;
  const { pcs, blocks } = graphOf(entry, found, code);
  const { isInLoop } = loopAround(blocks);
  const size = sizeOf(blocks, isInLoop);
  if (size * 2 >= whole || isInLoop[0] === 0) return found;
  return partOf(found, pcs, blocks, (node) => isInLoop[node] === 1);
}

/** A block is where a loop begins for those who jump there from so many blocks of it, and so many times as many as here. */
const [LEAST_WAYS, MORE_WAYS] = [4, 2];

interface Loop {
  /** Where it begins, as far as can be seen: where most of its blocks go, or what that leads to in any case where others go there too. */
  readonly head: number;
  /** Its instructions; 0 where the address is in no loop. */
  readonly size: number;
}

/** The outermost loop that the address `pc` is in, of a function that is followed from `entry`. */
export function loopOf(pc: number, entry: number, found: Found, code: Code): Loop {
  const { pcs, blocks } = graphOf(entry, found, code);
  const at = pcs.indexOf(pc);
  const { isInLoop, before } = loopAround(blocks, at);
  const size = sizeOf(blocks, isInLoop);
  const ways = before.map((all) => all.filter((from) => isInLoop[from] === 1).length);
  const waysTo = (node: number) => ways[node] ?? 0;
  let head = at;
  pcs.forEach((_, node) => {
    if (isInLoop[node] === 1 && waysTo(node) > waysTo(head)) head = node;
  });
  if (waysTo(head) < Math.max(LEAST_WAYS, waysTo(at) * MORE_WAYS)) return { head: pc, size };
  const [next, ...others] = new Set(blocks[head]?.edges);
  if (next !== undefined && others.length === 0 && (before[next]?.length ?? 0) > 1) head = next;
  return { head: pcs[head] ?? pc, size };
}

const sizeOf = (blocks: readonly Walked[], isIn: Uint8Array): number =>
  blocks.reduce((sum, { instructions }, node) => sum + (isIn[node] === 1 ? instructions.length : 0), 0);

/** The blocks that one leads to and that lead back to it, and those that lead to each. */
function loopAround(blocks: readonly Walked[], at = 0): { isInLoop: Uint8Array; before: number[][] } {
  const before: number[][] = blocks.map(() => []);
  blocks.forEach(({ edges }, node) => new Set(edges).forEach((to) => before[to]?.push(node)));
  const isBefore = reached(at, before);
  const isBehind = reached(
    at,
    blocks.map(({ edges }) => edges),
  );
  return { isInLoop: isBefore.map((is, node) => is & (isBehind[node] ?? 0)), before };
}

/** What a node leads to, itself only by a way round. */
function reached(from: number, graph: readonly (readonly number[])[]): Uint8Array {
  const is = new Uint8Array(graph.length);
  const work = [from];
  for (const node of work) {
    for (const to of graph[node] ?? []) {
      if (is[to] === 1) continue;
      is[to] = 1;
      work.push(to);
    }
  }
  return is;
}
