// The part of a function that one unit has: all of it, or the region that its entry is in where it is too large.
import { graphOf, partOf } from "./block-graph.js";
import type { Code, Found } from "./follow.js";
import { regions } from "./regions.js";

/** Instructions of a unit at most, what is built in not counted. */
export const MAX_UNIT = 2000;

/** Cuts a function to the region that begins at `entry`, of at most `most` instructions; the entries of the others become boundaries. */
export function cutToUnit(entry: number, found: Found, code: Code, most = MAX_UNIT): Found {
  if (found.instructions.size <= most) return found;
  const { pcs, blocks } = graphOf(entry, found, code);
  const region = regions(
    blocks.map(({ edges }) => edges),
    most,
    {
      size: (node) => blocks[node]?.instructions.length ?? 0,
      heat: (node) => (node === pcs.length ? Number.POSITIVE_INFINITY : code.countAt(pcs[node] ?? 0)),
      isOpen: (node) => node === pcs.length,
    },
  );
  const sizeAt = (node: number) => blocks[node]?.instructions.length ?? 0;
  const isSmall = (node: number) => node < pcs.length && sizeAt(node) <= SHARED;
  pcs.forEach((pc, node) => {
    if (region[node] === node && node !== 0 && !isSmall(node)) code.addBoundary(pc);
  });
  const isIn = Array.from(region, (root) => root === 0);
  const work = [...isIn.keys()].filter((node) => isIn[node] === true);
  let size = work.reduce((sum, node) => sum + sizeAt(node), 0);
  for (const node of work) {
    for (const to of blocks[node]?.edges ?? []) {
      if (isIn[to] === true || region[to] !== to || !isSmall(to) || size + sizeAt(to) > most) continue;
      isIn[to] = true;
      size += sizeAt(to);
      work.push(to);
    }
  }
  return partOf(found, pcs, blocks, (node) => isIn[node] === true);
}

/** Where several regions go on in a block of so few instructions, as an interpreter's do to its next one, each has it. */
const SHARED = 16;
