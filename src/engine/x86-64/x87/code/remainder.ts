// What looks at the exponents of normal numbers: rounding to an integer, scaling, and remainders. Specification: Intel SDM volume 2,
// FRNDINT, FSCALE and FPREM.
import {
  apply,
  type Code,
  giveBack,
  i32,
  i64,
  sequence,
  when,
  whileTrue,
} from "../../../../wasm/assembler.js";
import { condition } from "../unit.js";
import { splitAtPoint } from "./formats.js";
import {
  and,
  BIAS,
  CODES,
  DONE,
  done,
  exponentOf,
  flagsOf,
  isNegative64,
  isNormal,
  isZero,
  isZero64,
  leaveIf,
  left64,
  MAX_EXPONENT,
  minus,
  not,
  or,
  putAt,
  setStatus,
  SIGN,
  status,
  type Work,
} from "./layout.js";

/** To an integer, as a number. */
export function round({ f, a, to, pops }: Work): Code {
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
export function scale({ a, b, to, number, pops }: Work): Code {
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
export function remainder({ f, a, b, to, number, rest }: Work): Code {
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
