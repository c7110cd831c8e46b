// The blocks of what has been followed of a function, before they are lifted, and parts of it.
import type { GuestInstruction } from "../guest-isa.js";
import type { Code, Found } from "./follow.js";

/** A function's blocks as a graph. */
interface BlockGraph {
  readonly pcs: readonly number[];
  readonly blocks: readonly Walked[];
}

/** The blocks of a function, its entry's first; the last is for all targets of its indirect jumps. */
export function graphOf(entry: number, found: Found, code: Code): BlockGraph {
  const pcs = [entry, ...[...found.leaders].filter((pc) => pc !== entry && found.instructions.has(pc))];
  const nodes = new Map(pcs.map((pc, node) => [pc, node]));
  const blocks = pcs.map((pc) => walk(pc, found, code, nodes));
  // Indirect jumps go through one node to all their targets; whoever is cut off from it goes there as to another unit.
  const targets = [...found.jumpTargets].flatMap((pc) => nodes.get(pc) ?? []);
  blocks.push({ instructions: [], edges: targets });
  return { pcs, blocks };
}

/** Some of a function's blocks as a function. */
export function partOf(
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

export interface Walked {
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
