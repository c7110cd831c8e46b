// How a unit is left in its middle, by a failed check, a stop test or for what has hardly ever run: through a spill block, one
// for each set of slots that may be dirty there. All of them are behind the unit's code, in blocks that are opened before it.
// Where to go on is one number until then: the guest address, above it how far the return address is above the stack pointer,
// and the sign for a way that is no failure.
import { op } from "../../../wasm/opcodes.js";
import type { Block, ExitStatement } from "../ir/block.js";
import { isZero } from "../ir/node.js";
import { hasTailCalls } from "../../../wasm/tail-calls.js";
import { callTarget } from "./calls.js";
import { imported, words } from "../link/protocol.js";
import { has, keyOf, type SlotSet } from "../ir/slot-set.js";
import { spillOrder } from "./spill-order.js";
import { storeSlot } from "./state-transfer.js";
import {
  addFuel,
  branch,
  branchIf,
  close,
  dirtyAtExit,
  dirtyAtStop,
  open,
  pushFuel,
  pushOutOfFuel,
  returnTarget,
  setFuel,
  spilledAt,
  type UnitCode,
} from "./unit-code.js";

/** Writes what `code` writes, with the spill blocks that it may leave through around it. */
export function withExits(u: UnitCode, code: () => void): void {
  const { e, file, local } = u;
  const chains = spillOrder(exitSets(u));
  // The outermost block is for what all exits end in, then the sets, the last to be stored outermost.
  const order = chains.flat();
  for (let count = 0; count <= order.length; count++) open(u, op.block);
  order.toReversed().forEach((set, index) => u.exitDepth.set(keyOf(set), index + 1));
  code();
  e.op("unreachable");
  for (const chain of chains) {
    chain.forEach((set, index) => {
      close(u);
      const next = chain[index + 1] ?? file.none();
      for (const slot of file.members(set))
        if (!has(next, slot)) storeSlot(u, slot, () => e.get(e.locals.slot(slot)));
    });
    branch(u, u.depth - 1);
  }
  close(u);
  if (u.options.counts) addFuel(u, () => e.get(local.notExecuted));
  e.get(local.exitPlace);
  e.i64(0);
  e.op("i64.lt_s");
  open(u, op.if);
  goOn(u);
  close(u);
  leaveToInterpreter(u);
}

/** What marks a place where another unit may go on. */
const RARE = 2n ** 63n;

const placeOf = (pc: number, frame: number): bigint => BigInt(pc) | (BigInt(frame) << 32n);

/** Goes on at the place of the exit in the unit that there is by then. */
function goOn(u: UnitCode): void {
  const { e, local } = u;
  e.get(local.exitPlace);
  e.i64(0xffff_ffff);
  e.op("i64.and");
  if (!hasTailCalls()) return returnTarget(u);
  e.set(local.target);
  callTarget(u, true, u.file.none(), () => {
    e.get(local.exitPlace);
    pushI64(u, RARE - 1n);
    e.op("i64.and");
  });
}

function pushI64({ e }: UnitCode, value: bigint): void {
  e.code.byte(op["i64.const"]);
  e.code.s64(BigInt.asIntN(64, value));
}

/** Goes on with an instruction in the interpreter, in this function's place: see `words`. */
function leaveToInterpreter(u: UnitCode): void {
  const { e } = u;
  e.i32(0);
  e.get(u.local.exitPlace);
  e.memory(op["i64.store"], 3, words.elsewhere);
  e.i32(0);
  e.i32(u.unit.entry);
  e.memory(op["i32.store"], 2, words.unit);
  if (u.isa.link !== undefined) {
    e.i32(0);
    e.get(u.local.link);
    e.memory(op["i64.store"], 3, words.link);
  }
  pushFuel(u);
  e.get(u.local.depth);
  e.op("call");
  e.code.u32(imported.failed);
  setFuel(u);
  e.i32(0);
  e.memory(op["i64.load"], 3, words.target);
  returnTarget(u);
}

/** The sets of dirty slots at all places where a check may fail. */
function exitSets(u: UnitCode): SlotSet[] {
  const sets: SlotSet[] = [];
  u.unit.blocks.forEach((block, index) => {
    if (u.checked.has(index)) sets.push(dirtyAtStop(u, index));
    if (block.end.kind === "leave" && block.end.isRare) sets.push(spilledAt(u, index));
    for (const statement of block.statements) {
      if (statement.kind === "exit" && !isZero(statement.when)) sets.push(dirtyAtExit(u, index, statement));
    }
  });
  return sets;
}

/** Instructions that a block counts: one that the interpreter executes is counted there. */
export const countedIn = ({ end, instructions }: Block): number =>
  end.kind === "slow" ? instructions - end.count : instructions;

/** A check of the block at `index`. */
export function writeExit(u: UnitCode, exit: ExitStatement, block: Block, index: number): void {
  const { e, local } = u;
  if (isZero(exit.when)) return;
  setPlace(u, exit.pc, frameAt(u, index, exit.stackDelta));
  if (u.options.counts) {
    e.i32(countedIn(block) - exit.executed);
    e.set(local.notExecuted);
  }
  e.value(exit.when);
  leaveIf(u, dirtyAtExit(u, index, exit));
}

/** Out of fuel: leaves at the start of a block. */
export function writeStopTest(u: UnitCode, block: Block, index: number): void {
  const { e, local } = u;
  pushOutOfFuel(u);
  open(u, op.if);
  if (block.isAtTarget === true) {
    e.get(e.locals.slot(u.file.target));
    e.i64(0xffff_ffff);
    e.op("i64.and");
    pushI64(u, placeOf(0, frameAt(u, index, 0)));
    e.op("i64.or");
    e.set(local.exitPlace);
  } else setPlace(u, block.pc, frameAt(u, index, 0));
  if (u.options.counts) {
    e.i32(0);
    e.set(local.notExecuted);
  }
  e.i32(1);
  leaveIf(u, dirtyAtStop(u, index));
  close(u);
}

/** How far above the stack pointer the return address is: 0 where it is not known, as if it were there. */
export function frameAt({ unit }: UnitCode, block: number, delta: number | undefined): number {
  const offset = unit.stackOffsets[block];
  return offset === undefined || delta === undefined ? 0 : Math.max(0, -(offset + delta));
}

function setPlace(u: UnitCode, pc: number, frame: number, mark = 0n): void {
  pushI64(u, placeOf(pc, frame) | mark);
  u.e.set(u.local.exitPlace);
}

/** Leaves where the value on the stack is not 0. */
const leaveIf = (u: UnitCode, dirty: SlotSet): void => branchIf(u, depthOf(u, dirty));

/** How far out the spill block for a set is. */
function depthOf(u: UnitCode, dirty: SlotSet): number {
  const depth = u.exitDepth.get(keyOf(dirty));
  if (depth === undefined) throw new RangeError("an exit without a spill block");
  return u.depth - 1 - depth;
}

/** The end of a block behind which nothing has run so far. */
export function writeRareLeave(u: UnitCode, pc: number, block: Block, index: number): void {
  const { e, local } = u;
  setPlace(u, pc, frameAt(u, index, block.stackDelta), RARE);
  if (u.options.counts) {
    e.i32(0);
    e.set(local.notExecuted);
  }
  branch(u, depthOf(u, spilledAt(u, index)));
}
