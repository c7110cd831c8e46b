// Writes the code of one block: its stop test, its statements, the slots that others need, and its end.
import type { Block } from "../ir/block.js";
import { isReloaded } from "../optimise/dataflow.js";
import { addAll, has } from "../ir/slot-set.js";
import { type BlockPlan, eachValue, planBlock } from "./block-plan.js";
import { writeEnd } from "./ends.js";
import { countedIn, writeExit, writeStopTest } from "./exits.js";
import { addFuel, dirtyAtExit, liveAt, spilledAt, type UnitCode } from "./unit-code.js";

export function writeBlock(u: UnitCode, index: number): void {
  const block = u.unit.blocks[index];
  if (block === undefined) return;
  const { e } = u;
  e.begin(block.entries);
  if (u.checked.has(index)) writeStopTest(u, block, index);
  const counted = countedIn(block);
  if (u.options.counts && counted > 0) addFuel(u, () => e.i32(-counted));
  const plan = planned(u, block, index);
  block.statements.forEach((statement) => {
    if (statement.kind === "set") e.setSlot(statement.slot, statement.value);
    else if (statement.kind === "load") e.load(statement.value);
    else if (statement.kind === "exit") writeExit(u, statement, block, index);
    else {
      e.value(statement.address);
      e.value(statement.value);
      e.memory(statement.op, 0, statement.imm);
    }
  });
  for (const [slot, value] of plan.sets) e.setSlot(slot, value);
  writeEnd(u, block, index);
}

/** What the end of the block needs, with all uses counted. */
function planned(u: UnitCode, block: Block, index: number): BlockPlan {
  const { file } = u;
  const liveOut = file.none();
  if (!isReloaded(block)) for (const to of u.unit.graph[index] ?? []) addAll(liveOut, liveAt(u, to));
  const plan = planBlock(file, block, {
    liveOut,
    spilled: spilledAt(u, index),
    needsFlags: (exit) => has(dirtyAtExit(u, index, exit), file.flagsA),
  });
  eachValue(block, plan, (value) => u.e.count(value));
  return plan;
}
