// The root of translated code: the module with the function that calls units one after the other until one leaves or
// is not there, and the one in the table's first place that stands for all that are not.
import { encodeModule, type FunctionBody, type FunctionType } from "../../../wasm/module.js";
import { call, FunctionWriter, i32 } from "../../../wasm/assembler.js";
import { op, type } from "../../../wasm/opcodes.js";
import { state } from "../memory/state.js";
import type { GuestIsa, OnDemand } from "../guest-isa.js";
import type { MemoryShape } from "../ir/access.js";
import { Expressions, Locals } from "../ir/expression.js";
import { lookup } from "./lookup.js";
import {
  COUNTED_MIN,
  firstSlot,
  helperType,
  imported,
  LEAVE,
  moduleTypes,
  onDemandSlot,
  onDemandType,
  RETURN_SPAN,
  rootImports,
  rootOnly,
  types,
  UNIT_PARAMETERS,
  words,
} from "./protocol.js";

/** Index of the unit to begin with, fuel and depth; the fuel that is left. The pc in the state area says where to go on. */
const runType: FunctionType = { params: ["i32", "i32", "i32"], results: ["i32"] };
const [INDEX, FUEL, DEPTH] = [0, 1, 2];

/** Indices of the root's last import and of its first own function. */
const NEED = imported.failed + 1;
const own = NEED + 1;

export function rootModule(
  isa: GuestIsa,
  memoryPages: number,
  shape: MemoryShape,
  counts: boolean,
): Uint8Array {
  const { helpers, onDemand } = isa;
  const all = moduleTypes(isa);
  const first = own + helpers.length;
  return encodeModule({
    types: [...all, runType],
    imports: [...rootImports(memoryPages, firstSlot(isa)), ...rootOnly],
    functions: [
      ...helpers.map(({ body }, position) => body(helperType(position), shape)),
      missing(),
      run(isa, all.length, counts),
      isa.settle(types.settle),
      ...onDemand.map((one, position) => needed(one, onDemandType(helpers.length, position), position)),
    ],
    exports: [
      ...helpers.map(({ name }, position) => ({ name, index: own + position })),
      { name: "run", index: first + 1 },
      { name: "settle", index: first + 2 },
    ],
    elements: [
      { at: 0, index: first },
      ...onDemand.map((_, position) => ({ at: onDemandSlot(position), index: first + 3 + position })),
    ],
  });
}

/** Has a function made, and leaves this instruction: what it gives is not 0. */
function needed({ name, type: { params } }: OnDemand, typeIndex: number, position: number): FunctionBody {
  const asked = call(NEED, i32(onDemandSlot(position)));
  return new FunctionWriter(params).body(typeIndex, `missing ${name}`, asked);
}

/** Goes on at the address that was called without a unit of its own. */
function missing() {
  const e = new Expressions(new Locals(UNIT_PARAMETERS));
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

function run({ registers, pushedByCall }: GuestIsa, typeIndex: number, counts: boolean): FunctionBody {
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
  for (const slot of registers.passed) load(e, registers.placeOf(slot));
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
  e.memory(op["i64.store"], 3, state.pc);
  e.i32(0);
  e.get(target);
  e.memory(op["i64.store"], 3, words.elsewhere);
  lookup(e, target);
  e.set(INDEX);
  e.get(INDEX);
  e.i32(0);
  e.op("i32.ne");
  e.get(FUEL);
  e.i32(counts ? COUNTED_MIN : 0);
  e.op("i32.ge_s");
  e.op("i32.and");
  load(e, registers.placeOf(registers.stackPointer));
  load(e, words.returnAbove);
  e.op("i64.sub");
  e.i64(1);
  e.op("i64.sub");
  e.i64(RETURN_SPAN);
  e.op("i64.ge_u");
  e.op("i32.and");
  if (pushedByCall === 0) {
    // The stack pointer is where it was at the entry: the address tells.
    e.get(target);
    load(e, words.returnsTo);
    e.op("i64.ne");
    e.op("i32.and");
  }
  e.op("br_if");
  e.code.u32(0);
  e.op("end");
  e.get(FUEL);
  return { type: typeIndex, locals: locals.types, code: e.code.take(), name: "run" };
}

function load(e: Expressions, offset: number): void {
  e.i32(0);
  e.memory(op["i64.load"], 3, offset);
}
