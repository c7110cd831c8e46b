// Writes the end of a block where it leaves the unit, or calls something: what is dirty is stored, then control goes.
import { op } from "../../../wasm/opcodes.js";
import { hasTailCalls } from "../../../wasm/tail-calls.js";
import type { Block } from "../ir/block.js";
import { imported, words } from "../link/protocol.js";
import { state } from "../memory/state.js";
import { afterCall, callLikely, callTarget, callTo } from "./calls.js";
import { frameAt, writeRareLeave } from "./exits.js";
import { storeSlot } from "./state-transfer.js";
import {
  close,
  heldAtEnd,
  open,
  reload,
  returnLeave,
  returnTarget,
  spilledAt,
  type UnitCode,
} from "./unit-code.js";

export function writeEnd(u: UnitCode, block: Block, index: number): void {
  const { e, local, options } = u;
  const { end } = block;
  switch (end.kind) {
    case "jump":
    case "branch":
    case "select":
    case "return":
      return;
    case "ret":
      spill(u, index);
      storeReturned(u, end.pc);
      e.value(end.target);
      return returnTarget(u);
    case "leave":
      if (end.isRare) return writeRareLeave(u, end.pc, block, index);
      spill(u, index);
      return goTo(u, end.pc, index, frameAt(u, index, block.stackDelta));
    case "jumpTo":
      spill(u, index);
      e.value(end.target);
      if (!isTail(u, index)) return returnTarget(u);
      e.set(local.target);
      storeJump(u, end.pc);
      return callTarget(u, true, heldAtEnd(u, index));
    case "call": {
      const held = heldAtEnd(u, index);
      spill(u, index);
      callTo(u, end.target, false, held);
      return afterCall(u, end.next, index, held);
    }
    case "callTo": {
      const held = heldAtEnd(u, index);
      spill(u, index);
      e.value(end.target);
      e.set(local.target);
      callLikely(u, end.likely ?? [], held);
      return afterCall(u, end.next, index, held);
    }
    case "slow":
      spill(u, index);
      if (end.helper === undefined || options.counts) interpret(u, end.pc, end.next);
      else {
        e.i32(end.helper.argument);
        e.op("call");
        e.code.u32(end.helper.index);
        open(u, op.if);
        interpret(u, end.pc, end.next);
        close(u);
      }
      return reload(u, u.unit.graph[index]?.[0] ?? 0);
    default:
      end satisfies never;
  }
}

/** Goes on at an address outside of the unit, in its place. */
function goTo(u: UnitCode, pc: number, index: number, frame: number): void {
  if (hasTailCalls()) return callTo(u, pc, true, heldAtEnd(u, index), frame);
  u.e.i64(pc);
  returnTarget(u);
}

/** Stores what is dirty; the values are in the slots' locals. */
function spill(u: UnitCode, index: number): void {
  const { e, file } = u;
  for (const slot of file.members(spilledAt(u, index))) {
    storeSlot(u, slot, () => e.get(e.locals.slot(slot)));
  }
}

/** The latest return, in case its target is none: then it has not happened. */
function storeReturned({ e }: UnitCode, pc: number): void {
  e.i32(0);
  e.i32(pc);
  e.memory(op["i32.store"], 2, words.returned);
}

/** The latest indirect jump, and where it goes: what is learnt of jumps comes from those that lead to no unit. */
function storeJump({ e, local }: UnitCode, pc: number): void {
  e.i32(0);
  e.get(local.target);
  e.i64(32);
  e.op("i64.shl");
  e.i64(pc);
  e.op("i64.or");
  e.memory(op["i64.store"], 3, words.jump);
}

const isTail = ({ unit }: UnitCode, block: number): boolean => hasTailCalls() && unit.tails.has(block);

/** The interpreter executes one instruction; goes on where it led to `next`. */
function interpret(u: UnitCode, pc: number, next: number): void {
  const { e } = u;
  e.i32(0);
  e.i64(pc);
  e.memory(op["i64.store"], 3, state.pc);
  e.i32(next);
  e.op("call");
  e.code.u32(imported.slow);
  open(u, op.if);
  returnLeave(u);
  close(u);
}
