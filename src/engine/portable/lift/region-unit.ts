// The part of a function that one unit has: all of it, or the region that its entry is in where it is too large.
import type { Code, Found } from "./follow.js";
import type { GuestInstruction } from "../guest-isa.js";
import { regions } from "./regions.js";

/** Instructions of a unit, what is built in not counted. */
const MAX_UNIT = 2000;

/** Cuts a function to the region that begins at `entry`; the entries of the others become boundaries. */
export function cutToUnit(entry: number, found: Found, code: Code): Found {
  if (found.instructions.size <= MAX_UNIT) return found;
  const pcs = [entry, ...[...found.leaders].filter((pc) => pc !== entry && found.instructions.has(pc))];
  const nodes = new Map(pcs.map((pc, node) => [pc, node]));
  const blocks = pcs.map((pc) => walk(pc, found, code, nodes));
  // Indirect jumps go through one node to all their targets; whoever is cut off from it goes there as to another unit.
  const targets = [...found.jumpTargets].flatMap((pc) => nodes.get(pc) ?? []);
  blocks.push({ instructions: [], edges: targets });
  const region = regions(
    blocks.map(({ edges }) => edges),
    MAX_UNIT,
    {
      size: (node) => blocks[node]?.instructions.length ?? 0,
      heat: (node) => (node === pcs.length ? Number.POSITIVE_INFINITY : code.countAt(pcs[node] ?? 0)),
      isOpen: (node) => node === pcs.length,
    },
  );
  const leaders = new Set<number>();
  const instructions = new Map<number, GuestInstruction>();
  const pages = new Set<number>();
  let sizeBytes = 0;
  pcs.forEach((pc, node) => {
    if (region[node] !== 0) {
      if (region[node] === node) code.addBoundary(pc);
      return;
    }
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
