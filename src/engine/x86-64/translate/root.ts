// The root of translated code: the module with the function that calls units one after the other until one leaves or
// is not there, and the one in the table's first place that stands for all that are not.
import { encodeModule, type FunctionType } from "../../../wasm/module.js";
import { op, type } from "../../../wasm/opcodes.js";
import { state } from "../state.js";
import type { MemoryShape } from "./access.js";
import { carryFunction } from "./carry.js";
import { Expressions, Locals } from "./expression.js";
import { lookup } from "./lookup.js";
import {
  COUNTED_MIN,
  FRAME_ABOVE,
  FRAME_BELOW,
  hasStackWindow,
  imported,
  LEAVE,
  moduleTypes,
  reasons,
  rootImports,
  STACK_ABOVE,
  STACK_WINDOW,
  types,
  words,
} from "./protocol.js";
import { RSP } from "./slots.js";

/** Index of the unit to begin with, and fuel; the fuel that is left. */
const runType: FunctionType = { params: ["i32", "i32"], results: ["i32"] };
const [INDEX, FUEL] = [0, 1];

export function rootModule(memoryPages: number, shape: MemoryShape, counts: boolean): Uint8Array {
  return encodeModule({
    types: [...moduleTypes, runType],
    imports: rootImports(memoryPages, 1),
    functions: [carryFunction(), missing(), run(shape, counts)],
    exports: [
      { name: "carry", index: imported.carry },
      { name: "run", index: imported.count + 1 },
    ],
    elements: [{ at: 0, index: imported.count }],
  });
}

/** Goes on, at the root, at the address that was called. */
function missing() {
  const e = new Expressions(new Locals(1));
  e.i32(0);
  e.i32(reasons.called);
  e.memory(op["i32.store"], 2, words.reason);
  e.i32(0);
  e.memory(op["i64.load"], 3, words.missing);
  e.get(0);
  return { type: types.unit, locals: e.locals.types, code: e.code.take(), name: "missing" };
}

function run(shape: MemoryShape, counts: boolean) {
  const locals = new Locals(2);
  const e = new Expressions(locals);
  const target = locals.add("i64");
  const low = locals.add("i64");
  const block = (opcode: number) => {
    e.code.byte(opcode);
    e.code.byte(type.empty);
  };
  block(op.loop);
  if (hasStackWindow(shape)) {
    stackWindow(e, shape, low);
    // Outside all the same: no unit can be entered.
    e.i32(0);
    e.memory(op["i64.load"], 3, state.gpr + 8 * RSP);
    e.get(low);
    e.op("i64.sub");
    e.i64(STACK_WINDOW);
    e.op("i64.ge_u");
    block(op.if);
    e.i32(0);
    e.i32(reasons.slow);
    e.memory(op["i32.store"], 2, words.reason);
    e.get(FUEL);
    e.op("return");
    e.op("end");
  }
  e.get(FUEL);
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
  e.op("br_if");
  e.code.u32(0);
  e.op("end");
  e.get(FUEL);
  return { type: moduleTypes.length, locals: locals.types, code: e.code.take(), name: "run" };
}

/**
 * Sets where stack pointers may be: around the present one, inside the memory with what units rely on around it.
 * A stack pointer that is outside all the same fails every unit's entry; the dispatcher sees to that.
 */
function stackWindow(e: Expressions, shape: MemoryShape, low: number): void {
  const least = shape.writable + FRAME_BELOW;
  const most = shape.size - FRAME_ABOVE - STACK_WINDOW;
  const clamp = (name: "i64.gt_s" | "i64.lt_s", limit: number) => {
    e.get(low);
    e.i64(limit);
    e.get(low);
    e.i64(limit);
    e.op(name);
    e.op("select");
    e.set(low);
  };
  e.i32(0);
  e.memory(op["i64.load"], 3, state.gpr + 8 * RSP);
  e.i64(STACK_WINDOW - STACK_ABOVE);
  e.op("i64.sub");
  e.set(low);
  clamp("i64.lt_s", most);
  clamp("i64.gt_s", least);
  e.i32(0);
  e.get(low);
  e.memory(op["i64.store"], 3, words.stackLow);
}
