// addend + a * b rounded once, to nearest, as WebAssembly functions that translated code calls. The product is two numbers exactly, of
// which all but the greatest part of the sum is rounded to odd: then the last addition rounds as if it had all. A NaN comes out where the
// result is one, or where exponents are not moderate: the interpreter's. S. Boldo, G. Melquiond, Emulation of a FMA and correctly rounded
// sums: proved algorithms using rounding to odd (2008); T. J. Dekker, A floating-point technique (1971).
import {
  apply,
  type Code,
  either,
  f64,
  FunctionWriter,
  giveBack,
  i64,
  type Local,
  sequence,
  when,
} from "../../../wasm/assembler.js";
import type { FunctionBody, FunctionType } from "../../../wasm/module.js";
import type { Helper } from "../../portable/guest-isa.js";
import { helperIndex } from "../../portable/link/protocol.js";

type Type = "f32" | "f64";
const types: readonly Type[] = ["f64", "f32"];
/** The function's index for translated code. */
export const fusedIndex = (type: Type): number => helperIndex(types.indexOf(type));

const add = (a: Code, b: Code): Code => apply("f64.add", a, b);
const sub = (a: Code, b: Code): Code => apply("f64.sub", a, b);
const mul = (a: Code, b: Code): Code => apply("f64.mul", a, b);
const and = (a: Code, b: Code): Code => apply("i32.and", a, b);
const size = (a: Code): Code => apply("f64.abs", a);
const isBelow = (a: Code, limit: number): Code => apply("f64.le", size(a), f64(limit));

interface Sum {
  readonly sum: Local;
  /** What the sum is less than exact. */
  readonly error: Local;
}

/** Sets both of x + y. D. E. Knuth, The Art of Computer Programming 2, 4.2.2. */
const sumOf = ({ sum, error }: Sum, part: Local, x: Code, y: Code): Code =>
  sequence(
    sum.set(add(x, y)),
    part.set(sub(sum.get, x)),
    error.set(add(sub(x, sub(sum.get, part.get)), sub(y, part.get))),
  );

/** Has a sum whose last bit is 0 take the neighbour on the side of its error: an infinity's is no number. */
function roundToOdd({ sum, error }: Sum): Code {
  const bits = apply("i64.reinterpret_f64", sum.get);
  const isOff = apply("i32.or", apply("f64.lt", error.get, f64(0)), apply("f64.gt", error.get, f64(0)));
  const isEven = apply("i64.eqz", apply("i64.and", bits, i64(1n)));
  const isAway = apply("i32.eq", apply("f64.gt", error.get, f64(0)), apply("f64.gt", sum.get, f64(0)));
  const stepped = apply("i64.add", bits, either(isAway, i64(1n), i64(-1n)));
  return when(and(isOff, isEven), [sum.set(apply("f64.reinterpret_i64", stepped))]);
}

/** Products of singles are doubles exactly. */
function singleFunction(type: number, { params }: FunctionType): FunctionBody {
  const f = new FunctionWriter(params);
  const [addend, a, b] = f.parameters.map(({ get }) => apply("f64.promote_f32", get)) as [Code, Code, Code];
  const [product, part] = [f.local("f64"), f.local("f64")];
  const all = { sum: f.local("f64"), error: f.local("f64") };
  return f.body(
    type,
    "fused single",
    product.set(mul(a, b)),
    sumOf(all, part, product.get, addend),
    roundToOdd(all),
    apply("f32.demote_f64", all.sum.get),
  );
}

/** Neither the parts of a product nor sums of them come near the ends of the range. */
const [LEAST, MOST_FACTOR, MOST] = [2 ** -900, 2 ** 990, 2 ** 1000];
/** Splits a double into halves of 26 bits. */
const SPLIT = f64(2 ** 27 + 1);

function doubleFunction(type: number, { params }: FunctionType): FunctionBody {
  const f = new FunctionWriter(params);
  const [addend, a, b] = f.parameters as [Local, Local, Local];
  const local = () => f.local("f64");
  const [product, rest, part, ah, al, bh, bl] = [
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
    local(),
  ];
  const small = { sum: local(), error: local() };
  const great = { sum: local(), error: local() };
  const last = { sum: local(), error: local() };
  const split = (value: Local, high: Local, low: Local): Code =>
    sequence(
      high.set(mul(SPLIT, value.get)),
      high.set(sub(high.get, sub(high.get, value.get))),
      low.set(sub(value.get, high.get)),
    );
  const isModerate = and(
    and(isBelow(a.get, MOST_FACTOR), isBelow(b.get, MOST_FACTOR)),
    and(
      and(isBelow(product.get, MOST), apply("f64.ge", size(product.get), f64(LEAST))),
      isBelow(addend.get, MOST),
    ),
  );
  const isZero = apply("i32.or", apply("f64.eq", a.get, f64(0)), apply("f64.eq", b.get, f64(0)));
  const error = sub(sub(sub(product.get, mul(ah.get, bh.get)), mul(al.get, bh.get)), mul(ah.get, bl.get));
  return f.body(
    type,
    "fused double",
    product.set(mul(a.get, b.get)),
    when(isZero, [giveBack(add(product.get, addend.get))]),
    when(apply("i32.eqz", isModerate), [giveBack(f64(Number.NaN))]),
    split(a, ah, al),
    split(b, bh, bl),
    rest.set(sub(mul(al.get, bl.get), error)),
    sumOf(small, part, addend.get, rest.get),
    sumOf(great, part, product.get, small.sum.get),
    sumOf(last, part, great.error.get, small.error.get),
    roundToOdd(last),
    add(great.sum.get, last.sum.get),
  );
}

const bodies = { f32: singleFunction, f64: doubleFunction } as const;

export const fusedHelpers: readonly Helper[] = types.map((name) => {
  const type: FunctionType = { params: [name, name, name], results: [name] };
  return { name: `fused_${name}`, type, body: (index) => bodies[name](index, type) };
});
