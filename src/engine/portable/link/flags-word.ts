// Code that takes flags from the ISA's own word of them.
import { op, type } from "../../../wasm/opcodes.js";
import type { Expressions } from "../ir/expression.js";
import { state } from "../memory/state.js";
import { imported } from "./protocol.js";

/** Has the word hold all flags. */
export function settleFlags(e: Expressions): void {
  e.i32(0);
  e.memory(op["i32.load"], 2, state.flagsOperation);
  e.code.byte(op.if);
  e.code.byte(type.empty);
  e.op("call");
  e.code.u32(imported.settle);
  e.op("end");
}

/** Pushes one bit of the word at an offset of the state area. */
export function pushFlagBit(e: Expressions, word: number, bit: number): void {
  e.i32(0);
  e.memory(op["i32.load"], 2, word);
  e.i32(bit);
  e.op("i32.shr_u");
  e.i32(1);
  e.op("i32.and");
}
