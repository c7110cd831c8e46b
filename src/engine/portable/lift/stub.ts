// Blocks that stand for no instruction: where a unit ends, and the parts of an indirect call that is compared.
import type { Block, Terminator } from "../ir/block.js";
import { fromBit } from "../ir/flags.js";
import * as integer from "../ir/integer.js";
import { entryNode, i32, i64FromNumber, type Node, wrap } from "../ir/node.js";
import type { RegisterFile } from "../ir/register-file.js";
import { add, copySlots } from "../ir/slot-set.js";

export type CallTo = Extract<Terminator, { kind: "callTo" }>;

/** A block that only says where to go on: outside the unit. */
export function leaving(file: RegisterFile, pc: number, isRare = false): Block {
  const entries = new Map<number, Node>();
  const flags = Array.from({ length: file.flags }, (_, flag) => {
    const bit = entryNode(file, file.flag + flag);
    entries.set(file.flag + flag, bit);
    return fromBit(bit);
  });
  return {
    pc,
    instructions: 0,
    statements: [],
    end: { kind: "leave", pc, isRare },
    final: new Map(),
    entries,
    flags,
    vectors: new Map(),
    wants: new Map(),
    writes: file.none(),
    flagsAtStart: "kept",
    stackDelta: 0,
    stackChecks: [],
  };
}

/** A block that does nothing, and goes on inside the unit. */
export const going = (file: RegisterFile, pc: number): Block => ({
  ...leaving(file, pc),
  end: { kind: "jump", target: -1 },
});

/** A block that finds the target of an indirect call in its slot. */
function withTarget(file: RegisterFile, pc: number, end: (target: Node) => Terminator): Block {
  const target = entryNode(file, file.target);
  const block = leaving(file, pc);
  return { ...block, entries: new Map([...block.entries, [file.target, target]]), end: end(target) };
}

/** Whether the target of a call is an expected one; both edges are given by the graph, so that there is no `next`. */
export const branch = (target: Node, expected: number): Terminator => ({
  kind: "branch",
  condition: integer.equal(64, target, i64FromNumber(expected)),
  target: expected,
  next: -1,
});

export const comparing = (file: RegisterFile, pc: number, expected: number): Block =>
  withTarget(file, pc, (target) => branch(target, expected));

/** A block that puts the target of its indirect jump into the slot for it, and goes on. */
export function toSlot(file: RegisterFile, block: Block, target: Node): Block {
  const writes = copySlots(block.writes);
  add(writes, file.target);
  const final = new Map([...block.final, [file.target, target] as const]);
  return { ...block, writes, final, end: { kind: "jump", target: -1 } };
}

/** The parts of what finds an indirect jump's target: a comparison, the way for all others, and a table. */
export const atTarget = {
  comparing: (file: RegisterFile, pc: number, expected: number): Block => ({
    ...comparing(file, pc, expected),
    isAtTarget: true,
  }),
  jumping: (file: RegisterFile, pc: number): Block => ({
    ...withTarget(file, pc, (target) => ({ kind: "jumpTo", pc, target })),
    isAtTarget: true,
  }),
  /** Selects an edge by bits of the target. */
  selecting: (
    file: RegisterFile,
    pc: number,
    shift: number,
    mask: number,
    order: readonly number[],
  ): Block => ({
    ...withTarget(file, pc, (target) => {
      const shifted = integer.shr(32, wrap(target), i32(shift));
      return { kind: "select", index: integer.binary("and", 32, shifted, i32(mask)), order, when: undefined };
    }),
    isAtTarget: true,
  }),
};

/** The rest of an indirect call after comparisons failed. */
export const goingOn = (file: RegisterFile, call: CallTo): Block =>
  withTarget(file, call.pc, (target) => ({ ...call, target }));
