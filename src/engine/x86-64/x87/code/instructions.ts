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
  i64,
  type Local,
  select,
  whileTrue,
  sequence,
  when,
} from "../../../../wasm/assembler.js";
import { state } from "../../state.js";
import { results, x87Type } from "../../lift/functions.js";
import { condition } from "../unit.js";
import {
  addFunction,
  divideFunction,
  finishFunction,
  type Functions,
  multiplyFunction,
} from "./arithmetic.js";
import { fromFloat, fromInteger, splitAtPoint, toFloat, toInteger } from "./formats.js";
import {
  and,
  BIAS,
  control,
  done,
  endAt,
  exponentOf,
  type Extended,
  flagsOf,
  isNegative64,
  isNormal,
  isUsed,
  isZero,
  isZero64,
  leaveIf,
  MAX_EXPONENT,
  left64,
  minus,
  not,
  or,
  physical,
  placeOf,
  popOnce,
  push,
  putAt,
  setResult,
  setStatus,
  setTags,
  SIGN,
  significandAt,
  status,
  tags,
  DONE,
} from "./layout.js";
import { type Operation, operations, order, type Source, sources } from "./operations.js";
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
const CODES = condition.C0 | condition.C1 | condition.C2 | condition.C3;

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

/** What the cases of `instruction` work on. */
interface Work {
  readonly f: FunctionWriter;
  /** The bits of the operand. */
  readonly bits: Local;
  /** ST(0) or the register that is changed, and the operand. */
  readonly a: Extended;
  readonly b: Extended;
  /** Places of the two registers. */
  readonly to: Local;
  readonly from: Local;
  readonly number: Local;
  readonly pops: Local;
  readonly rest: Local;
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

/** `order` of ST(0) against the operand; left where one is neither normal nor zero. */
function orderOf({ a, b, number }: Work): Code {
  const known = (n: Extended): Code => or(isNormal(n), isZero(n));
  const isLess = or(
    apply("i32.lt_u", exponentOf(a), exponentOf(b)),
    and(
      apply("i32.eq", exponentOf(a), exponentOf(b)),
      apply("i64.lt_u", a.significand.get, b.significand.get),
    ),
  );
  const isSame = and(
    apply("i32.eq", exponentOf(a), exponentOf(b)),
    apply("i64.eq", a.significand.get, b.significand.get),
  );
  const [less, equal, greater] = [i32(order.less), i32(order.equal), i32(order.greater)];
  const isNegative = ({ end }: Extended): Code => apply("i32.shr_u", end.get, i32(15));
  return sequence(
    leaveIf(not(and(known(a), known(b)))),
    number.set(apply("select", less, greater, apply("i32.xor", isLess, isNegative(a)))),
    when(apply("i32.ne", isNegative(a), isNegative(b)), [
      number.set(apply("select", less, greater, isNegative(a))),
    ]),
    apply(
      "select",
      equal,
      number.get,
      or(and(isSame, apply("i32.eq", isNegative(a), isNegative(b))), and(isZero(a), isZero(b))),
    ),
  );
}

/** The order in C0, C2 and C3; pops none, one or two. */
function compare(work: Work): Code {
  const { number, pops } = work;
  return sequence(
    number.set(orderOf(work)),
    setStatus(
      or(
        and(status, i32(~CODES)),
        apply(
          "select",
          i32(condition.C0),
          apply("select", i32(condition.C3), i32(0), apply("i32.eq", number.get, i32(order.equal))),
          not(number.get),
        ),
      ),
    ),
    when(pops.get, [popOnce]),
    when(apply("i32.eq", pops.get, i32(2)), [popOnce]),
    giveBack(DONE),
  );
}

/** To an integer, as a number. */
function round({ f, a, to, pops }: Work): Code {
  const { kept, guard, isUp, codes } = splitAtPoint(f, a);
  const sign = and(a.end.get, i32(SIGN));
  return sequence(
    leaveIf(not(or(isNormal(a), isZero(a)))),
    when(or(isZero(a), apply("i32.ge_u", exponentOf(a), i32(BIAS + 63))), [done(i32(0), pops.get)]),
    ...codes,
    when(
      isZero64(kept.get),
      [putAt(to.get, i64(0n), sign)],
      [
        putAt(
          to.get,
          left64(kept.get, apply("i64.clz", kept.get)),
          or(sign, minus(i32(BIAS + 63), apply("i32.wrap_i64", apply("i64.clz", kept.get)))),
        ),
      ],
    ),
    done(flagsOf(guard.get, isUp.get), pops.get),
  );
}

/** By two to the power of the operand, truncated, where both are moderate. */
function scale({ a, b, to, number, pops }: Work): Code {
  const by = apply("i32.sub", i32(BIAS + 63), exponentOf(b));
  return sequence(
    leaveIf(not(and(isNormal(a), or(isNormal(b), isZero(b))))),
    leaveIf(apply("i32.ge_u", exponentOf(b), i32(BIAS + 15))),
    number.set(
      apply(
        "select",
        apply("i32.wrap_i64", apply("i64.shr_u", b.significand.get, apply("i64.extend_i32_u", by))),
        i32(0),
        apply("i32.ge_u", exponentOf(b), i32(BIAS)),
      ),
    ),
    when(and(b.end.get, i32(SIGN)), [number.set(minus(i32(0), number.get))]),
    number.set(apply("i32.add", exponentOf(a), number.get)),
    leaveIf(apply("i32.ge_u", minus(number.get, i32(1)), i32(MAX_EXPONENT))),
    putAt(to.get, a.significand.get, or(number.get, and(a.end.get, i32(SIGN)))),
    done(i32(0), pops.get),
  );
}

/** Truncating, and to its end: where exponents are more than 63 apart, a step of it is the interpreter's. */
function remainder({ f, a, b, to, number, rest }: Work): Code {
  const [left, divisor] = [f.local("i64"), b.significand];
  /** Takes the divisor off, where it goes into what is left or a bit is above that. */
  const digit = (above: Code): Code =>
    when(or(above, apply("i64.ge_u", left.get, divisor.get)), [
      left.set(apply("i64.sub", left.get, divisor.get)),
      number.set(or(number.get, i32(1))),
    ]);
  const isAbove = f.local("i32");
  const bit = (from: number, flag: number): Code =>
    apply("select", i32(flag), i32(0), and(number.get, i32(from)));
  return sequence(
    leaveIf(not(and(isNormal(a), isNormal(b)))),
    rest.set(minus(exponentOf(a), exponentOf(b))),
    leaveIf(apply("i32.ge_s", rest.get, i32(63))),
    number.set(i32(0)),
    when(apply("i32.ge_s", rest.get, i32(0)), [
      left.set(a.significand.get),
      digit(i32(0)),
      whileTrue(
        rest.get,
        isAbove.set(isNegative64(left.get)),
        left.set(left64(left.get, i64(1n))),
        number.set(apply("i32.shl", number.get, i32(1))),
        digit(isAbove.get),
        rest.set(minus(rest.get, i32(1))),
      ),
      rest.set(minus(exponentOf(b), apply("i32.wrap_i64", apply("i64.clz", left.get)))),
      leaveIf(and(not(isZero64(left.get)), apply("i32.lt_s", rest.get, i32(1)))),
      when(
        isZero64(left.get),
        [putAt(to.get, i64(0n), and(a.end.get, i32(SIGN)))],
        [
          putAt(
            to.get,
            left64(left.get, apply("i64.clz", left.get)),
            or(rest.get, and(a.end.get, i32(SIGN))),
          ),
        ],
      ),
    ]),
    setStatus(
      or(and(status, i32(~CODES)), or(bit(4, condition.C0), or(bit(2, condition.C3), bit(1, condition.C1)))),
    ),
    giveBack(DONE),
  );
}
