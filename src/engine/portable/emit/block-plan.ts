// What is to be written for a block besides its statements: slots at its end.
import type { Block, ExitStatement } from "../ir/block.js";
import { flagBit } from "../ir/flags.js";
import { isZero, type Node, pseudo } from "../ir/node.js";
import { dropFlagWords } from "../optimise/flag-words.js";
import type { RegisterFile } from "../ir/register-file.js";
import { addAll, copySlots, has, type SlotSet } from "../ir/slot-set.js";

/** What the dataflow says of the block. */
interface BlockFlow {
  /** Slots that its successors need in their locals. */
  readonly liveOut: SlotSet;
  /** Slots that its end stores. */
  readonly spilled: SlotSet;
  /** Whether an exit stores the flags. */
  readonly needsFlags: (exit: ExitStatement) => boolean;
}

export interface BlockPlan {
  /** Slots to be set at the end. */
  readonly sets: ReadonlyMap<number, Node>;
}

export function planBlock(file: RegisterFile, block: Block, around: BlockFlow): BlockPlan {
  const isNeeded = has(around.liveOut, file.flagsA) || has(around.spilled, file.flagsA);
  dropFlagWords(file, block.statements, isNeeded, around.needsFlags);
  const sets = new Map<number, Node>();
  const needed = copySlots(around.liveOut);
  addAll(needed, around.spilled);
  for (const [slot, value] of block.final) {
    const isUnchanged = value.op === pseudo.entry && value.imm === slot;
    // A slot that an exit has set may have to be given back what it had at the start.
    if (has(needed, slot) && !(isUnchanged && !isSet(block, slot))) sets.set(slot, value);
  }
  for (let flag = 0; flag < block.flags.length; flag++) {
    const slot = file.flag + flag;
    const source = block.flags[flag];
    if (source !== undefined && has(around.liveOut, slot) && has(block.writes, slot)) {
      sets.set(slot, flagBit(source, flag));
    }
  }
  return { sets };
}

const isSet = ({ statements }: Block, slot: number): boolean =>
  statements.some((statement) => statement.kind === "set" && statement.slot === slot);

/** Whether an index may not fit 32 bits and has to be compared before it is cut. */
export const isWide = (index: Node): boolean => index.bits > 32;

/** Calls `use` for every value that the block's code uses, as often as it does; not for what only values use. */
export function eachValue({ statements, end }: Block, plan: BlockPlan, use: (value: Node) => void): void {
  for (let position = 0; position < statements.length; position++) {
    const statement = statements[position];
    if (statement === undefined || statement.kind === "load") continue;
    if (statement.kind === "set") use(statement.value);
    else if (statement.kind === "store") {
      use(statement.address);
      use(statement.value);
    } else if (!isZero(statement.when)) use(statement.when);
  }
  plan.sets.forEach(use);
  if (end.kind === "branch") use(end.condition);
  if (end.kind === "ret" || end.kind === "callTo" || end.kind === "jumpTo") use(end.target);
  if (end.kind === "select") {
    if (end.when !== undefined) use(end.when);
    if (isWide(end.index)) use(end.index);
    use(end.index);
  }
}
