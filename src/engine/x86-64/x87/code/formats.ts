// Numbers in memory to extended ones and back, in WebAssembly: singles, doubles and integers. Specification: Intel SDM
// volume 1, 4.2 and 8.1.5.
import {
  apply,
  type Code,
  type FunctionWriter,
  i32,
  i64,
  type Local,
  sequence,
  when,
} from "../../../../wasm/assembler.js";
import {
  and,
  BIAS,
  done,
  exponentOf,
  type Extended,
  flagsOf,
  isNegative64,
  isNormal,
  isZero,
  isZero64,
  leaveIf,
  left64,
  minus,
  not,
  or,
  plus,
  right64,
  roundsUp,
  setResult,
  SIGN,
  TOP_BIT,
  wide,
} from "./layout.js";

const low32 = (a: Code): Code => apply("i32.wrap_i64", a);
const or64 = (a: Code, b: Code): Code => apply("i64.or", a, b);

/** Bits of a number's parts in memory, and the bias of its exponent. */
const formats = {
  single: { bits: 32, fraction: 23, bias: 127 },
  double: { bits: 64, fraction: 52, bias: 1023 },
} as const;
export type Format = keyof typeof formats;

/** Sets a number from the bits of a single or double; denormal ones, infinities and NaNs are left. */
export function fromFloat(format: Format, bits: Local, { significand, end }: Extended): Code {
  const { bits: size, fraction, bias } = formats[format];
  const exponents = 2 ** (size - 1 - fraction) - 1;
  const sign = apply("i32.shl", and(low32(right64(bits.get, i64(BigInt(size - 1)))), i32(1)), i32(15));
  const exponent = and(low32(right64(bits.get, i64(BigInt(fraction)))), i32(exponents));
  const kept = left64(bits.get, i64(BigInt(63 - fraction)));
  return sequence(
    end.set(exponent),
    when(
      not(isZero64(left64(bits.get, i64(BigInt(65 - size))))),
      [
        leaveIf(apply("i32.ge_u", minus(end.get, i32(1)), i32(exponents - 1))),
        significand.set(or64(kept, i64(TOP_BIT))),
        end.set(or(plus(end.get, i32(BIAS - bias)), sign)),
      ],
      [significand.set(i64(0n)), end.set(sign)],
    ),
  );
}

/** Sets a number from a signed integer. */
export const fromInteger = (value: Local, { significand, end }: Extended): Code =>
  sequence(
    end.set(i32(0)),
    significand.set(value.get),
    when(isNegative64(value.get), [
      end.set(i32(SIGN)),
      significand.set(apply("i64.sub", i64(0n), value.get)),
    ]),
    when(not(isZero64(significand.get)), [
      end.set(or(end.get, minus(i32(BIAS + 63), low32(apply("i64.clz", significand.get))))),
      significand.set(left64(significand.get, apply("i64.clz", significand.get))),
    ]),
  );

const signOf = ({ end }: Extended): Code => apply("i32.shr_u", end.get, i32(15));

/** Gives the bits of a single or double; what comes near the ends of its range is left. */
export function toFloat(format: Format, f: FunctionWriter, n: Extended, pops: Code): Code {
  const { bits: size, fraction, bias } = formats[format];
  const [kept, guard] = [f.local("i64"), f.local("i64")];
  const [exponent, isUp] = [f.local("i32"), f.local("i32")];
  const sign = left64(wide(signOf(n)), i64(BigInt(size - 1)));
  const biases = 2 ** (size - 1 - fraction) - 2;
  return sequence(
    when(isZero(n), [setResult(sign), done(i32(0), pops)]),
    exponent.set(minus(exponentOf(n), i32(BIAS - bias))),
    // Rounding up may leave the range, too.
    leaveIf(or(not(isNormal(n)), apply("i32.ge_u", minus(exponent.get, i32(2)), i32(biases - 2)))),
    kept.set(right64(n.significand.get, i64(BigInt(63 - fraction)))),
    guard.set(left64(n.significand.get, i64(BigInt(fraction + 1)))),
    isUp.set(roundsUp(kept.get, guard.get, signOf(n))),
    // The integer bit, which is not kept, adds to the exponent, as a carry does.
    setResult(
      or64(
        sign,
        apply(
          "i64.add",
          apply("i64.add", kept.get, wide(isUp.get)),
          left64(wide(minus(exponent.get, i32(1))), i64(BigInt(fraction))),
        ),
      ),
    ),
    done(flagsOf(guard.get, isUp.get), pops),
  );
}

/** A number as an integer and what is behind its point, for exponents below 63. */
interface Split {
  readonly kept: Local;
  readonly guard: Local;
  readonly isUp: Local;
  readonly codes: readonly Code[];
}

export function splitAtPoint(f: FunctionWriter, n: Extended, how?: Code): Split {
  const [kept, guard, by] = [f.local("i64"), f.local("i64"), f.local("i64")];
  const isUp = f.local("i32");
  const codes = [
    by.set(apply("i64.extend_i32_s", minus(i32(BIAS + 63), exponentOf(n)))),
    when(
      apply("i64.lt_s", by.get, i64(64n)),
      [
        kept.set(right64(n.significand.get, by.get)),
        guard.set(left64(n.significand.get, apply("i64.sub", i64(64n), by.get))),
      ],
      [
        kept.set(i64(0n)),
        guard.set(apply("select", n.significand.get, i64(1n), apply("i64.eq", by.get, i64(64n)))),
      ],
    ),
    isUp.set(roundsUp(kept.get, guard.get, signOf(n), how)),
    kept.set(apply("i64.add", kept.get, wide(isUp.get))),
  ];
  return { kept, guard, isUp, codes };
}

/** Gives an integer of `bits`, what is near the ends of their range left; `how` is the rounding mode where it is not the usual. */
export function toInteger(f: FunctionWriter, n: Extended, bits: Local, pops: Code, how?: Code): Code {
  const { kept, guard, isUp, codes } = splitAtPoint(f, n, how);
  return sequence(
    when(isZero(n), [setResult(i64(0n)), done(i32(0), pops)]),
    leaveIf(or(not(isNormal(n)), apply("i32.ge_u", exponentOf(n), plus(bits.get, i32(BIAS - 2))))),
    ...codes,
    setResult(apply("select", apply("i64.sub", i64(0n), kept.get), kept.get, signOf(n))),
    done(flagsOf(guard.get, isUp.get), pops),
  );
}
