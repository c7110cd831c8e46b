// The part of a function that one unit has: all of it, or the region that its entry is in where it is too large.
import type { Code, Found } from "./follow.js";
import type { GuestInstruction } from "../guest-isa.js";
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

/** Functions of so few instructions are not worth less than whole. */
const SMALL = 128;

/** The loop that an address of a function is in, the outermost one: all of what is followed where that is not much more. */
export function cutToLoop(entry: number, found: Found, code: Code): Found {
  const whole = found.instructions.size;
  if (whole <= SMALL) return found;
  const { pcs, blocks } = graphOf(entry, found, code);
  const { isInLoop } = loopAround(blocks);
  const size = blocks.reduce(
    (sum, { instructions }, node) => sum + (isInLoop[node] === 1 ? instructions.length : 0),
    0,
  );
  if (size * 2 >= whole || isInLoop[0] === 0) return found;
  return partOf(found, pcs, blocks, (node) => isInLoop[node] === 1);
}

/** A block is where a loop begins for those who jump there from so many blocks of it, and so many times as many as here. */
const [LEAST_WAYS, MORE_WAYS] = [4, 2];

/**
 * Where the loop begins that the address `pc` of a function is in: where most of its blocks go, or what that leads to in any case where others
 * go there too.
 */
export function loopHead(pc: number, entry: number, found: Found, code: Code): number {
  const { pcs, blocks } = graphOf(entry, found, code);
  const at = pcs.indexOf(pc);
  const { isInLoop, before } = loopAround(blocks, at);
  const ways = (node: number) => (before[node] ?? []).filter((from) => isInLoop[from] === 1).length;
  let head = at;
  pcs.forEach((_, node) => {
    if (isInLoop[node] === 1 && ways(node) > ways(head)) head = node;
  });
  if (ways(head) < Math.max(LEAST_WAYS, ways(at) * MORE_WAYS)) return pc;
  const [next, ...others] = new Set(blocks[head]?.edges);
  if (next !== undefined && others.length === 0 && (before[next]?.length ?? 0) > 1) head = next;
  return pcs[head] ?? pc;
}

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

interface BlockGraph {
  readonly pcs: readonly number[];
  readonly blocks: readonly Walked[];
}

/** The blocks of a function, its entry's first; the last is for all targets of its indirect jumps. */
function graphOf(entry: number, found: Found, code: Code): BlockGraph {
  const pcs = [entry, ...[...found.leaders].filter((pc) => pc !== entry && found.instructions.has(pc))];
  const nodes = new Map(pcs.map((pc, node) => [pc, node]));
  const blocks = pcs.map((pc) => walk(pc, found, code, nodes));
  // Indirect jumps go through one node to all their targets; whoever is cut off from it goes there as to another unit.
  const targets = [...found.jumpTargets].flatMap((pc) => nodes.get(pc) ?? []);
  blocks.push({ instructions: [], edges: targets });
  return { pcs, blocks };
}

function partOf(
  found: Found,
  pcs: readonly number[],
  blocks: readonly Walked[],
  isIn: (node: number) => boolean,
): Found {
  const leaders = new Set<number>();
  const instructions = new Map<number, GuestInstruction>();
  const pages = new Set<number>();
  let sizeBytes = 0;
  pcs.forEach((pc, node) => {
    if (!isIn(node)) return;
    leaders.add(pc);
    for (const i of blocks[node]?.instructions ?? []) {
      instructions.set(i.pc, i);
      sizeBytes += i.next - i.pc;
      pages.add(i.pc >>> 12).add((i.next - 1) >>> 12);
    }
  });
  const { jumpTargets } = found;
  return { leaders, instructions, jumpTargets, leaves: true, switches: found.switches, pages, sizeBytes };
}

interface Walked {
  readonly instructions: readonly GuestInstruction[];
  readonly edges: readonly number[];
}

/** A block of a function: its instructions, and the nodes where it goes on. */
function walk(pc: number, found: Found, code: Code, nodes: ReadonlyMap<number, number>): Walked {
  const instructions: GuestInstruction[] = [];
  const edges: number[] = [];
  const lead = (target: number) => {
    const node = nodes.get(target);
    if (node !== undefined) edges.push(node);
  };
  for (let at = pc; ;) {
    const i = found.instructions.get(at);
    if (i === undefined) break;
    instructions.push(i);
    const flow = code.isa.flowOf(i);
    const target = code.isa.targetOf(i);
    if (target !== undefined && (flow === "branch" || flow === "jump")) lead(target);
    if (flow === "jumpTo") {
      const table = tableAt(instructions, code);
      if (table === undefined) edges.push(nodes.size);
      else table.forEach(lead);
    }
    if (flow === "jump" || flow === "jumpTo" || flow === "ret") break;
    at = i.next;
    if (found.leaders.has(at)) {
      lead(at);
      break;
    }
  }
  return { instructions, edges };
}

/** The targets of the jump at the end, by a table that is read at most two instructions before. */
function tableAt(instructions: readonly GuestInstruction[], { tables }: Code): readonly number[] | undefined {
  for (const i of instructions.slice(-3)) {
    const table = tables.get(i.pc);
    if (table !== undefined) return [...new Set(table.targets)];
  }
  return undefined;
}
