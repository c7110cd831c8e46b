// Addition, multiplication, division and square root of extended numbers, in WebAssembly: of normal ones and zeros, rounded
// as the control word says. Specification: Intel SDM volume 1, 4.8 and 8.1.5; D. E. Knuth, The Art of Computer
// Programming 2, 4.3.1 (division).
import type { FunctionBody } from "../../../../wasm/module.js";
import {
  apply,
  call,
  type Code,
  FunctionWriter,
  giveBack,
  i32,
  i64,
  type Local,
  sequence,
  when,
  whileTrue,
} from "../../../../wasm/assembler.js";
import {
  BIAS,
  control,
  done,
  exponentOf,
  type Extended,
  flagsOf,
  and,
  isNegative64,
  isNormal,
  isZero,
  isZero64,
  leaveIf,
  left64,
  MAX_EXPONENT,
  minus,
  mode,
  not,
  or,
  plus,
  putAt,
  right64,
  roundsUp,
  SIGN,
  TOP_BIT,
  wide,
} from "./layout.js";

/** Types and indices of the functions in their module. */
export interface Functions {
  /** Two numbers, a register's place, whether to pop; 0 where it is done. */
  readonly binaryType: number;
  /** Significand, guard, exponent, sign, place, whether to pop. */
  readonly finishType: number;
  readonly finish: number;
}

const LOW = i64(0xffff_ffffn);
const low = (a: Code): Code => apply("i64.and", a, LOW);
const high = (a: Code): Code => right64(a, i64(32n));
const add64 = (a: Code, b: Code): Code => apply("i64.add", a, b);
const sub64 = (a: Code, b: Code): Code => apply("i64.sub", a, b);
const mul64 = (a: Code, b: Code): Code => apply("i64.mul", a, b);
const or64 = (a: Code, b: Code): Code => apply("i64.or", a, b);
const flag64 = (a: Code): Code => wide(a);

/** Rounds significand.guard, normalised, to the precision of the control word and puts it into a register. */
export function finishFunction(type: number): FunctionBody {
  const f = new FunctionWriter(["i64", "i64", "i32", "i32", "i32", "i32"]);
  const [significand, guard, exponent, sign, place, pops] = f.parameters as [
    Local,
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const precision = f.local("i32");
  const drop = f.local("i64");
  const isUp = f.local("i32");
  return f.body(
    type,
    "x87 finish",
    precision.set(and(apply("i32.shr_u", control, i32(8)), i32(3))),
    // 24, 53 or 64 bits.
    when(not(and(precision.get, i32(1))), [
      drop.set(apply("select", i64(11n), i64(40n), precision.get)),
      guard.set(or64(left64(significand.get, sub64(i64(64n), drop.get)), flag64(not(isZero64(guard.get))))),
      significand.set(right64(significand.get, drop.get)),
    ]),
    isUp.set(roundsUp(significand.get, guard.get, sign.get)),
    significand.set(left64(add64(significand.get, wide(isUp.get)), drop.get)),
    when(isZero64(significand.get), [
      significand.set(i64(TOP_BIT)),
      exponent.set(plus(exponent.get, i32(1))),
    ]),
    leaveIf(apply("i32.ge_u", minus(exponent.get, i32(1)), i32(MAX_EXPONENT))),
    putAt(place.get, significand.get, or(exponent.get, apply("i32.shl", sign.get, i32(15)))),
    done(flagsOf(guard.get, isUp.get), pops.get),
    i32(0),
  );
}

export interface Binary {
  readonly f: FunctionWriter;
  readonly a: Extended;
  readonly b: Extended;
  readonly place: Local;
  readonly pops: Local;
  /** Whether the signs differ. */
  readonly differs: Code;
}

export function binary(): Binary {
  const f = new FunctionWriter(["i64", "i32", "i64", "i32", "i32", "i32"]);
  const [as, ae, bs, be, place, pops] = f.parameters as [Local, Local, Local, Local, Local, Local];
  const differs = apply("i32.shr_u", and(apply("i32.xor", ae.get, be.get), i32(SIGN)), i32(15));
  return { f, a: { significand: as, end: ae }, b: { significand: bs, end: be }, place, pops, differs };
}

/** Puts a number that needs no rounding. */
export const exact = ({ place, pops }: Binary, significand: Code, end: Code): Code =>
  sequence(putAt(place.get, significand, end), done(i32(0), pops.get));

const signOf = ({ end }: Extended): Code => apply("i32.shr_u", end.get, i32(15));

/** Shifts the smaller number right: it becomes significand.guard, the guard's lowest bit sticky. */
const shifted = (b: Extended, by: Local, guard: Local): Code =>
  when(
    apply("i64.lt_u", by.get, i64(64n)),
    [
      when(not(isZero64(by.get)), [
        guard.set(left64(b.significand.get, sub64(i64(64n), by.get))),
        b.significand.set(right64(b.significand.get, by.get)),
      ]),
    ],
    [
      guard.set(
        apply(
          "select",
          b.significand.get,
          apply(
            "select",
            or64(
              right64(b.significand.get, sub64(by.get, i64(64n))),
              flag64(not(isZero64(left64(b.significand.get, sub64(i64(128n), by.get))))),
            ),
            i64(1n),
            apply("i64.lt_u", by.get, i64(128n)),
          ),
          apply("i64.eq", by.get, i64(64n)),
        ),
      ),
      b.significand.set(i64(0n)),
    ],
  );

export function addFunction({ binaryType, finish }: Functions): FunctionBody {
  const all = binary();
  const { f, a, b, place, pops, differs } = all;
  const guard = f.local("i64");
  const by = f.local("i64");
  const exponent = f.local("i32");
  const swap = f.local("i64");
  const sum = f.local("i64");
  const isSubtracted = f.local("i32");
  /** To the precision of the control word, which may be less than the number has. */
  const rounded = (n: Extended): Code =>
    giveBack(call(finish, n.significand.get, i64(0n), exponentOf(n), signOf(n), place.get, pops.get));
  const downward = apply("i32.shl", apply("i32.eq", mode, i32(1)), i32(15));
  return f.body(
    binaryType,
    "x87 add",
    when(not(isNormal(a)), [
      leaveIf(not(isZero(a))),
      when(isNormal(b), [rounded(b)]),
      leaveIf(not(isZero(b))),
      // Zeros of different signs make one that rounds down to minus.
      exact(all, i64(0n), apply("select", downward, and(a.end.get, i32(SIGN)), differs)),
    ]),
    when(not(isNormal(b)), [leaveIf(not(isZero(b))), rounded(a)]),
    isSubtracted.set(differs),
    by.set(apply("i64.extend_i32_s", minus(exponentOf(a), exponentOf(b)))),
    when(
      or(
        isNegative64(by.get),
        and(isZero64(by.get), apply("i64.lt_u", a.significand.get, b.significand.get)),
      ),
      [
        swap.set(a.significand.get),
        a.significand.set(b.significand.get),
        b.significand.set(swap.get),
        a.end.set(b.end.get),
        by.set(sub64(i64(0n), by.get)),
      ],
    ),
    exponent.set(exponentOf(a)),
    shifted(b, by, guard),
    when(
      isSubtracted.get,
      [
        sum.set(sub64(sub64(a.significand.get, b.significand.get), flag64(not(isZero64(guard.get))))),
        guard.set(sub64(i64(0n), guard.get)),
        when(isZero64(sum.get), [
          when(isZero64(guard.get), [exact(all, i64(0n), downward)]),
          sum.set(guard.get),
          guard.set(i64(0n)),
          exponent.set(minus(exponent.get, i32(64))),
        ]),
        by.set(apply("i64.clz", sum.get)),
        when(not(isZero64(by.get)), [
          sum.set(or64(left64(sum.get, by.get), right64(guard.get, sub64(i64(64n), by.get)))),
          guard.set(left64(guard.get, by.get)),
          exponent.set(minus(exponent.get, apply("i32.wrap_i64", by.get))),
        ]),
      ],
      [
        sum.set(add64(a.significand.get, b.significand.get)),
        when(apply("i64.lt_u", sum.get, a.significand.get), [
          guard.set(
            or64(
              or64(right64(guard.get, i64(1n)), apply("i64.and", guard.get, i64(1n))),
              left64(sum.get, i64(63n)),
            ),
          ),
          sum.set(or64(right64(sum.get, i64(1n)), i64(TOP_BIT))),
          exponent.set(plus(exponent.get, i32(1))),
        ]),
      ],
    ),
    call(finish, sum.get, guard.get, exponent.get, signOf(a), place.get, pops.get),
  );
}

/** The product of two significands in `upper` and `lower`. */
function multiplied(f: FunctionWriter, a: Code, b: Code): { codes: Code[]; upper: Local; lower: Local } {
  const [first, second, third, upper, lower] = Array.from({ length: 5 }, () => f.local("i64")) as [
    Local,
    Local,
    Local,
    Local,
    Local,
  ];
  const codes = [
    first.set(mul64(low(a), low(b))),
    second.set(add64(mul64(high(a), low(b)), high(first.get))),
    third.set(add64(mul64(low(a), high(b)), low(second.get))),
    upper.set(add64(add64(mul64(high(a), high(b)), high(second.get)), high(third.get))),
    lower.set(or64(left64(third.get, i64(32n)), low(first.get))),
  ];
  return { codes, upper, lower };
}

/** Zero, where one factor, or what is divided, is that and the other normal or zero too. */
const zeroOf = (all: Binary): Code => exact(all, i64(0n), apply("i32.shl", all.differs, i32(15)));

export function multiplyFunction({ binaryType, finish }: Functions): FunctionBody {
  const all = binary();
  const { f, a, b, place, pops, differs } = all;
  const exponent = f.local("i32");
  const { codes, upper, lower } = multiplied(f, a.significand.get, b.significand.get);
  return f.body(
    binaryType,
    "x87 multiply",
    when(not(and(isNormal(a), isNormal(b))), [
      leaveIf(not(or(and(isZero(a), or(isNormal(b), isZero(b))), and(isNormal(a), isZero(b))))),
      zeroOf(all),
    ]),
    ...codes,
    exponent.set(plus(plus(exponentOf(a), exponentOf(b)), i32(1 - BIAS))),
    when(not(isNegative64(upper.get)), [
      upper.set(or64(left64(upper.get, i64(1n)), right64(lower.get, i64(63n)))),
      lower.set(left64(lower.get, i64(1n))),
      exponent.set(minus(exponent.get, i32(1))),
    ]),
    call(finish, upper.get, lower.get, exponent.get, differs, place.get, pops.get),
  );
}

export function divideFunction({ binaryType, finish }: Functions): FunctionBody {
  const all = binary();
  const { f, a, b, place, pops, differs } = all;
  const exponent = f.local("i32");
  const [digit, rest, quotient, next] = Array.from({ length: 4 }, () => f.local("i64")) as [
    Local,
    Local,
    Local,
    Local,
  ];
  const divisor = b.significand.get;
  /** One digit of 32 bits: of `upper`, below the divisor, and the 32 bits that follow it. */
  const estimate = (upper: Code, following: Code): Code =>
    sequence(
      digit.set(apply("i64.div_u", upper, high(divisor))),
      rest.set(sub64(upper, mul64(digit.get, high(divisor)))),
      whileTrue(
        and(
          isZero64(high(rest.get)),
          or(
            not(isZero64(high(digit.get))),
            apply("i64.gt_u", mul64(digit.get, low(divisor)), or64(left64(rest.get, i64(32n)), following)),
          ),
        ),
        digit.set(sub64(digit.get, i64(1n))),
        rest.set(add64(rest.get, high(divisor))),
      ),
    );
  const remainder = (upper: Code, following: Code): Code =>
    sub64(or64(left64(upper, i64(32n)), following), mul64(digit.get, divisor));
  return f.body(
    binaryType,
    "x87 divide",
    when(not(and(isNormal(a), isNormal(b))), [leaveIf(not(and(isZero(a), isNormal(b)))), zeroOf(all)]),
    exponent.set(plus(minus(exponentOf(a), exponentOf(b)), i32(BIAS - 1))),
    when(apply("i64.ge_u", a.significand.get, divisor), [
      next.set(left64(a.significand.get, i64(63n))),
      a.significand.set(right64(a.significand.get, i64(1n))),
      exponent.set(plus(exponent.get, i32(1))),
    ]),
    estimate(a.significand.get, high(next.get)),
    quotient.set(left64(digit.get, i64(32n))),
    a.significand.set(remainder(a.significand.get, high(next.get))),
    estimate(a.significand.get, low(next.get)),
    quotient.set(add64(quotient.get, digit.get)),
    rest.set(remainder(a.significand.get, low(next.get))),
    // What is left against half of the divisor.
    next.set(sub64(divisor, rest.get)),
    call(
      finish,
      quotient.get,
      apply(
        "select",
        i64(0n),
        or64(
          apply("select", i64(TOP_BIT), i64(0n), apply("i64.ge_u", rest.get, next.get)),
          flag64(apply("i64.ne", rest.get, next.get)),
        ),
        isZero64(rest.get),
      ),
      exponent.get,
      differs,
      place.get,
      pops.get,
    ),
  );
}
