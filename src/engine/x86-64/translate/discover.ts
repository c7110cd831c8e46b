// Finds the instructions of a unit from its entry by following control flow, and builds its blocks.
import { decode } from "../../../isa/x86-64/decoder.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { MemoryShape } from "./access.js";
import { type Block, successorsOf } from "./block.js";
import { BlockBuilder, type UnitContext } from "./builder.js";
import { findTable, type FoundTable, indexing } from "./jump-table.js";
import { noSlots } from "./slots.js";
import { elideStackChecks } from "./stack-frame.js";
import { scalarRegisters } from "./scalar.js";

/** The guest's code as the translator sees it. */
export interface Code {
  /** Guest memory from address 0. */
  readonly bytes: Uint8Array;
  readonly shape: MemoryShape;
  /** Whether the page of an address may be executed. */
  readonly isExecutable: (pc: number) => boolean;
  /** Whether an address is known to be called: a jump there leaves the unit. */
  readonly isEntry: (pc: number) => boolean;
  /** Whether status flags may be read after a call or return; compilers never do. */
  readonly flagsAcrossCalls: boolean;
  /** What a general register holds now, which is where the unit is about to be entered. */
  readonly registerNow: (index: number) => number;
  /** Tables found so far, by the address of the jump: a unit that begins in a loop does not see where its base is set. */
  readonly tables: Map<number, FoundTable>;
}

export interface Unit {
  readonly entry: number;
  /** The entry's block first. */
  readonly blocks: readonly Block[];
  /** Edges by block index; a `jumpTo`'s are its table's targets without repetition. */
  readonly graph: readonly (readonly number[])[];
  /** Addresses called directly. */
  readonly calls: ReadonlySet<number>;
  readonly instructions: number;
  /** Bytes of guest code. */
  readonly sizeBytes: number;
  readonly scalarXmm: number;
  /** How far above rsp at the entry it relies on memory, beyond what every entry is sure of; or 0. */
  readonly frameAbove: number;
  readonly shape: MemoryShape;
  /** Pages of guest memory that its code lies in. */
  readonly pages: ReadonlySet<number>;
}

/** A unit beyond this many instructions ends early, and another begins there. */
const MAX_INSTRUCTIONS = 4000;

export function discover(entry: number, code: Code): Unit {
  const found = follow(entry, code);
  const { leaders, instructions, tables } = found;
  const scalarXmm = scalarRegisters(instructions.values());
  const context: UnitContext = {
    shape: code.shape,
    scalarXmm,
    flagsAcrossCalls: code.flagsAcrossCalls,
    jumpTable: (pc, address) => {
      const table = tables.get(pc);
      return table === undefined ? undefined : indexing(address, table);
    },
  };
  const starts = [entry, ...[...leaders].filter((pc) => pc !== entry)];
  const blocks: Block[] = [];
  const indices = new Map<number, number>();
  const graph: number[][] = [];
  const indexOf = (pc: number): number => {
    let index = indices.get(pc);
    if (index === undefined) {
      index = blocks.length;
      indices.set(pc, index);
      blocks.push(leaving(pc));
    }
    return index;
  };
  for (const pc of starts) {
    indices.set(pc, blocks.length);
    blocks.push(instructions.has(pc) ? build(pc, found, context) : leaving(pc));
  }
  for (let index = 0; index < blocks.length; index++) {
    const block = blocks[index];
    if (block !== undefined) graph.push(successorsOf(block.end).map(indexOf));
  }
  let sizeBytes = 0;
  const calls = new Set<number>();
  const pages = new Set<number>();
  for (const { pc, next, row, operands } of instructions.values()) {
    sizeBytes += next - pc;
    pages.add(pc >>> 12).add((next - 1) >>> 12);
    const target = operands[0];
    if (row.traits.flow === "call" && target?.kind === "target") calls.add(target.target);
  }
  const frameAbove = elideStackChecks(blocks, graph);
  const { shape } = code;
  return { entry, frameAbove, shape, blocks, graph, calls, instructions: instructions.size, sizeBytes, scalarXmm, pages };
}

interface Found {
  readonly leaders: ReadonlySet<number>;
  readonly instructions: ReadonlyMap<number, Instruction>;
  /** By the address of the jump. */
  readonly tables: ReadonlyMap<number, FoundTable>;
}

function follow(entry: number, code: Code): Found {
  const leaders = new Set([entry]);
  const instructions = new Map<number, Instruction>();
  const { tables } = code;
  const work = [entry];
  const lead = (pc: number) => {
    if (leaders.has(pc)) return;
    leaders.add(pc);
    work.push(pc);
  };
  const path: Instruction[] = [];
  for (let start = work.pop(); start !== undefined; start = work.pop()) {
    path.length = 0;
    for (let pc = start; !instructions.has(pc) && instructions.size < MAX_INSTRUCTIONS;) {
      if (pc < 0 || pc >= code.shape.size || !code.isExecutable(pc)) break;
      const i = decode(code.bytes, pc, pc);
      if (typeof i === "string" || !code.isExecutable(i.next - 1)) break;
      if (i.row.traits.flow === "stop") break;
      instructions.set(pc, i);
      path.push(i);
      const [first] = i.operands;
      const target = first?.kind === "target" ? first.target : undefined;
      const { flow } = i.row.traits;
      if (target !== undefined && (flow === "branch" || flow === "jump")) {
        if (flow === "branch" || !code.isEntry(target)) lead(target);
      }
      if (flow === "jumpTo") {
        const table = tables.get(pc) ?? findTable(path, instructions, code);
        if (table !== undefined) {
          tables.set(pc, table);
          table.targets.forEach(lead);
        }
      }
      if (flow === "jump" || flow === "jumpTo" || flow === "ret") break;
      if (flow !== undefined || i.row.traits.run === undefined) lead(i.next);
      pc = i.next;
      if (leaders.has(pc)) break;
    }
  }
  return { leaders, instructions, tables };
}

function build(pc: number, { leaders, instructions }: Found, context: UnitContext): Block {
  const builder = new BlockBuilder(pc, context);
  let at = pc;
  for (;;) {
    const i = instructions.get(at);
    if (i === undefined) return builder.finish(at);
    const goesOn = builder.instruction(i);
    at = i.next;
    if (!goesOn || leaders.has(at)) return builder.finish(at);
  }
}

/** A block that only says where to go on: outside the unit. */
function leaving(pc: number): Block {
  return {
    pc,
    instructions: 0,
    statements: [],
    end: { kind: "leave", pc },
    final: new Map(),
    entries: new Map(),
    flags: [],
    reads: noSlots(),
    writes: noSlots(),
    stackDelta: 0,
    stackChecks: [],
  };
}
