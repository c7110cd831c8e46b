// What a unit does before its first block: tests whether it may run at all, then loads the slots that it needs.
import { op } from "../../../wasm/opcodes.js";
import { has } from "../ir/slot-set.js";
import { callCareful } from "./calls.js";
import {
  close,
  DEPTH,
  hasAliases,
  liveAt,
  open,
  PASSED,
  pushEntry,
  pushSpareFuel,
  reload,
  returnTarget,
  type UnitCode,
} from "./unit-code.js";

export function writeEntry(u: UnitCode): void {
  returnUnlessRunnable(u);
  leaveNearEndOfMemory(u);
  keepLink(u);
  loadAtEntry(u);
  if (hasAliases(u)) {
    pushEntry(u);
    u.e.set(u.e.locals.slot(u.file.target));
  }
}

/** Loads what the first block needs: what is passed from the parameters, the rest from the state area. */
function loadAtEntry(u: UnitCode): void {
  const { e, file } = u;
  file.passed.forEach((slot, position) => {
    if (!has(liveAt(u, 0), slot)) return;
    e.get(PASSED + position);
    e.set(e.locals.slot(slot));
  });
  reload(u, 0, file.passed);
}

/** What an exit says of where the function returns to. */
function keepLink({ e, isa, file, local }: UnitCode): void {
  if (isa.link === undefined) return;
  e.i32(0);
  e.memory(op["i64.load"], 3, file.placeOf(file.general + isa.link));
  e.set(local.link);
}

/** Returns to the root where there is no fuel, or no room on V8's stack. */
function returnUnlessRunnable(u: UnitCode): void {
  const { e, local } = u;
  e.get(DEPTH);
  e.code.byte(op["i32.const"]);
  u.frameBytesAt = e.code.length;
  e.code.u32InFive(0);
  e.op("i32.sub");
  e.code.byte(op["local.tee"]);
  e.code.u32(local.depth);
  // One test for both: their signs.
  pushSpareFuel(u);
  e.op("i32.or");
  e.i32(0);
  e.op("i32.lt_s");
  open(u, op.if);
  pushEntry(u);
  returnTarget(u);
  close(u);
}

/** Goes on in a unit that is careful where the memory around the stack pointer is not all that this one relies on. */
function leaveNearEndOfMemory(u: UnitCode): void {
  const { e, file, unit } = u;
  const { below, above } = unit.frame;
  if (below === 0 && above === 0) return;
  const lowest = unit.shape.writable + below;
  e.get(PASSED + file.passed.indexOf(file.stackPointer));
  e.i64(lowest);
  e.op("i64.sub");
  e.i64(unit.shape.size - above - lowest);
  e.op("i64.gt_u");
  open(u, op.if);
  callCareful(u);
  close(u);
}
