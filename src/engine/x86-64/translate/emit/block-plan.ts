// What is to be written for a block besides its statements: slots at its end, flags at its exits and its end.
import type { Block, ExitStatement } from "../block.js";
import { type FlagSnapshot, snapshotOf } from "./flag-snapshot.js";
import { flagBit, type FlagSource } from "../flags.js";
import { isZero, type Node, pseudo } from "../node.js";
import { addAll, copySlots, has, hasFlags, slots, type SlotSet } from "../slots.js";

/** What the dataflow says of the block. */
interface BlockFlow {
  /** Slots that may be dirty at its start. */
  readonly dirty: SlotSet;
  /** Slots that its successors need in their locals. */
  readonly liveOut: SlotSet;
  /** Slots that its end stores. */
  readonly spilled: SlotSet;
  readonly flagsAcrossCalls: boolean;
}

export interface BlockPlan {
  /** Slots to be set at the end. */
  readonly sets: ReadonlyMap<number, Node>;
  /** Flags that exits save, by the exit's position among the statements. */
  readonly snapshots: ReadonlyMap<number, FlagSnapshot>;
  /** What the end stores as the flags. */
  readonly endFlags: FlagSnapshot | undefined;
}

export function planBlock(block: Block, around: BlockFlow): BlockPlan {
  const sets = new Map<number, Node>();
  const needed = copySlots(around.liveOut);
  addAll(needed, around.spilled);
  for (const [slot, value] of block.final) {
    const isUnchanged = value.op === pseudo.entry && value.imm === slot;
    // A slot that an exit has set may have to be given back what it had at the start.
    if (has(needed, slot) && !(isUnchanged && !isSet(block, slot))) sets.set(slot, value);
  }
  for (let flag = 0; flag < block.flags.length; flag++) {
    const slot = slots.flag + flag;
    const source = block.flags[flag];
    if (source !== undefined && has(around.liveOut, slot) && has(block.writes, slot)) {
      sets.set(slot, flagBit(source, flag));
    }
  }
  let snapshots = NONE;
  for (let position = 0; position < block.statements.length; position++) {
    const statement = block.statements[position];
    if (statement?.kind !== "exit" || isZero(statement.when)) continue;
    const snapshot = flagsAtExit(statement, block, around);
    if (snapshot === undefined) continue;
    if (snapshots === NONE) snapshots = new Map();
    snapshots.set(position, snapshot);
  }
  const endFlags = hasFlags(around.spilled) ? snapshotOf(block.flags, block.flags) : undefined;
  return { sets, snapshots, endFlags };
}

const NONE = new Map<number, FlagSnapshot>();

const isSet = ({ statements }: Block, slot: number): boolean =>
  statements.some((statement) => statement.kind === "set" && statement.slot === slot);

/** What an exit saves of the flags that are still to be read; undefined where none are. */
function flagsAtExit(
  { written, flags, executed }: ExitStatement,
  block: Block,
  { dirty, liveOut, spilled, flagsAcrossCalls }: BlockFlow,
): FlagSnapshot | undefined {
  // While nothing has changed them, the state area has them.
  if (!hasFlags(written) && !hasFlags(dirty)) return undefined;
  if (flagsAcrossCalls) return snapshotOf(flags, flags);
  const isLiveOut = (source: FlagSource) =>
    block.flags.some(
      (final, flag) => final === source && (hasFlags(spilled) || has(liveOut, slots.flag + flag)),
    );
  const isNeeded = (source: FlagSource): boolean =>
    source.lastRead >= executed || isLiveOut(source) || source.next.some(isNeeded);
  const needed = flags.filter(isNeeded);
  return needed.length === 0 ? undefined : snapshotOf(flags, needed);
}

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
    } else if (!isZero(statement.when)) {
      plan.snapshots.get(position)?.values.forEach(use);
      use(statement.when);
    }
  }
  plan.sets.forEach(use);
  plan.endFlags?.values.forEach(use);
  if (end.kind === "branch") use(end.condition);
  if (end.kind === "ret" || end.kind === "callTo" || end.kind === "jumpTo") use(end.target);
  if (end.kind === "select") {
    if (end.when !== undefined) use(end.when);
    if (isWide(end.index)) use(end.index);
    use(end.index);
  }
}
