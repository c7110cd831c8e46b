// The x87 in WebAssembly: one function that does what programs compute with, on registers in use that hold normal numbers
// or zeros, with all exceptions masked. Whatever else there is, it leaves as it was, to the interpreter.
import { encodeModule, type FunctionBody, type FunctionType } from "../../../../wasm/module.js";
import {
  access,
  apply,
  call,
  type Code,
  FunctionWriter,
  giveBack,
  i32,
  type Local,
  select,
  sequence,
  when,
} from "../../../../wasm/assembler.js";
import { state } from "../../state.js";
import { results, x87Type } from "../../lift/functions.js";
import {
  addFunction,
  divideFunction,
  finishFunction,
  type Functions,
  multiplyFunction,
} from "./arithmetic.js";
import { compare, orderOf } from "./compare.js";
import { fromFloat, fromInteger, toFloat, toInteger } from "./formats.js";
import {
  and,
  control,
  done,
  endAt,
  exponentOf,
  type Extended,
  isUsed,
  leaveIf,
  not,
  or,
  physical,
  placeOf,
  popOnce,
  push,
  putAt,
  setResult,
  setTags,
  SIGN,
  significandAt,
  status,
  tags,
  DONE,
  type Work,
} from "./layout.js";
import { type Operation, operations, type Source, sources } from "./operations.js";
import { remainder, round, scale } from "./remainder.js";
import { rootFunction } from "./root.js";

const types = { instruction: 0, binary: 1, finish: 2 } as const;
const moduleTypes: readonly FunctionType[] = [
  x87Type,
  { params: ["i64", "i32", "i64", "i32", "i32", "i32"], results: ["i32"] },
  { params: ["i64", "i64", "i32", "i32", "i32", "i32"], results: ["i32"] },
];
const index = { finish: 0, add: 1, multiply: 2, divide: 3, root: 4, instruction: 5 } as const;

/** All exceptions masked, and an exception that waits. */
const MASKS = 0x3f;
const PENDING = 0x80;

/** A module with one function that it puts into the table's place `slot`: see `x87Type`. */
export function x87Module(memoryPages: number, slot: number): Uint8Array {
  const functions: Functions = { binaryType: types.binary, finishType: types.finish, finish: index.finish };
  return encodeModule({
    types: moduleTypes,
    imports: [
      { module: "solo5", name: "memory", kind: "memory", min: memoryPages },
      { module: "solo5", name: "table", kind: "table", min: slot + 1 },
    ],
    functions: [
      finishFunction(types.finish),
      addFunction(functions),
      multiplyFunction(functions),
      divideFunction(functions),
      rootFunction(functions),
      instruction(),
    ],
    exports: [],
    elements: [{ at: slot, index: index.instruction }],
  });
}

const part = (value: Code, shift: number, mask: number): Code =>
  and(apply("i32.shr_u", value, i32(shift)), i32(mask));

function instruction(): FunctionBody {
  const f = new FunctionWriter(["i32", "i64", "i32"]);
  const [code, bits, details] = f.parameters as [Local, Local, Local];
  const extended = (): Extended => ({ significand: f.local("i64"), end: f.local("i32") });
  const [a, b] = [extended(), extended()];
  const [to, from, number, pops, rest] = Array.from({ length: 5 }, () => f.local("i32")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const work: Work = { f, bits, a, b, to, from, number, pops, rest };
  const fromRegister = sequence(
    number.set(physical(part(details.get, 4, 7))),
    leaveIf(not(isUsed(number.get))),
    from.set(placeOf(number.get)),
    b.significand.set(significandAt(from.get)),
    b.end.set(endAt(from.get)),
  );
  const bySource: Record<Source, Code> = {
    register: fromRegister,
    single: fromFloat("single", bits, b),
    double: fromFloat("double", bits, b),
    integer: fromInteger(bits, b),
    extended: sequence(b.significand.set(bits.get), b.end.set(apply("i32.shr_u", details.get, i32(16)))),
  };
  const isLoad = apply("i32.eq", part(code.get, 0, 0xff), i32(operations.indexOf("LOAD")));
  return f.body(
    types.instruction,
    "x87",
    leaveIf(
      or(
        or(apply("i32.ne", and(control, i32(MASKS)), i32(MASKS)), and(status, i32(PENDING))),
        access("i32.load", state.x87Off, i32(0)),
      ),
    ),
    pops.set(part(details.get, 8, 3)),
    rest.set(apply("i32.shr_u", details.get, i32(16))),
    select(
      part(code.get, 8, 0xff),
      sources.map((source) => [bySource[source]]),
    ),
    when(not(isLoad), [
      number.set(physical(part(details.get, 0, 7))),
      leaveIf(not(isUsed(number.get))),
      to.set(placeOf(number.get)),
      a.significand.set(significandAt(to.get)),
      a.end.set(endAt(to.get)),
    ]),
    select(
      part(code.get, 0, 0xff),
      operations.map((operation) => [operationOf(operation, work)]),
    ),
    i32(1),
  );
}

const negated = ({ significand, end }: Extended): [Code, Code] => [
  significand.get,
  apply("i32.xor", end.get, i32(SIGN)),
];
const asIs = ({ significand, end }: Extended): [Code, Code] => [significand.get, end.get];

function operationOf(operation: Operation, work: Work): Code {
  const { f, a, b, to, from, number, pops, rest } = work;
  const binary = (of: number, one: readonly Code[], other: readonly Code[]): Code =>
    giveBack(call(of, ...one, ...other, to.get, pops.get));
  /** Sign and exponent of ST(0) anew. */
  const withEnd = (end: Code): Code =>
    sequence(putAt(to.get, a.significand.get, end), done(i32(0), pops.get));
  switch (operation) {
    case "ADD":
      return binary(index.add, asIs(a), asIs(b));
    case "SUB":
      return binary(index.add, asIs(a), negated(b));
    case "SUBR":
      return binary(index.add, asIs(b), negated(a));
    case "MUL":
      return binary(index.multiply, asIs(a), asIs(b));
    case "DIV":
      return binary(index.divide, asIs(a), asIs(b));
    case "DIVR":
      return binary(index.divide, asIs(b), asIs(a));
    case "ROOT":
      return binary(index.root, asIs(a), asIs(a));
    case "LOAD":
      return push(b, number);
    case "COMPARE":
      return compare(work);
    case "ORDER":
      return sequence(
        number.set(orderOf(work)),
        setResult(apply("i64.extend_i32_u", number.get)),
        when(pops.get, [popOnce]),
        giveBack(DONE),
      );
    case "COPY":
      // ST(0) to a register that need not be in use.
      return sequence(
        number.set(physical(rest.get)),
        putAt(placeOf(number.get), a.significand.get, a.end.get),
        setTags(or(tags, apply("i32.shl", i32(1), number.get))),
        done(i32(0), pops.get),
      );
    case "MOVE":
      return sequence(
        when(apply("i32.wrap_i64", work.bits.get), [putAt(to.get, b.significand.get, b.end.get)]),
        done(i32(0), pops.get),
      );
    case "SINGLE":
      return toFloat("single", f, a, pops.get);
    case "DOUBLE":
      return toFloat("double", f, a, pops.get);
    case "INTEGER":
      return toInteger(f, a, rest, pops.get);
    case "TRUNCATE":
      return toInteger(f, a, rest, pops.get, i32(3));
    case "EXTENDED":
      // The significand is the result; the end goes behind it.
      return sequence(
        setResult(a.significand.get),
        access("i32.store", results.x87 + 8, i32(0), a.end.get),
        done(i32(0), pops.get),
      );
    case "EXCHANGE":
      return sequence(
        putAt(to.get, b.significand.get, b.end.get),
        putAt(from.get, a.significand.get, a.end.get),
        done(i32(0), pops.get),
      );
    case "CHANGE":
      return withEnd(apply("i32.xor", a.end.get, i32(SIGN)));
    case "ABSOLUTE":
      return withEnd(exponentOf(a));
    case "ROUND":
      return round(work);
    case "SCALE":
      return scale(work);
    case "REMAINDER":
      return remainder(work);
    default:
      return operation satisfies never;
  }
}
