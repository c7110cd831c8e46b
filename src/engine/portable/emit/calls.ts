// Writes calls of other units, and what a unit does when one has returned.
import { op } from "../../../wasm/opcodes.js";
import { hasTailCalls } from "../../../wasm/tail-calls.js";
import { lookup } from "../link/lookup.js";
import { CAREFUL, MISSING_SLOT, types, words } from "../link/protocol.js";
import { add, copySlots, has, remove, type SlotSet } from "../ir/slot-set.js";
import { loadSlots } from "./state-transfer.js";
import {
  close,
  DEPTH,
  hasAliases,
  liveAt,
  open,
  PASSED,
  pushEntry,
  pushFuel,
  pushStored,
  returnTarget,
  setFuel,
  type UnitCode,
} from "./unit-code.js";

/**
 * Calls the unit at an address, or goes on there in this function's place (`isTail`), whose return address is `frame`
 * above the stack pointer. `held`: slots whose locals are right.
 */
export function callTo(u: UnitCode, pc: number, isTail: boolean, held: SlotSet, frame = 0): void {
  const { e } = u;
  const callee = u.options.callee(pc);
  if ("index" in callee) {
    pushArguments(u, isTail, held);
    e.op(isTail ? "return_call" : "call");
    u.calls.push({ at: e.code.length, to: pc });
    e.code.u32InFive(callee.index);
  } else {
    storeMissing(u, () => e.i64(pc + frame * 2 ** 32));
    pushArguments(u, isTail, held);
    e.i32(callee.slot);
    callIndirect(u, isTail);
  }
}

/** The same for the address in the local for targets; `place`: that, and above it how far the return address is. */
export function callTarget(
  u: UnitCode,
  isTail: boolean,
  held: SlotSet,
  place = (): void => u.e.get(u.local.target),
): void {
  const { e, local } = u;
  storeMissing(u, place);
  pushArguments(u, isTail, held);
  lookup(e, local.target);
  callIndirect(u, isTail);
}

/** Calls the unit for the address in the local for targets, which is compared with those where it is likely to be. */
export function callLikely(u: UnitCode, likely: readonly number[], held: SlotSet): void {
  const { e, local } = u;
  for (const pc of likely) {
    e.get(local.target);
    e.i64(pc);
    e.op("i64.eq");
    e.code.byte(op.if);
    e.code.u32(types.result);
    callTo(u, pc, false, held);
    e.op("else");
  }
  callTarget(u, false, held);
  for (const _ of likely) e.op("end");
}

/** Goes on in the unit for this address that relies on nothing around the stack pointer; where that may be one of many, somebody finds it. */
export function callCareful(u: UnitCode): void {
  const { e, unit, options } = u;
  storeMissing(u, () => {
    pushEntry(u);
    e.code.byte(op["i64.const"]);
    e.code.s64(BigInt(CAREFUL) << 32n);
    e.op("i64.or");
  });
  pushCounts(u, hasTailCalls());
  u.file.passed.forEach((_, position) => e.get(PASSED + position));
  e.i32(hasAliases(u) ? MISSING_SLOT : options.carefulSlot(unit.entry));
  callIndirect(u, hasTailCalls());
  if (!hasTailCalls()) e.op("return");
}

/** What a unit is given; `held` are slots whose locals are right, the state area is for all. */
function pushArguments(u: UnitCode, isTail: boolean, held: SlotSet): void {
  const { e, file } = u;
  pushCounts(u, isTail);
  for (const slot of file.passed) {
    if (has(held, slot)) e.get(e.locals.slot(slot));
    else pushStored(u, slot);
  }
}

function pushCounts(u: UnitCode, isTail: boolean): void {
  pushFuel(u);
  u.e.get(isTail ? DEPTH : u.local.depth);
}

/** Where to go on if there is no unit. */
function storeMissing({ e }: UnitCode, pc: () => void): void {
  e.i32(0);
  pc();
  e.memory(op["i64.store"], 3, words.elsewhere);
}

function callIndirect({ e }: UnitCode, isTail: boolean): void {
  e.op(isTail ? "return_call_indirect" : "call_indirect");
  e.code.u32(types.unit);
  e.code.u32(0);
}

/** The callee of block `index` returned where it was called from, or its caller returns outwards in turn. */
export function afterCall(u: UnitCode, next: number, index: number, held: SlotSet): void {
  const { e, local } = u;
  setFuel(u);
  e.code.byte(op["local.tee"]);
  e.code.u32(local.target);
  e.i64(next);
  e.op("i64.ne");
  open(u, op.if);
  e.get(local.target);
  returnTarget(u);
  close(u);
  reloadAfterCall(u, next, index, held);
}

/** Brings the locals up to date after a call that returned to its place. */
function reloadAfterCall(u: UnitCode, next: number, index: number, held: SlotSet): void {
  const { unit, file } = u;
  const live = copySlots(liveAt(u, unit.graph[index]?.[0] ?? 0));
  if (has(live, file.stackPointer)) {
    popReturnAddress(u, next);
    remove(live, file.stackPointer);
  }
  const kept = file.calleeSaved.filter((slot) => has(live, slot) && has(held, slot));
  keepOrLoad(u, kept);
  for (const slot of kept) remove(live, slot);
  loadSlots(u, live);
}

/** The stack pointer is what the return makes of it, or the dispatcher goes on at `next`. */
function popReturnAddress(u: UnitCode, next: number): void {
  const { e, file, isa } = u;
  const pointer = e.locals.slot(file.stackPointer);
  e.get(pointer);
  if (isa.pushedByCall > 0) {
    e.i64(isa.pushedByCall);
    e.op("i64.add");
    e.code.byte(op["local.tee"]);
    e.code.u32(pointer);
  }
  pushStored(u, file.stackPointer);
  e.op("i64.ne");
  open(u, op.if);
  e.i64(next);
  returnTarget(u);
  close(u);
}

/** Registers that functions leave as they were are compared, not loaded: what waits for them need not wait for memory. */
function keepOrLoad(u: UnitCode, kept: readonly number[]): void {
  const { e, file } = u;
  if (kept.length === 0) return;
  kept.forEach((slot, position) => {
    pushStored(u, slot);
    e.get(e.locals.slot(slot));
    e.op("i64.xor");
    if (position > 0) e.op("i64.or");
  });
  e.i64(0);
  e.op("i64.ne");
  open(u, op.if);
  const set = file.none();
  for (const slot of kept) add(set, slot);
  loadSlots(u, set);
  close(u);
}
