// SSE arithmetic as MXCSR has it, in WebAssembly: rounding modes, and the precision flag. To nearest is what WebAssembly does;
// how far off that is can be computed exactly where exponents are moderate. All else, exact-float.ts has. T. J. Dekker, A
// floating-point technique (1971); D. E. Knuth, The Art of Computer Programming 2, 4.2.2.
import { encodeModule, type FunctionBody } from "../../../wasm/module.js";
import {
  access,
  apply,
  type Code,
  f64,
  FunctionWriter,
  giveBack,
  i32,
  type Local,
  select,
  sequence,
  when,
} from "../../../wasm/assembler.js";
import { state } from "../state.js";
import { exactType, results } from "../lift/functions.js";
import { type ExactOperation, exactOperations } from "./operations.js";

const PRECISION = 0x20;
/** All exceptions masked; denormals neither taken nor given as zeros. */
const MASKS = 0x1f80;
const USUAL = 0x8040 | MASKS;

const add = (a: Code, b: Code): Code => apply("f64.add", a, b);
const sub = (a: Code, b: Code): Code => apply("f64.sub", a, b);
const mul = (a: Code, b: Code): Code => apply("f64.mul", a, b);
const and = (a: Code, b: Code): Code => apply("i32.and", a, b);
const or = (a: Code, b: Code): Code => apply("i32.or", a, b);
const not = (a: Code): Code => apply("i32.eqz", a);
const isZero = (a: Code): Code => apply("f64.eq", a, f64(0));
const single = (a: Code): Code => apply("f64.promote_f32", apply("f32.demote_f64", a));

const zero = i32(0);
const mxcsr = access("i32.load", state.mxcsr, zero);
const mode = and(apply("i32.shr_u", mxcsr, i32(13)), i32(3));
const setPrecision = access("i32.store", state.mxcsr, zero, or(mxcsr, i32(PRECISION)));
const give = (value: Code): Code =>
  sequence(access("f64.store", results.exact, zero, value), giveBack(i32(0)));
const leaveIf = (condition: Code): Code => when(condition, [giveBack(i32(1))]);

/** Between these, neither results nor errors come near overflow or underflow. */
const limits = { f64: [2 ** -480, 2 ** 480], f32: [2 ** -60, 2 ** 60] } as const;
type Type = keyof typeof limits;

/** Sizes of finite numbers that are not denormal. */
const ordinary = { f64: 2 ** -1022, f32: 2 ** -126 } as const;

/** A module with one function that it puts into the table's place `slot`: see `exactType`. */
export function exactModule(memoryPages: number, slot: number): Uint8Array {
  return encodeModule({
    types: [exactType],
    imports: [
      { module: "solo5", name: "memory", kind: "memory", min: memoryPages },
      { module: "solo5", name: "table", kind: "table", min: slot + 1 },
    ],
    functions: [exactFunction()],
    exports: [],
    elements: [{ at: slot, index: 0 }],
  });
}

interface Work {
  readonly x: Local;
  readonly y: Local;
  readonly r: Local;
  readonly error: Local;
  readonly wide: Local;
  readonly halves: readonly [Local, Local, Local, Local];
}

function exactFunction(): FunctionBody {
  const f = new FunctionWriter(exactType.params);
  const [code, x, y] = f.parameters as [Local, Local, Local];
  const local = () => f.local("f64");
  const work: Work = {
    x,
    y,
    r: local(),
    error: local(),
    wide: local(),
    halves: [local(), local(), local(), local()],
  };
  return f.body(
    0,
    "exact",
    leaveIf(apply("i32.ne", and(mxcsr, i32(USUAL)), i32(MASKS))),
    select(
      code.get,
      exactOperations.map((operation) => [operationOf(operation, work)]),
    ),
    i32(1),
  );
}

function operationOf(operation: ExactOperation, work: Work): Code {
  const { x, y } = work;
  switch (operation) {
    case "narrow":
      return sequence(
        when(isZero(x.get), [give(x.get)]),
        leaveUnlessModerate("f32", x.get),
        work.r.set(single(x.get)),
        work.error.set(sub(x.get, work.r.get)),
        finish("f32", work),
      );
    case "round":
      return toInteger(work, 2 ** 31, mode);
    case "round long":
      return toInteger(work, 2 ** 63, mode);
    case "truncate":
      return toInteger(work, 2 ** 31, i32(3));
    case "truncate long":
      return toInteger(work, 2 ** 63, i32(3));
    case "compare":
      return sequence(leaveIf(or(isUnusual(x.get), isUnusual(y.get))), giveBack(i32(0)));
    default: {
      const [type, name] = operation.split(".") as [Type, Arithmetic];
      return arithmetic(type, name, work);
    }
  }
}

const size = (value: Code): Code => apply("f64.abs", value);
const isModerate = (type: Type, value: Code): Code => {
  const [least, most] = limits[type];
  return and(apply("f64.ge", size(value), f64(least)), apply("f64.le", size(value), f64(most)));
};
const leaveUnlessModerate = (type: Type, value: Code): Code => leaveIf(not(isModerate(type, value)));

/** NaN, or denormal; a single's denormals are looked at as a double's would be, and leave too. */
const isUnusual = (value: Code): Code =>
  or(
    apply("f64.ne", value, value),
    and(apply("f64.gt", size(value), f64(0)), apply("f64.lt", size(value), f64(ordinary.f32))),
  );

type Arithmetic = "add" | "sub" | "mul" | "div" | "sqrt";

const computed = (name: Arithmetic, x: Code, y: Code): Code =>
  name === "sqrt" ? apply("f64.sqrt", y) : apply(`f64.${name}`, x, y);

function arithmetic(type: Type, name: Arithmetic, work: Work): Code {
  const { x, y, r, error, wide } = work;
  return sequence(
    zeros(type, name, work),
    ...(name === "sqrt" ? [] : [leaveUnlessModerate(type, x.get)]),
    leaveUnlessModerate(type, y.get),
    ...(name === "sqrt" ? [leaveIf(apply("f64.lt", y.get, f64(0)))] : []),
    wide.set(computed(name, x.get, y.get)),
    r.set(type === "f64" ? wide.get : single(wide.get)),
    error.set(sub(wide.get, r.get)),
    when(isZero(error.get), [errorOf(name, work)]),
    finish(type, work),
  );
}

/** Where an operand is zero the result is exact; of two, only a product's sign does not depend on the mode. */
function zeros(type: Type, name: Arithmetic, { x, y }: Work): Code {
  const other = (value: Code): Code => or(isModerate(type, value), isZero(value));
  const result = give(computed(name, x.get, y.get));
  switch (name) {
    case "sqrt":
      return when(isZero(y.get), [result]);
    case "div":
      return when(isZero(x.get), [leaveUnlessModerate(type, y.get), result]);
    case "mul":
      return when(or(isZero(x.get), isZero(y.get)), [leaveIf(not(and(other(x.get), other(y.get)))), result]);
    default:
      return when(or(isZero(x.get), isZero(y.get)), [
        leaveIf(not(and(other(x.get), other(y.get)))),
        leaveIf(and(and(isZero(x.get), isZero(y.get)), apply("i32.eq", mode, i32(1)))),
        result,
      ]);
  }
}

/** Sets `error` to a number of the sign of the exact result less `wide`. */
function errorOf(name: Arithmetic, work: Work): Code {
  const { x, y, error, wide, halves } = work;
  const [part] = halves;
  const ofSum = (second: Code): Code =>
    sequence(
      part.set(sub(wide.get, x.get)),
      error.set(add(sub(x.get, sub(wide.get, part.get)), sub(second, part.get))),
    );
  switch (name) {
    case "add":
      return ofSum(y.get);
    case "sub":
      return ofSum(apply("f64.neg", y.get));
    case "mul":
      return productError(work, x.get, y.get, wide.get);
    case "div":
      return sequence(
        productError(work, wide.get, y.get, mul(wide.get, y.get)),
        error.set(sub(sub(x.get, mul(wide.get, y.get)), error.get)),
        when(apply("f64.lt", y.get, f64(0)), [error.set(apply("f64.neg", error.get))]),
      );
    case "sqrt":
      return sequence(
        productError(work, wide.get, wide.get, mul(wide.get, wide.get)),
        error.set(sub(sub(y.get, mul(wide.get, wide.get)), error.get)),
      );
    default:
      return name satisfies never;
  }
}

/** Splits a double into halves of 26 bits. */
const SPLIT = f64(2 ** 27 + 1);

/** Sets `error` to a * b - p, where p is a * b rounded. */
function productError({ error, halves: [ah, al, bh, bl] }: Work, a: Code, b: Code, p: Code): Code {
  const split = (value: Code, high: Local, low: Local): Code =>
    sequence(
      high.set(mul(SPLIT, value)),
      high.set(sub(high.get, sub(high.get, value))),
      low.set(sub(value, high.get)),
    );
  return sequence(
    split(a, ah, al),
    split(b, bh, bl),
    error.set(
      sub(
        mul(al.get, bl.get),
        sub(sub(sub(p, mul(ah.get, bh.get)), mul(al.get, bh.get)), mul(ah.get, bl.get)),
      ),
    ),
  );
}

/** Gives `r`, to nearest, as the mode has it, which `error` tells: it has the sign of the exact result less r. */
function finish(type: Type, { r, error }: Work): Code {
  const isUp = apply("f64.gt", error.get, f64(0));
  const goesUp = or(
    apply("i32.eq", mode, i32(2)),
    and(apply("i32.eq", mode, i32(3)), apply("f64.lt", r.get, f64(0))),
  );
  /** 1 away from zero, else -1. */
  const by = sub32(apply("i32.shl", apply("i32.eq", isUp, apply("f64.gt", r.get, f64(0))), i32(1)), i32(1));
  const stepped =
    type === "f64"
      ? apply(
          "f64.reinterpret_i64",
          apply("i64.add", apply("i64.reinterpret_f64", r.get), apply("i64.extend_i32_s", by)),
        )
      : apply(
          "f64.promote_f32",
          apply(
            "f32.reinterpret_i32",
            apply("i32.add", apply("i32.reinterpret_f32", apply("f32.demote_f64", r.get)), by),
          ),
        );
  return sequence(
    when(
      isZero(error.get),
      // Nothing is left of a difference: of which sign, the mode says.
      [when(and(isZero(r.get), apply("i32.eq", mode, i32(1))), [give(f64(-0))])],
      [setPrecision, when(mode, [when(apply("i32.eq", isUp, goesUp), [give(stepped)])])],
    ),
    give(r.get),
  );
}
const sub32 = (a: Code, b: Code): Code => apply("i32.sub", a, b);

/** `x` as an integer below a limit; a denormal is looked at by the interpreter. */
function toInteger({ x, r }: Work, limit: number, how: Code): Code {
  return sequence(
    leaveIf(or(not(apply("f64.lt", size(x.get), f64(limit))), isUnusual(x.get))),
    select(
      how,
      (["f64.nearest", "f64.floor", "f64.ceil", "f64.trunc"] as const).map((name) => [
        r.set(apply(name, x.get)),
      ]),
    ),
    when(apply("f64.ne", r.get, x.get), [
      leaveIf(not(apply("f64.lt", size(r.get), f64(limit)))),
      setPrecision,
    ]),
    give(r.get),
  );
}
