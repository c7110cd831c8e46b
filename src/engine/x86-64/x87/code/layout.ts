// What the x87's functions in WebAssembly share: where the registers are in the state area, and how results get there.
// Specification: Intel SDM volume 1, chapter 8.
import {
  access,
  apply,
  type Code,
  type FunctionWriter,
  giveBack,
  i32,
  i64,
  type Local,
  sequence,
  when,
} from "../../../../wasm/assembler.js";
import { state } from "../../state.js";
import { condition } from "../unit.js";
import { results } from "../../lift/functions.js";

export const BIAS = 16383;
export const MAX_EXPONENT = 0x7ffe;
/** The integer bit of a significand, and half of a unit in the last place of one. */
export const TOP_BIT = 1n << 63n;
export const SIGN = 0x8000;
export const C1 = 0x200;
const PRECISION = 0x20;
const TOP = 0x3800;

/** What a function gives: it has done the instruction, or changed nothing and leaves it to the interpreter. */
export const DONE = i32(0);
export const LEFT = i32(1);
export const leaveIf = (condition: Code): Code => when(condition, [giveBack(LEFT)]);

const zero = i32(0);
export const control = access("i32.load16_u", state.x87Control, zero);
export const status = access("i32.load16_u", state.x87Status, zero);
export const setStatus = (value: Code): Code => access("i32.store16", state.x87Status, zero, value);
export const tags = access("i32.load16_u", state.x87Tag, zero);
export const setTags = (value: Code): Code => access("i32.store16", state.x87Tag, zero, value);
/** What goes to memory, or an order: for the translated code around the call. */
export const setResult = (value: Code): Code => access("i64.store", results.x87, zero, value);

export const and = (a: Code, b: Code): Code => apply("i32.and", a, b);
export const or = (a: Code, b: Code): Code => apply("i32.or", a, b);
export const plus = (a: Code, b: Code): Code => apply("i32.add", a, b);
export const minus = (a: Code, b: Code): Code => apply("i32.sub", a, b);
export const not = (a: Code): Code => apply("i32.eqz", a);
export const left64 = (a: Code, by: Code): Code => apply("i64.shl", a, by);
export const right64 = (a: Code, by: Code): Code => apply("i64.shr_u", a, by);
export const wide = (a: Code): Code => apply("i64.extend_i32_u", a);
export const isZero64 = (a: Code): Code => apply("i64.eqz", a);
export const isNegative64 = (a: Code): Code => apply("i64.lt_s", a, i64(0n));

/** The rounding mode: 0 nearest even, 1 down, 2 up, 3 to zero. */
export const mode = and(apply("i32.shr_u", control, i32(10)), i32(3));

/** The number of the register that is ST(0). */
export const top = and(apply("i32.shr_u", status, i32(11)), i32(7));
export const physical = (index: Code): Code => and(plus(top, index), i32(7));
export const isUsed = (number: Code): Code => and(apply("i32.shr_u", tags, number), i32(1));

/** A register is at 16 times its number: significand, then sign and exponent. */
export const placeOf = (number: Code): Code => apply("i32.shl", number, i32(4));
export const significandAt = (place: Code): Code => access("i64.load", state.x87, place);
export const endAt = (place: Code): Code => access("i32.load16_u", state.x87 + 8, place);
export const putAt = (place: Code, significand: Code, end: Code): Code =>
  sequence(
    access("i64.store", state.x87, place, significand),
    access("i32.store16", state.x87 + 8, place, end),
  );

/** A number in two locals: its significand, and sign and exponent as in a register. */
export interface Extended {
  readonly significand: Local;
  readonly end: Local;
}

export const exponentOf = ({ end }: Extended): Code => and(end.get, i32(0x7fff));
/** Has its integer bit and is finite; pseudo-denormals are not normal. */
export const isNormal = (n: Extended): Code =>
  and(isNegative64(n.significand.get), apply("i32.lt_u", minus(exponentOf(n), i32(1)), i32(MAX_EXPONENT)));
export const isZero = (n: Extended): Code => and(isZero64(n.significand.get), not(exponentOf(n)));

/** Ends an instruction with these flags of the status word; `pops` is 0 or 1. */
export const done = (flags: Code, pops: Code): Code =>
  sequence(when(pops, [popOnce]), setStatus(or(and(status, i32(~C1)), flags)), giveBack(DONE));
/** Takes ST(0) off. */
export const popOnce: Code = sequence(
  setTags(and(tags, apply("i32.xor", apply("i32.shl", i32(1), top), i32(-1)))),
  setStatus(or(and(status, i32(~TOP)), apply("i32.shl", and(plus(top, i32(1)), i32(7)), i32(11)))),
);

/** Puts a number below ST(0) and makes it that; leaves a full stack to the interpreter. */
export const push = ({ significand, end }: Extended, below: Local): Code =>
  sequence(
    below.set(and(plus(top, i32(7)), i32(7))),
    leaveIf(isUsed(below.get)),
    setTags(or(tags, apply("i32.shl", i32(1), below.get))),
    setStatus(or(and(status, i32(~(TOP | C1))), apply("i32.shl", below.get, i32(11)))),
    putAt(placeOf(below.get), significand.get, end.get),
    giveBack(DONE),
  );

/** Whether `guard`, what is behind the last bit of `kept`, rounds it up; and the flags that this sets. */
export const roundsUp = (kept: Code, guard: Code, sign: Code, how: Code = mode): Code =>
  and(
    not(isZero64(guard)),
    apply(
      "select",
      and(
        isNegative64(guard),
        or(apply("i64.ne", guard, i64(TOP_BIT)), apply("i32.wrap_i64", apply("i64.and", kept, i64(1n)))),
      ),
      apply("i32.eq", how, apply("select", i32(1), i32(2), sign)),
      not(how),
    ),
  );
export const flagsOf = (guard: Code, isUp: Code): Code =>
  apply("select", i32(0), apply("select", i32(PRECISION | C1), i32(PRECISION), isUp), isZero64(guard));

/** The condition codes of the status word. */
export const CODES = condition.C0 | condition.C1 | condition.C2 | condition.C3;

/** What the instructions' cases work on. */
export interface Work {
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
