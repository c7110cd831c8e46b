// Code that takes status flags from the state area into the locals of their bits.
import { op } from "../../../wasm/opcodes.js";
import type { Expressions } from "../../portable/ir/expression.js";
import { pushFlagBit, settleFlags } from "../../portable/link/flags-word.js";
import { state } from "../state.js";
import { CF } from "./flags.js";
import { indexOf } from "./functions.js";
import { flagPositions, registers } from "./registers.js";

/** CF alone has a function that needs not compute the others. */
export function loadFlags(e: Expressions, flags: readonly number[]): void {
  const isSettled = flags.some((flag) => flag !== CF);
  if (isSettled) settleFlags(e);
  for (const flag of flags) {
    if (isSettled) pushFlagBit(e, state.rflags, flagPositions[flag] ?? 0);
    else pushCarry(e);
    e.set(e.locals.slot(registers.flag + flag));
  }
}

function pushCarry(e: Expressions): void {
  e.i32(0);
  e.memory(op["i32.load"], 2, state.flagsOperation);
  e.op("call");
  e.code.u32(indexOf("carry"));
}
