// What is to be written for a block besides its statements: slots at its end, flags at its exits and its end.
import type { Block, ExitStatement } from "./block.js";
import { type FlagSnapshot, snapshotOf } from "./flag-snapshot.js";
import { flagBit, type FlagSource } from "./flags.js";
import { isZero, type Node, pseudo } from "./node.js";
import { addAll, copySlots, has, hasFlags, slots, type SlotSet } from "./slots.js";

/** What surrounds the block. */
export interface Surroundings {
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

export function planBlock(block: Block, around: Surroundings): BlockPlan {
  const sets = new Map<number, Node>();
  const needed = copySlots(around.liveOut);
  addAll(needed, around.spilled);
  // A slot that an exit has set may have to be given back what it had at the start.
  const synced = new Set(block.statements.map((s) => (s.kind === "set" ? s.slot : -1)));
  const isUnchanged = (slot: number, value: Node) =>
    value.op === pseudo.entry && value.imm === slot && !synced.has(slot);
  for (const [slot, value] of block.final) {
    if (has(needed, slot) && !isUnchanged(slot, value)) sets.set(slot, value);
  }
  block.flags.forEach((source, flag) => {
    const slot = slots.flag + flag;
    if (has(around.liveOut, slot) && has(block.writes, slot)) sets.set(slot, flagBit(source, flag));
  });
  const snapshots = new Map<number, FlagSnapshot>();
  block.statements.forEach((statement, position) => {
    if (statement.kind !== "exit" || isZero(statement.when)) return;
    const snapshot = flagsAtExit(statement, block, around);
    if (snapshot !== undefined) snapshots.set(position, snapshot);
  });
  const endFlags = hasFlags(around.spilled) ? snapshotOf(block.flags, block.flags) : undefined;
  return { sets, snapshots, endFlags };
}

/** What an exit saves of the flags that are still to be read; undefined where none are. */
function flagsAtExit(
  { written, flags, executed }: ExitStatement,
  block: Block,
  { dirty, liveOut, spilled, flagsAcrossCalls }: Surroundings,
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

/** Every value that the block's code uses, as often as it does; what only values use is not among them. */
export function* valuesOf({ statements, end }: Block, plan: BlockPlan): Generator<Node> {
  for (const [position, statement] of statements.entries()) {
    if (statement.kind === "set") yield statement.value;
    else if (statement.kind === "store") {
      yield statement.address;
      yield statement.value;
    } else if (statement.kind === "exit" && !isZero(statement.when)) {
      yield* plan.snapshots.get(position)?.values ?? [];
      yield statement.when;
    }
  }
  yield* plan.sets.values();
  yield* plan.endFlags?.values ?? [];
  if (end.kind === "branch") yield end.condition;
  if (end.kind === "ret" || end.kind === "callTo" || end.kind === "jumpTo") yield end.target;
  if (end.kind === "select") {
    if (end.when !== undefined) yield end.when;
    if (isWide(end.index)) yield end.index;
    yield end.index;
  }
}
