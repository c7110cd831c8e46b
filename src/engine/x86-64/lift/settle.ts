// RFLAGS from what set the status flags last, as a WebAssembly function: units that begin with a conditional jump ask for it at
// every entry, a JavaScript engine's 80,000 times a round of its script. Of shifts, which hardly anybody asks about,
// JavaScript computes them. The formulas are those of flags.ts, on operands moved to the top of 64 bits.
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import {
  access,
  apply,
  call,
  type Code,
  FunctionWriter,
  i32,
  i64,
  type Local,
  select,
  sequence,
} from "../../../wasm/assembler.js";
import type { FunctionBody } from "../../../wasm/module.js";
import { FlagsOperation, state } from "../state.js";
import { imported } from "../../portable/link/protocol.js";

const [CF, PF, AF, ZF, SF, OF] = [1, 4, 0x10, 0x40, 0x80, 0x800];
const SIGN = i64(1n << 63n);

const zero = i32(0);
const word = access("i32.load", state.rflags, zero);
const and = (a: Code, b: Code): Code => apply("i64.and", a, b);
const or = (a: Code, b: Code): Code => apply("i64.or", a, b);
const xor = (a: Code, b: Code): Code => apply("i64.xor", a, b);
const not = (a: Code): Code => xor(a, i64(-1n));
const isNegative = (a: Code): Code => apply("i64.lt_s", a, i64(0n));
const low = (a: Code): Code => apply("i32.wrap_i64", a);
/** A flag of RFLAGS where a bit is 1. */
const flagIf = (bit: Code, flag: number): Code => apply("select", i32(flag), zero, bit);

type Name = keyof typeof FlagsOperation;

export function settleFunction(typeIndex: number): FunctionBody {
  const f = new FunctionWriter([]);
  const [packed, flags, low4] = [f.local("i32"), f.local("i32"), f.local("i32")] as [Local, Local, Local];
  const [shift, a, b, r] = [f.local("i64"), f.local("i64"), f.local("i64"), f.local("i64")] as [
    Local,
    Local,
    Local,
    Local,
  ];
  const atTop = (offset: number): Code => apply("i64.shl", access("i64.load", offset, zero), shift.get);
  const set = (value: Code): Code =>
    sequence(
      access(
        "i32.store",
        state.rflags,
        zero,
        apply("i32.or", apply("i32.and", word, i32(~STATUS_FLAGS)), value),
      ),
      access("i32.store", state.flagsOperation, zero, zero),
      apply("return"),
    );
  const add = (bits: Code): Code => flags.set(apply("i32.or", flags.get, bits));
  const adjust = add(
    apply("i32.and", apply("i32.xor", apply("i32.xor", low(at(a)), low(at(b))), low(at(r))), i32(AF)),
  );
  /** An operand where it was. */
  function at(n: Local): Code {
    return apply("i64.shr_u", n.get, shift.get);
  }
  const sum = sequence(
    add(flagIf(isNegative(or(and(a.get, b.get), and(or(a.get, b.get), not(r.get)))), CF)),
    add(flagIf(isNegative(and(xor(a.get, r.get), xor(b.get, r.get))), OF)),
    adjust,
  );
  const difference = sequence(
    add(flagIf(isNegative(or(and(not(a.get), b.get), and(or(not(a.get), b.get), r.get))), CF)),
    add(flagIf(isNegative(and(xor(a.get, b.get), xor(a.get, r.get))), OF)),
    adjust,
  );
  /** INC and DEC, with CF kept in flagsB: `end` is the low digit and the result where they overflow. */
  const stepped = (digit: number, extreme: Code): Code =>
    sequence(
      low4.set(apply("i32.and", low(at(r)), i32(15))),
      add(apply("i32.and", access("i32.load", state.flagsB, zero), i32(CF))),
      add(flagIf(apply("i32.eq", low4.get, i32(digit)), AF)),
      add(flagIf(apply("i64.eq", r.get, extreme), OF)),
    );
  const increment = stepped(0, SIGN);
  const decrement = stepped(15, and(not(SIGN), apply("i64.shl", i64(-1n), shift.get)));
  const result = r.set(atTop(state.flagsResult));
  const inA = r.set(a.get);
  const asked = sequence(call(imported.settle), apply("return"));
  const arms: Readonly<Record<Name, Code>> = {
    none: apply("return"),
    add: sequence(result, sum),
    sub: sequence(result, difference),
    logic: result,
    inc: sequence(result, increment),
    dec: sequence(result, decrement),
    shl: asked,
    shr: asked,
    sar: asked,
    bits: set(access("i32.load", state.flagsA, zero)),
    sum: sequence(r.set(apply("i64.add", a.get, b.get)), sum),
    difference: sequence(r.set(apply("i64.sub", a.get, b.get)), difference),
    result: inA,
    incremented: sequence(inA, increment),
    decremented: sequence(inA, decrement),
    shiftedLeft: asked,
    shiftedRight: asked,
    shiftedSigned: asked,
  };
  const operations = (Object.keys(arms) as Name[]).toSorted((x, y) => FlagsOperation[x] - FlagsOperation[y]);
  return f.body(
    typeIndex,
    "settle",
    packed.set(access("i32.load", state.flagsOperation, zero)),
    shift.set(
      apply(
        "i64.extend_i32_u",
        apply("i32.sub", i32(64), apply("i32.shl", i32(8), apply("i32.and", packed.get, i32(3)))),
      ),
    ),
    a.set(atTop(state.flagsA)),
    b.set(atTop(state.flagsB)),
    select(
      apply("i32.shr_u", packed.get, i32(2)),
      operations.map((name) => [arms[name]]),
    ),
    add(flagIf(apply("i64.eqz", r.get), ZF)),
    add(flagIf(isNegative(r.get), SF)),
    add(apply("select", zero, i32(PF), low(and(apply("i64.popcnt", and(at(r), i64(0xffn))), i64(1n))))),
    set(flags.get),
  );
}
