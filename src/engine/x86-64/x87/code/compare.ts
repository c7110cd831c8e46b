// Comparisons of ST(0), for registers that hold normal numbers or zeros. Specification: Intel SDM volume 2, FCOM and FCOMI.
import { apply, type Code, giveBack, i32, sequence, when } from "../../../../wasm/assembler.js";
import { condition } from "../unit.js";
import {
  and,
  CODES,
  DONE,
  exponentOf,
  type Extended,
  isNormal,
  isZero,
  leaveIf,
  not,
  or,
  popOnce,
  setStatus,
  status,
  type Work,
} from "./layout.js";
import { order } from "./operations.js";

/** `order` of ST(0) against the operand; left where one is neither normal nor zero. */
export function orderOf({ a, b, number }: Work): Code {
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
export function compare(work: Work): Code {
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
