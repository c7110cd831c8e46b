// How a unit is left in its middle, by a failed check or a stop test: through a spill block, one for each set of slots
// that may be dirty there. All of them are behind the unit's code, in blocks that are opened before it.
import { op } from "../../../../wasm/opcodes.js";
import { state } from "../../state.js";
import type { Block, ExitStatement } from "../block.js";
import { flagPositions } from "../flags.js";
import { isZero } from "../node.js";
import { reasons } from "../protocol.js";
import { has, hasFlags, keyOf, members, noSlots, slots, type SlotSet, withoutFlags } from "../slots.js";
import type { FlagSnapshot } from "./flag-snapshot.js";
import { spillOrder } from "./spill-order.js";
import { storeFlags, storeSlot } from "./state-transfer.js";
import {
  addFuel,
  branch,
  branchIf,
  close,
  dirtyAt,
  liveAt,
  open,
  pushOutOfFuel,
  returnLeave,
  union,
  type UnitCode,
} from "./unit-code.js";

/** Writes what `code` writes, with the spill blocks that it may leave through around it. */
export function withExits(u: UnitCode, code: () => void): void {
  const { e, local, unit } = u;
  const chains = spillOrder(exitSets(u));
  keepFlags(u);
  // The outermost block is for what all exits end in, then the sets, the last to be stored outermost.
  const order = chains.flat();
  for (let count = 0; count <= order.length; count++) open(u, op.block);
  order.toReversed().forEach((set, index) => u.exitDepth.set(keyOf(set), index + 1));
  code();
  e.op("unreachable");
  for (const chain of chains) {
    chain.forEach((set, index) => {
      close(u);
      const next = chain[index + 1] ?? noSlots();
      for (const slot of members(set))
        if (!has(next, slot)) storeSlot(e, slot, unit.scalarXmm, () => e.get(e.locals.slot(slot)));
    });
    branch(u, u.depth - 1);
  }
  close(u);
  if (u.exitsStoreFlags) {
    e.get(local.flagsKind);
    e.i32(0);
    e.op("i32.ge_s");
    open(u, op.if);
    storeFlags(
      e,
      () => e.get(local.flagsKind),
      local.flagsWords.map((word) => () => e.get(word)),
    );
    close(u);
  }
  e.i32(0);
  e.get(local.exitPc);
  e.op("i64.extend_i32_u");
  e.memory(op["i64.store"], 3, state.rip);
  if (u.options.counts) addFuel(u, () => e.get(local.notExecuted));
  returnLeave(u, reasons.slow);
}

/** The sets of dirty slots at all places where a check may fail. */
function exitSets(u: UnitCode): SlotSet[] {
  const sets: SlotSet[] = [];
  u.unit.blocks.forEach((block, index) => {
    const before = dirtyAt(u, index);
    if (u.checked.has(index)) sets.push(withoutFlags(before));
    for (const statement of block.statements) {
      if (statement.kind === "exit" && !isZero(statement.when))
        sets.push(withoutFlags(union(before, statement.written)));
    }
  });
  return sets;
}

/** Instructions that a block counts: one that the interpreter executes is counted there. */
export const countedIn = ({ end, instructions }: Block): number =>
  end.kind === "slow" ? instructions - 1 : instructions;

/** A check of the block at `index`. */
export function writeExit(
  u: UnitCode,
  exit: ExitStatement,
  snapshot: FlagSnapshot | undefined,
  block: Block,
  index: number,
): void {
  const { e, local } = u;
  if (isZero(exit.when)) return;
  if (snapshot !== undefined) setSnapshot(u, snapshot);
  e.i32(exit.pc);
  e.set(local.exitPc);
  if (u.options.counts) {
    e.i32(countedIn(block) - exit.executed);
    e.set(local.notExecuted);
  }
  e.value(exit.when);
  leaveIf(u, union(dirtyAt(u, index), exit.written));
  if (snapshot !== undefined) keepFlags(u);
}

/** Out of fuel: leaves at the start of a block. Flags that live there are in their slots. */
export function writeStopTest(u: UnitCode, block: Block, index: number): void {
  const { e, local } = u;
  pushOutOfFuel(u);
  open(u, op.if);
  const live = liveAt(u, index);
  if (hasFlags(live)) setPackedFlags(u, live);
  e.i32(block.pc);
  e.set(local.exitPc);
  if (u.options.counts) {
    e.i32(0);
    e.set(local.notExecuted);
  }
  e.i32(1);
  leaveIf(u, dirtyAt(u, index));
  close(u);
}

/** Leaves where the value on the stack is not 0. */
function leaveIf(u: UnitCode, dirty: SlotSet): void {
  const depth = u.exitDepth.get(keyOf(withoutFlags(dirty)));
  if (depth === undefined) throw new RangeError("an exit without a spill block");
  branchIf(u, u.depth - 1 - depth);
}

// What an exit stores as the flags.

/** Nothing: the state area has them. */
function keepFlags({ e, local }: UnitCode): void {
  e.i32(-1);
  e.set(local.flagsKind);
}

function setSnapshot(u: UnitCode, { kind, values }: FlagSnapshot): void {
  const { e, local } = u;
  u.exitsStoreFlags = true;
  e.i32(kind);
  e.set(local.flagsKind);
  values.forEach((value, which) => {
    e.value(value);
    if (value.type === "i32") e.op("i64.extend_i32_u");
    e.set(local.flagsWords[which] ?? 0);
  });
}

/** The flags of a set, from their slots. */
function setPackedFlags(u: UnitCode, live: SlotSet): void {
  const { e, local } = u;
  u.exitsStoreFlags = true;
  e.i32(0);
  e.set(local.flagsKind);
  e.i32(0);
  for (let flag = 0; flag < flagPositions.length; flag++) {
    if (!has(live, slots.flag + flag)) continue;
    e.get(e.locals.slot(slots.flag + flag));
    e.i32(flagPositions[flag] ?? 0);
    e.op("i32.shl");
    e.op("i32.or");
  }
  e.op("i64.extend_i32_u");
  e.set(local.flagsWords[0] ?? 0);
}
