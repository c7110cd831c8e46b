// Code that takes status flags from the state area into the locals of their bits.
import { op, type } from "../../../wasm/opcodes.js";
import type { Expressions } from "../../portable/ir/expression.js";
import { imported } from "../../portable/link/protocol.js";
import { state } from "../state.js";
import { CF } from "./flags.js";
import { indexOf } from "./functions.js";
import { flagPositions, registers } from "./registers.js";

/** CF alone has a function that needs not compute the others. */
export function loadFlags(e: Expressions, flags: readonly number[]): void {
  const isSettled = flags.some((flag) => flag !== CF);
  if (isSettled) settle(e);
  for (const flag of flags) {
    e.i32(0);
    if (isSettled) loadFlag(e, flag);
    else loadCarry(e);
    e.set(e.locals.slot(registers.flag + flag));
  }
}

/** RFLAGS has the status flags. */
function settle(e: Expressions): void {
  e.i32(0);
  e.memory(op["i32.load"], 2, state.flagsOperation);
  e.code.byte(op.if);
  e.code.byte(type.empty);
  e.op("call");
  e.code.u32(imported.settle);
  e.op("end");
}

function loadCarry(e: Expressions): void {
  e.memory(op["i32.load"], 2, state.flagsOperation);
  e.op("call");
  e.code.u32(indexOf("carry"));
}

function loadFlag(e: Expressions, flag: number): void {
  e.memory(op["i32.load"], 2, state.rflags);
  e.i32(flagPositions[flag] ?? 0);
  e.op("i32.shr_u");
  e.i32(1);
  e.op("i32.and");
}
