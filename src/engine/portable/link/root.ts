// The root of translated code: the module with the function that calls units one after the other until one leaves or
// is not there, and the one in the table's first place that stands for all that are not.
import { encodeModule, type FunctionType } from "../../../wasm/module.js";
import { call, FunctionWriter, i32 } from "../../../wasm/assembler.js";
import { op, type } from "../../../wasm/opcodes.js";
import { state } from "../../x86-64/state.js";
import type { MemoryShape } from "../ir/access.js";
import { carryFunction } from "../../x86-64/lift/carry.js";
import { Expressions, Locals } from "../ir/expression.js";
import { lookup } from "./lookup.js";
import {
  COUNTED_MIN,
  imported,
  LEAVE,
  moduleTypes,
  RETURN_SPAN,
  EXACT_SLOT,
  exactType,
  FIRST_SLOT,
  rootImports,
  rootOnly,
  types,
  words,
  X87_SLOT,
  x87Type,
} from "./protocol.js";
import { RSP } from "../ir/slots.js";
import { settleFunction } from "../../x86-64/lift/settle.js";
import { stringFunction } from "../../x86-64/lift/strings.js";

/** Index of the unit to begin with, fuel and depth; the fuel that is left. rip in the state area says where to go on. */
const runType: FunctionType = { params: ["i32", "i32", "i32"], results: ["i32"] };
const [INDEX, FUEL, DEPTH] = [0, 1, 2];

/** Indices of the root's last import and of its first own function. */
const NEED = imported.carry;
const own = NEED + 1;

export function rootModule(memoryPages: number, shape: MemoryShape, counts: boolean): Uint8Array {
  return encodeModule({
    types: [...moduleTypes, runType],
    imports: [...rootImports(memoryPages, FIRST_SLOT), ...rootOnly],
    functions: [
      carryFunction(),
      stringFunction(shape),
      missing(),
      run(counts),
      needed("x87"),
      needed("exact"),
      settleFunction(),
    ],
    exports: [
      { name: "carry", index: own },
      { name: "string", index: own + 1 },
      { name: "run", index: own + 3 },
      { name: "settle", index: own + 6 },
    ],
    elements: [
      { at: 0, index: own + 2 },
      { at: X87_SLOT, index: own + 4 },
      { at: EXACT_SLOT, index: own + 5 },
    ],
  });
}

/** Has a function made, and leaves this instruction: what it gives is not 0. */
function needed(name: "x87" | "exact") {
  const [{ params }, slot] = name === "x87" ? [x87Type, X87_SLOT] : [exactType, EXACT_SLOT];
  return new FunctionWriter(params).body(types[name], `missing ${name}`, call(NEED, i32(slot)));
}

/** Goes on at the address that was called without a unit of its own. */
function missing() {
  const e = new Expressions(new Locals(2));
  const fuel = 0;
  e.get(fuel);
  e.get(1);
  e.op("call");
  e.code.u32(imported.missing);
  e.set(fuel);
  e.i32(0);
  e.memory(op["i64.load"], 3, words.target);
  e.get(fuel);
  return { type: types.unit, locals: e.locals.types, code: e.code.take(), name: "missing" };
}

function run(counts: boolean) {
  const locals = new Locals(3);
  const e = new Expressions(locals);
  const target = locals.add("i64");
  const block = (opcode: number) => {
    e.code.byte(opcode);
    e.code.byte(type.empty);
  };
  block(op.loop);
  e.get(FUEL);
  e.get(DEPTH);
  e.get(INDEX);
  e.op("call_indirect");
  e.code.u32(types.unit);
  e.code.u32(0);
  e.set(FUEL);
  e.code.byte(op["local.tee"]);
  e.code.u32(target);
  e.code.byte(op["i64.const"]);
  e.code.s64(LEAVE);
  e.op("i64.eq");
  block(op.if);
  e.get(FUEL);
  e.op("return");
  e.op("end");
  e.i32(0);
  e.get(target);
  e.memory(op["i64.store"], 3, state.rip);
  lookup(e, target);
  e.set(INDEX);
  e.get(INDEX);
  e.i32(0);
  e.op("i32.ne");
  e.get(FUEL);
  e.i32(counts ? COUNTED_MIN : 0);
  e.op("i32.ge_s");
  e.op("i32.and");
  load(e, state.gpr + 8 * RSP);
  load(e, words.returnAbove);
  e.op("i64.sub");
  e.i64(1);
  e.op("i64.sub");
  e.i64(RETURN_SPAN);
  e.op("i64.ge_u");
  e.op("i32.and");
  e.op("br_if");
  e.code.u32(0);
  e.op("end");
  e.get(FUEL);
  return { type: moduleTypes.length, locals: locals.types, code: e.code.take(), name: "run" };
}

function load(e: Expressions, offset: number): void {
  e.i32(0);
  e.memory(op["i64.load"], 3, offset);
}
