// The module that other handlers' modules build on: status flags and conditions from what set the flags last, whatever
// that was; the handlers of links and of what has none; the start of a run.
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import { encodeModule, type FunctionBody, type Import } from "../../../wasm/module.js";
import { op, type } from "../../../wasm/opcodes.js";
import type { Width } from "../../../isa/x86-64/emitter.js";
import { FlagsOperation, state } from "../state.js";
import { Expressions, Locals } from "../../portable/ir/expression.js";
import { flagBit, fromBit, fromRecord } from "../../portable/ir/flags.js";
import { CF, conditionBit, packed, type StatusRecord, ZF } from "../lift/flags.js";
import { flagNames, flagPositions } from "../lift/registers.js";
import { binary32, i32, type Node, node } from "../../portable/ir/node.js";
import { pushFlagBit } from "../../portable/link/flags-word.js";
import { storedRecord } from "./flag-state.js";
import { type Dispatch, linkHandler, moduleTypes, runFunction, slowHandler, types } from "./handler-code.js";
import { Statements } from "./statements.js";

/** Those that interpreter and handlers store, by their numbers from 1 on. */
const operations = (["add", "sub", "logic", "inc", "dec", "shl", "shr", "sar"] as const).toSorted(
  (a, b) => FlagsOperation[a] - FlagsOperation[b],
);
type Operation = (typeof operations)[number];
const widths: readonly Width[] = [8, 16, 32, 64];

/** Handlers that are always there, by index in the table. */
export const fixedHandlers = { slow: 0, link: 1, count: 2 } as const;

export function baseModule(d: Dispatch, memory: Import, handlers: Import): Uint8Array {
  const door = { module: "solo5", name: "door", kind: "function", type: types.handler } as const;
  const functions = [
    slowHandler(d),
    linkHandler(d),
    runFunction(d),
    statusFunction(),
    conditionFunction(),
    bitFunction("carry", CF),
    bitFunction("zero", ZF),
  ];
  return encodeModule({
    types: moduleTypes,
    imports: [memory, handlers, door],
    functions,
    exports: [
      { name: "run", index: 3 },
      { name: "status", index: 4 },
      { name: "condition", index: 5 },
      { name: "carry", index: 6 },
      { name: "zero", index: 7 },
    ],
    elements: [
      { at: fixedHandlers.slow, index: 1 },
      { at: fixedHandlers.link, index: 2 },
    ],
  });
}

/** One arm for each operation and width; `none` is for flags in RFLAGS. */
function byOperation(
  e: Expressions,
  none: () => void,
  arm: (operation: Operation, width: Width) => void,
): void {
  const block = () => {
    e.code.byte(op.block);
    e.code.byte(type.empty);
  };
  const arms = operations.flatMap((operation) => widths.map((width) => ({ operation, width })));
  for (let n = 0; n <= arms.length; n++) block();
  e.i32(0);
  e.memory(op["i32.load"], 2, state.flagsOperation);
  e.op("br_table");
  // The first four are the operation `none`.
  const targets = [0, 0, 0, 0, ...arms.map((_, n) => n + 1)];
  e.code.vector(targets, (target) => e.code.u32(target));
  e.code.u32(0);
  e.op("end");
  none();
  e.op("return");
  for (const { operation, width } of arms) {
    e.op("end");
    arm(operation, width);
    e.op("return");
  }
  e.op("unreachable");
}

/** Pushes what `make` makes of the operands in the state area. */
function push(
  e: Expressions,
  operation: Operation,
  width: Width,
  make: (record: StatusRecord) => Node,
): void {
  const statements = new Statements();
  // A carry may have gone in.
  const value = make(storedRecord(statements, operation, width, false));
  e.count(value);
  for (const statement of statements.list) if (statement.kind === "load") e.load(statement.value);
  e.value(value);
}

/** RFLAGS with the status flags. */
function statusFunction(): FunctionBody {
  const e = new Expressions(new Locals(1));
  const word = () => {
    e.i32(0);
    e.memory(op["i32.load"], 2, state.rflags);
  };
  byOperation(e, word, (operation, width) => {
    push(e, operation, width, (record) => packed(flagNames.map(() => fromRecord(record))));
    word();
    e.i32(~STATUS_FLAGS);
    e.op("i32.and");
    e.op("i32.or");
  });
  return { type: types.status, locals: e.locals.types, code: e.code.take(), name: "status" };
}

/** One flag. */
function bitFunction(name: string, flag: number): FunctionBody {
  const e = new Expressions(new Locals(1));
  const inWord = () => pushFlagBit(e, state.rflags, flagPositions[flag] ?? 0);
  byOperation(e, inWord, (operation, width) =>
    push(e, operation, width, (record) => flagBit(fromRecord(record), flag)),
  );
  return { type: types.status, locals: e.locals.types, code: e.code.take(), name };
}

/** A condition by its number, 0 or 1. */
function conditionFunction(): FunctionBody {
  const e = new Expressions(new Locals(1));
  const status = e.locals.add("i32");
  const STATUS_FUNCTION = 4;
  e.i32(0);
  e.op("call");
  e.code.u32(STATUS_FUNCTION);
  e.set(status);
  const codes = Array.from({ length: 16 }, (_, code) => code);
  for (let n = 0; n < codes.length; n++) {
    e.code.byte(op.block);
    e.code.byte(type.empty);
  }
  e.get(0);
  e.op("br_table");
  e.code.vector(codes.slice(1), (code) => e.code.u32(code - 1));
  e.code.u32(codes.length - 1);
  for (const code of codes) {
    e.op("end");
    const word = Object.assign(node(op["local.get"], "i32"), { local: status });
    const bits = flagPositions.map((position) =>
      fromBit(binary32(op["i32.and"], binary32(op["i32.shr_u"], word, i32(position)), i32(1))),
    );
    const value = conditionBit(bits, code);
    e.count(value);
    e.value(value);
    e.op("return");
  }
  e.op("unreachable");
  return { type: types.status, locals: e.locals.types, code: e.code.take(), name: "condition" };
}
