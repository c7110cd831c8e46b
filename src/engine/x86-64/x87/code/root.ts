// The square root of an extended number, in WebAssembly. P. Zimmermann, "Karatsuba Square Root" (INRIA RR-3805): the root of the
// upper half by the processor's, the lower half by one division.
import type { FunctionBody } from "../../../../wasm/module.js";
import { apply, call, type Code, i32, i64, type Local, when } from "../../../../wasm/assembler.js";
import { binary, exact, type Functions } from "./arithmetic.js";
import {
  and,
  BIAS,
  exponentOf,
  isNegative64,
  isNormal,
  isZero,
  isZero64,
  leaveIf,
  left64,
  not,
  or,
  plus,
  right64,
  SIGN,
  TOP_BIT,
  wide,
} from "./layout.js";

const add64 = (a: Code, b: Code): Code => apply("i64.add", a, b);
const sub64 = (a: Code, b: Code): Code => apply("i64.sub", a, b);
const mul64 = (a: Code, b: Code): Code => apply("i64.mul", a, b);
const or64 = (a: Code, b: Code): Code => apply("i64.or", a, b);
const one = i64(1n);
const half = i64(32n);

/** Of the first number; the second is not looked at. */
export function rootFunction({ binaryType, finish }: Functions): FunctionBody {
  const all = binary();
  const { f, a, place, pops } = all;
  const isOdd = f.local("i32");
  const [upper, following, first, rest, quotient, root, left, above] = Array.from({ length: 8 }, () =>
    f.local("i64"),
  ) as [Local, Local, Local, Local, Local, Local, Local, Local];
  /** Adds to the 128 bits of above:left. */
  const addToRest = (value: Code): Code[] => [
    left.set(add64(left.get, value)),
    above.set(add64(above.get, wide(apply("i64.lt_u", left.get, value)))),
  ];
  return f.body(
    binaryType,
    "x87 root",
    when(isZero(a), [exact(all, i64(0n), a.end.get)]),
    leaveIf(or(not(isNormal(a)), and(a.end.get, i32(SIGN)))),
    // The bias is odd: an even exponent is of an odd power of two. The number has 128 bits, the root 64.
    isOdd.set(not(and(exponentOf(a), i32(1)))),
    upper.set(right64(a.significand.get, wide(not(isOdd.get)))),
    following.set(apply("select", i64(0n), left64(a.significand.get, i64(63n)), isOdd.get)),
    first.set(apply("i64.trunc_f64_s", apply("f64.sqrt", apply("f64.convert_i64_u", upper.get)))),
    // The double may be one too large, and 2^32.
    when(
      or(not(isZero64(right64(first.get, half))), apply("i64.gt_u", mul64(first.get, first.get), upper.get)),
      [first.set(sub64(first.get, one))],
    ),
    rest.set(sub64(upper.get, mul64(first.get, first.get))),
    // (rest, following's upper half) by twice the first half, in 65 bits.
    left.set(or64(left64(rest.get, i64(31n)), right64(following.get, i64(33n)))),
    quotient.set(apply("i64.div_u", left.get, first.get)),
    rest.set(
      or64(
        left64(sub64(left.get, mul64(quotient.get, first.get)), one),
        apply("i64.and", right64(following.get, half), one),
      ),
    ),
    root.set(add64(left64(first.get, half), quotient.get)),
    left.set(or64(left64(rest.get, half), apply("i64.and", following.get, i64(0xffff_ffffn)))),
    above.set(sub64(right64(rest.get, half), right64(quotient.get, half))),
    quotient.set(mul64(quotient.get, quotient.get)),
    above.set(sub64(above.get, wide(apply("i64.lt_u", left.get, quotient.get)))),
    left.set(sub64(left.get, quotient.get)),
    when(isNegative64(above.get), [
      ...addToRest(root.get),
      root.set(sub64(root.get, one)),
      ...addToRest(root.get),
    ]),
    call(
      finish,
      root.get,
      apply(
        "select",
        i64(0n),
        or64(
          apply(
            "select",
            i64(TOP_BIT),
            i64(0n),
            or(apply("i64.gt_s", above.get, i64(0n)), apply("i64.gt_u", left.get, root.get)),
          ),
          one,
        ),
        isZero64(or64(left.get, above.get)),
      ),
      plus(apply("i32.shr_u", plus(exponentOf(a), i32(BIAS - 1)), i32(1)), not(isOdd.get)),
      i32(0),
      place.get,
      pops.get,
    ),
  );
}
