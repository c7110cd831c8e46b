// What a unit does before its first block: tests whether it may run at all, then loads the slots that it needs.
import { op } from "../../../../wasm/opcodes.js";
import { state } from "../../state.js";
import { hasStackWindow, reasons, STACK_WINDOW, words } from "../protocol.js";
import {
  branch,
  branchIf,
  close,
  open,
  pushOutOfFuel,
  pushStoredRsp,
  reload,
  returnLeave,
  returnTarget,
  type UnitCode,
} from "./unit-code.js";

export function writeEntry(u: UnitCode): void {
  const { unit } = u;
  returnUnlessRunnable(u);
  if (unit.frameAbove > 0) leaveNearEndOfMemory(u);
  reload(u, 0);
}

/** Returns to the root where there is no fuel, or the stack is not where it is expected. */
function returnUnlessRunnable(u: UnitCode): void {
  const { e, unit } = u;
  open(u, op.block);
  open(u, op.block);
  pushOutOfFuel(u);
  branchIf(u, 0);
  if (hasStackWindow(unit.shape)) {
    pushStoredRsp(u);
    e.i32(0);
    e.memory(op["i64.load"], 3, words.stackLow);
    e.op("i64.sub");
    e.i64(STACK_WINDOW);
    e.op("i64.lt_u");
    branchIf(u, 1);
  } else branch(u, 1);
  close(u);
  e.i64(unit.entry);
  returnTarget(u);
  close(u);
}

/** Leaves to the interpreter where the memory ends before what the unit relies on above the stack pointer. */
function leaveNearEndOfMemory(u: UnitCode): void {
  const { e, unit } = u;
  pushStoredRsp(u);
  e.i64(unit.shape.size - unit.frameAbove);
  e.op("i64.gt_u");
  open(u, op.if);
  e.i32(0);
  e.i64(unit.entry);
  e.memory(op["i64.store"], 3, state.rip);
  returnLeave(u, reasons.slow);
  close(u);
}
