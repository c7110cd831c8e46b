// Finds a unit: a function from its entry, with small functions that it calls directly built into it, and its blocks.
// A call that is built in still pushes its return address, and its return compares: the guest sees no difference.
import type { MemoryShape } from "./access.js";
import { type Block, successorsOf, type Terminator } from "./block.js";
import { BlockBuilder, type UnitContext } from "./builder.js";
import { type Code, follow, type Found } from "./follow.js";
import { indexing } from "./jump-table.js";
import * as integer from "./integer.js";
import { flagNames, fromBit } from "./flags.js";
import { entryNode, i64FromNumber, type Node } from "./node.js";
import { add, copySlots, has, noSlots, slots } from "./slots.js";
import { hasStackWindow } from "./protocol.js";
import { elideStackChecks } from "./stack-frame.js";
import { scalarRegisters } from "./scalar.js";
import { unroll } from "./unroll.js";

export interface Unit {
  readonly entry: number;
  /** The entry's block first. */
  readonly blocks: readonly Block[];
  /** Edges by block index; a `jumpTo`'s are its table's targets without repetition. */
  readonly graph: readonly (readonly number[])[];
  /** Addresses called directly. */
  readonly calls: ReadonlySet<number>;
  readonly instructions: number;
  /** Bytes of guest code, what is built in not counted. */
  readonly sizeBytes: number;
  readonly scalarXmm: number;
  /** How far above rsp at the entry it relies on memory, beyond what every entry is sure of; or 0. */
  readonly frameAbove: number;
  readonly shape: MemoryShape;
  /** Pages of guest memory that its code lies in. */
  readonly pages: ReadonlySet<number>;
}

/** Functions of at most so many instructions are built into their callers, */
const MAX_INLINED = 64;
/** as long as those do not grow beyond so many, */
const MAX_GROWN = 800;
/** and so deep; a function into itself less deep. */
const MAX_DEPTH = 4;
const MAX_RECURSION = 2;

/** A function as part of a unit: the unit's own, or one that is built in at a call. */
interface Place {
  readonly entry: number;
  readonly found: Found;
  /** Where its return goes on. */
  readonly caller: { readonly place: Place; readonly next: number } | undefined;
  readonly depth: number;
  readonly indices: Map<number, number>;
  /** Indirect calls and their targets that are built in already. */
  readonly compared: Set<string>;
}

type CallTo = Extract<Terminator, { kind: "callTo" }>;

export function discover(entry: number, code: Code): Unit {
  const own = functionAt(entry, code);
  const root: Place = {
    entry,
    found: own,
    caller: undefined,
    depth: 0,
    indices: new Map(),
    compared: new Set(),
  };
  const context = contextOf(own, code);
  const blocks: Block[] = [];
  const starts: { readonly place: Place; readonly pc: number; readonly rest: CallTo | undefined }[] = [];
  const graph: number[][] = [];
  const calls = new Set<number>();
  const pages = new Set<number>();
  let instructions = own.instructions.size;
  addPages(pages, own);

  const indexOf = (place: Place, pc: number): number => {
    let index = place.indices.get(pc);
    if (index === undefined) {
      index = starts.push({ place, pc, rest: undefined }) - 1;
      place.indices.set(pc, index);
    }
    return index;
  };
  /** The function that a call goes to, where it is to be built in. */
  const inlined = (target: number, next: number, caller: Place): Place | undefined => {
    if (caller.depth >= MAX_DEPTH || !code.isExecutable(target)) return undefined;
    let recursion = 0;
    for (let at: Place | undefined = caller; at !== undefined; at = at.caller?.place) {
      if (at.entry === target) recursion++;
    }
    const found = functionAt(target, code);
    const size = found.instructions.size;
    const isSmall = size <= MAX_INLINED && instructions + size <= Math.max(MAX_GROWN, own.instructions.size);
    if (recursion > MAX_RECURSION || found.leaves || !isSmall) return undefined;
    instructions += size;
    addPages(pages, found);
    const place = { place: caller, next };
    return {
      entry: target,
      found,
      caller: place,
      depth: caller.depth + 1,
      indices: new Map(),
      compared: new Set(),
    };
  };
  /** An indirect call, as a chain of comparisons with targets that are built in, before the general way. */
  const compared = (
    block: Block,
    end: CallTo,
    place: Place,
  ): { block: Block; edges: number[] } | undefined => {
    for (const target of code.targetsOf(end.pc)) {
      const key = `${end.pc} ${target}`;
      if (place.compared.has(key)) continue;
      const callee = inlined(target, end.next, place);
      if (callee === undefined) continue;
      place.compared.add(key);
      const rest = starts.push({ place, pc: end.pc, rest: end }) - 1;
      const edges = [indexOf(callee, target), rest];
      return { block: comparing(block, end, target), edges };
    }
    return undefined;
  };
  const connect = (end: Terminator, place: Place): { end: Terminator; edges: number[] } => {
    if (end.kind === "call") {
      const callee = inlined(end.target, end.next, place);
      if (callee !== undefined) {
        return { end: { kind: "jump", target: end.target }, edges: [indexOf(callee, end.target)] };
      }
      calls.add(end.target);
    }
    if (end.kind === "ret" && place.caller !== undefined) {
      const { place: to, next } = place.caller;
      return { end: { ...end, kind: "return", next }, edges: [indexOf(to, next)] };
    }
    return { end, edges: successorsOf(end).map((pc) => indexOf(place, pc)) };
  };

  indexOf(root, entry);
  for (let index = 0; index < starts.length; index++) {
    const { place, pc, rest } = starts[index] ?? { place: root, pc: entry, rest: undefined };
    const block =
      rest !== undefined
        ? goingOn(rest)
        : place.found.instructions.has(pc)
          ? build(pc, place.found, context)
          : leaving(pc);
    const guarded = block.end.kind === "callTo" ? compared(block, block.end, place) : undefined;
    if (guarded !== undefined) {
      blocks.push(guarded.block);
      graph.push(guarded.edges);
      continue;
    }
    const { end, edges } = connect(block.end, place);
    blocks.push({ ...block, end });
    graph.push(edges);
  }
  const copies = unroll(graph, (index) =>
    isCopied(blocks[index]) ? (blocks[index]?.instructions ?? 0) : Infinity,
  );
  for (const { of, edges } of copies) {
    const { place, pc } = starts[of] ?? { place: root, pc: entry };
    const block = build(pc, place.found, context);
    blocks.push({ ...block, end: connectedAs(blocks[of]?.end ?? block.end, block.end) });
    graph.push(edges);
  }
  return {
    entry,
    blocks,
    graph,
    calls,
    instructions: own.instructions.size,
    sizeBytes: sizeOf(own),
    scalarXmm: context.scalarXmm,
    frameAbove: hasStackWindow(code.shape) ? elideStackChecks(blocks, graph) : 0,
    shape: code.shape,
    pages,
  };
}

/** Blocks that are built from their address alone, and end the same way each time. */
const isCopied = (block: Block | undefined): boolean =>
  block !== undefined &&
  !has(block.writes, slots.target) &&
  (block.end.kind === "jump" || block.end.kind === "branch" || block.end.kind === "return");

/** The end of a block's copy: as the block's own, with the copy's values. */
function connectedAs(end: Terminator, copy: Terminator): Terminator {
  if (end.kind === "return" && copy.kind === "ret") return { ...end, target: copy.target };
  return end.kind === "jump" ? end : copy;
}

function functionAt(entry: number, code: Code): Found {
  const known = code.functions.get(entry);
  if (known !== undefined) return known;
  const found = follow(entry, code);
  code.functions.set(entry, found);
  return found;
}

function contextOf({ instructions }: Found, { shape, flagsAcrossCalls, tables }: Code): UnitContext {
  return {
    shape,
    scalarXmm: scalarRegisters(instructions.values()),
    flagsAcrossCalls,
    jumpTable: (pc, address) => {
      const table = tables.get(pc);
      return table === undefined ? undefined : indexing(address, table);
    },
  };
}

function sizeOf({ instructions }: Found): number {
  let sizeBytes = 0;
  for (const { pc, next } of instructions.values()) sizeBytes += next - pc;
  return sizeBytes;
}

function addPages(pages: Set<number>, { instructions }: Found): void {
  for (const { pc, next } of instructions.values()) pages.add(pc >>> 12).add((next - 1) >>> 12);
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
  const entries = new Map<number, Node>();
  const flags = flagNames.map((_, flag) => {
    const bit = entryNode(slots.flag + flag);
    entries.set(slots.flag + flag, bit);
    return fromBit(bit);
  });
  return {
    pc,
    instructions: 0,
    statements: [],
    end: { kind: "leave", pc },
    final: new Map(),
    entries,
    flags,
    reads: noSlots(),
    writes: noSlots(),
    stackDelta: 0,
    stackChecks: [],
  };
}

/** The block of an indirect call, ending in a comparison of its target. */
function comparing(block: Block, { target }: CallTo, expected: number): Block {
  const writes = copySlots(block.writes);
  add(writes, slots.target);
  const final = new Map([...block.final, [slots.target, target] as const]);
  const condition = integer.equal(64, target, i64FromNumber(expected));
  // Never compared with where it goes on: both edges are given by the caller.
  return { ...block, writes, final, end: { kind: "branch", condition, target: expected, next: -1 } };
}

/** The rest of an indirect call after a comparison failed: the target is in its slot. */
function goingOn(call: CallTo): Block {
  const target = entryNode(slots.target);
  const reads = noSlots();
  add(reads, slots.target);
  const block = leaving(call.pc);
  const entries = new Map([...block.entries, [slots.target, target] as const]);
  return { ...block, entries, reads, end: { ...call, target } };
}
