// The root of translated code: the module with the function that calls units one after the other until one leaves or
// is not there, and the one in the table's first place that stands for all that are not.
import { encodeModule, type FunctionType } from "../../../wasm/module.js";
import { op, type } from "../../../wasm/opcodes.js";
import { state } from "../state.js";
import type { MemoryShape } from "./access.js";
import { Expressions, Locals } from "./expression.js";
import { lookup } from "./lookup.js";
import { imported, moduleImports, moduleTypes, reasons, STACK_WINDOW, types, words } from "./protocol.js";

/** Index of the unit to begin with, and fuel; the fuel that is left. */
const runType: FunctionType = { params: ["i32", "i32"], results: ["i32"] };
const [INDEX, FUEL] = [0, 1];
/** Bytes above a unit's stack pointer at its entry that must be there: the return address and one more. */
const ABOVE = 16;

export function rootModule(memoryPages: number, shape: MemoryShape): Uint8Array {
  return encodeModule({
    types: [...moduleTypes, runType],
    imports: moduleImports(memoryPages, 1),
    functions: [missing(), run(shape)],
    exports: [{ name: "run", index: imported.count + 1 }],
    elements: [{ at: 0, index: imported.count }],
  });
}

/** Goes on, at the root, at the address that was called. */
function missing() {
  const e = new Expressions(new Locals(1));
  e.i32(0);
  e.memory(op["i64.load"], 3, words.missing);
  e.get(0);
  return { type: types.unit, locals: e.locals.types, code: e.code.take() };
}

function run(shape: MemoryShape) {
  const locals = new Locals(2);
  const e = new Expressions(locals);
  const target = locals.add("i64");
  const rsp = locals.add("i64");
  const low = locals.add("i64");
  const block = (opcode: number) => {
    e.code.byte(opcode);
    e.code.byte(type.empty);
  };
  block(op.loop);
  stackWindow(e, shape, rsp, low);
  e.get(FUEL);
  e.get(INDEX);
  e.op("call_indirect");
  e.code.u32(types.unit);
  e.code.u32(0);
  e.set(FUEL);
  e.code.byte(op["local.tee"]);
  e.code.u32(target);
  e.code.byte(op["i64.const"]);
  e.code.s64(-(1n << 63n));
  e.op("i64.eq");
  block(op.if);
  e.get(FUEL);
  e.op("return");
  e.op("end");
  lookup(e, target);
  e.set(INDEX);
  e.get(INDEX);
  e.i32(0);
  e.op("i32.ne");
  e.get(FUEL);
  e.i32(0);
  e.op("i32.ge_s");
  e.op("i32.and");
  e.op("br_if");
  e.code.u32(0);
  e.op("end");
  e.i32(0);
  e.get(target);
  e.memory(op["i64.store"], 3, state.rip);
  e.i32(0);
  e.i32(reasons.none);
  e.memory(op["i32.store"], 2, words.reason);
  e.get(FUEL);
  return { type: moduleTypes.length, locals: locals.types, code: e.code.take() };
}

/** The stack pointers that units may be entered with until the root is reached again. */
function stackWindow(e: Expressions, shape: MemoryShape, rsp: number, low: number): void {
  const put = (offset: number, value: () => void) => {
    e.i32(0);
    value();
    e.memory(op["i64.store"], 3, offset);
  };
  const least = shape.writable + STACK_WINDOW;
  e.i32(0);
  e.memory(op["i64.load"], 3, state.gpr + 8 * 4);
  e.set(rsp);
  // rsp - window, but not below the writable memory.
  e.get(rsp);
  e.i64(least);
  e.get(rsp);
  e.i64(least);
  e.op("i64.gt_u");
  e.op("select");
  e.i64(STACK_WINDOW);
  e.op("i64.sub");
  e.set(low);
  put(words.stackLow, () => e.get(low));
  put(words.stackSpan, () => {
    e.i64(shape.size - ABOVE + 1);
    e.get(low);
    e.op("i64.sub");
  });
}
