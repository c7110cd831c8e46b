// Calls and jumps whose targets are known: blocks that compare and select, walked with every target and with others.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { op } from "../../../wasm/opcodes.js";
import { entryNode, type Node, pseudo } from "../ir/node.js";
import { RegisterFile } from "../ir/register-file.js";
import { type Connected, dispatch } from "./dispatch.js";
import { jumpDispatch } from "./jump-dispatch.js";
import { type CallTo, goingOn, leaving } from "./stub.js";

const file = new RegisterFile({
  generals: 3,
  generalAt: 0,
  vectors: 1,
  vectorAt: 32,
  flags: 1,
  flagsOperationAt: 48,
  flagsAAt: 56,
  flagsBAt: 64,
  stackPointer: 2,
  calleeSaved: [],
  passed: [0, 1, 2],
});

/** A node's value, where the slot for targets, or the register that the call reads, holds `target`. */
function valueOf(n: Node | undefined, target: number): number {
  assert.ok(n !== undefined);
  const [a, b] = [() => valueOf(n.a, target), () => valueOf(n.b, target)];
  switch (n.op) {
    case pseudo.constant:
      return n.imm >>> 0;
    case pseudo.entry:
      return target;
    case op["i32.wrap_i64"]:
      return a();
    case op["i64.eqz"]:
      return a() === 0 ? 1 : 0;
    case op["i64.eq"]:
      return a() === b() ? 1 : 0;
    case op["i32.shr_u"]:
      return a() >>> b();
    case op["i32.and"]:
      return a() & b();
    default:
      throw new RangeError(`opcode ${n.op}`);
  }
}

/** The index of the block that a walk from one block ends at; those in `blocks` are walked through. */
function walk(start: Connected, blocks: ReadonlyMap<number, Connected>, target: number): number {
  let at = start;
  for (let steps = 0; steps < 100; steps++) {
    const { end } = at.block;
    let edge: number;
    if (end.kind === "branch") edge = valueOf(end.condition, target) === 1 ? 0 : 1;
    else {
      assert.equal(end.kind, "select");
      const { index, order } = end;
      edge = order[valueOf(index, target)] ?? order.length;
    }
    const to = at.edges[edge] ?? -1;
    const next = blocks.get(to);
    if (next === undefined) return to;
    at = next;
  }
  throw new RangeError("no end");
}

const addresses = fc.uniqueArray(fc.integer({ min: 0, max: 0xffff_ffff }), { minLength: 1, maxLength: 40 });
const near = fc.uniqueArray(fc.integer({ min: 0x1000, max: 0x1400 }), { minLength: 1, maxLength: 40 });

test("an indirect call goes to each of its usual targets, and the general way with all others", () => {
  fc.assert(
    fc.property(fc.oneof(addresses, near), fc.nat(0xffff_ffff), (targets, other) => {
      const target = entryNode(file, 0);
      const call: CallTo = { kind: "callTo", pc: 0x100, target, next: 0x105 };
      const blocks = new Map<number, Connected>();
      const added = (made: Connected): number => {
        blocks.set(1000 + blocks.size, made);
        return 999 + blocks.size;
      };
      const callees = targets.map((address, index) => ({ target: address, index }));
      const start = dispatch(file, { ...leaving(file, 0x100), end: call }, call, callees, 500, added);
      targets.forEach((address, index) => assert.equal(walk(start, blocks, address), index));
      if (!targets.includes(other)) assert.equal(walk(start, blocks, other), 500);
      assert.equal(start.block.final.get(file.target), target);
    }),
    { numRuns: 1000 },
  );
});

test("the jumps of an interpreter go to each of its handlers, and elsewhere with all others", () => {
  fc.assert(
    fc.property(fc.oneof(addresses, near), fc.nat(0xffff_ffff), (targets, other) => {
      const blocks = new Map<number, Connected>();
      const added = (made: Connected): number => {
        blocks.set(1000 + blocks.size, made);
        return 999 + blocks.size;
      };
      const start = jumpDispatch(
        file,
        0x100,
        targets.map((pc, index) => ({ pc, index })),
        added,
      );
      // The general way is a block of its own, which jumps.
      const rest = [...blocks].find(([, { block }]) => block.end.kind === "jumpTo")?.[0] ?? -1;
      const general = blocks.get(rest);
      assert.ok(general !== undefined && general.edges.length === 0);
      blocks.delete(rest);
      const first = blocks.get(start);
      targets.forEach((address, index) => assert.equal(first && walk(first, blocks, address), index));
      if (!targets.includes(other)) assert.equal(first && walk(first, blocks, other), rest);
    }),
    { numRuns: 1000 },
  );
});

test("the rest of a call calls what is in the slot for targets", () => {
  const target = entryNode(file, 0);
  const { end } = goingOn(file, { kind: "callTo", pc: 0x100, target, next: 0x105 });
  assert.ok(end.kind === "callTo");
  assert.deepEqual([end.target.op, end.target.imm, end.next], [pseudo.entry, file.target, 0x105]);
});
