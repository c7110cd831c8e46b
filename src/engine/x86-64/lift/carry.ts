// CF from what set the flags last, as a WebAssembly function. INC and DEC keep CF, so a loop that calls and counts needs
// it once a round; through JavaScript that was a sixth of nbody's time.
import type { FunctionBody } from "../../../wasm/module.js";
import { op, type } from "../../../wasm/opcodes.js";
import { FlagsOperation, state } from "../state.js";
import { Expressions, Locals } from "../../portable/ir/expression.js";
import { imported } from "../../portable/link/protocol.js";

/** What the state area's flagsOperation holds; CF out. */
const OPERATION = 0;

/** Ways to CF, by operation; `any` is for those that are stored with a result, by the interpreter and the first tier. */
const ways = ["register", "zero", "bits", "kept", "difference", "sum", "any"] as const;
type Way = (typeof ways)[number];

const wayOf: Partial<Record<keyof typeof FlagsOperation, Way>> = {
  none: "register",
  logic: "zero",
  result: "zero",
  bits: "bits",
  inc: "kept",
  dec: "kept",
  incremented: "kept",
  decremented: "kept",
  difference: "difference",
  sum: "sum",
};

export function carryFunction(typeIndex: number): FunctionBody {
  const e = new Expressions(new Locals(1));
  for (let count = 0; count < ways.length; count++) {
    e.code.byte(op.block);
    e.code.byte(type.empty);
  }
  const operations = Object.entries(FlagsOperation).toSorted(([, a], [, b]) => a - b);
  e.get(OPERATION);
  e.i32(2);
  e.op("i32.shr_u");
  e.op("br_table");
  e.code.vector(operations, ([name]) =>
    e.code.u32(ways.indexOf(wayOf[name as keyof typeof FlagsOperation] ?? "any")),
  );
  e.code.u32(ways.indexOf("any"));
  for (const way of ways) {
    e.op("end");
    arms[way](e);
    e.op("return");
  }
  e.op("unreachable");
  return { type: typeIndex, locals: e.locals.types, code: e.code.take(), name: "carry" };
}

const arms: Readonly<Record<Way, (e: Expressions) => void>> = {
  register: (e) => lowestBit(e, state.rflags),
  zero: (e) => e.i32(0),
  bits: (e) => lowestBit(e, state.flagsA),
  kept: (e) => lowestBit(e, state.flagsB),
  difference: (e) => {
    atTop(e, () => load(e, state.flagsA));
    atTop(e, () => load(e, state.flagsB));
    e.op("i64.lt_u");
  },
  sum: (e) => {
    atTop(e, () => {
      load(e, state.flagsA);
      load(e, state.flagsB);
      e.op("i64.add");
    });
    atTop(e, () => load(e, state.flagsA));
    e.op("i64.lt_u");
  },
  any: (e) => {
    e.op("call");
    e.code.u32(imported.settle);
    lowestBit(e, state.rflags);
  },
};

function load(e: Expressions, offset: number): void {
  e.i32(0);
  e.memory(op["i64.load"], 3, offset);
}

/** CF is the lowest bit wherever flags are packed. */
function lowestBit(e: Expressions, offset: number): void {
  e.i32(0);
  e.memory(op["i32.load"], 2, offset);
  e.i32(1);
  e.op("i32.and");
}

/** Moves a value of the operation's width to the top of 64 bits. */
function atTop(e: Expressions, value: () => void): void {
  value();
  e.i64(64);
  e.i64(8);
  e.get(OPERATION);
  e.i32(3);
  e.op("i32.and");
  e.op("i64.extend_i32_u");
  e.op("i64.shl");
  e.op("i64.sub");
  e.op("i64.shl");
}
