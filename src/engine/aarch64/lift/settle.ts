// NZCV from what set the condition flags last, as a WebAssembly function, and code that takes flags from there. The formulas are
// those of flags.ts, on operands moved to the top of 64 bits.
import {
  access,
  apply,
  type Code,
  FunctionWriter,
  i32,
  i64,
  select,
  sequence,
} from "../../../wasm/assembler.js";
import type { FunctionBody } from "../../../wasm/module.js";
import type { Expressions } from "../../portable/ir/expression.js";
import { pushFlagBit, settleFlags } from "../../portable/link/flags-word.js";
import { FlagsOperation, state, WIDE } from "../state.js";
import { flagPositions, registers } from "./registers.js";

const zero = i32(0);
const [N, Z, C, V] = [-0x8000_0000, 0x4000_0000, 0x2000_0000, 0x1000_0000];

const and = (a: Code, b: Code): Code => apply("i64.and", a, b);
const or = (a: Code, b: Code): Code => apply("i64.or", a, b);
const xor = (a: Code, b: Code): Code => apply("i64.xor", a, b);
const not = (a: Code): Code => xor(a, i64(-1n));
const isNegative = (a: Code): Code => apply("i64.lt_s", a, i64(0n));
const flagIf = (bit: Code, flag: number): Code => apply("select", i32(flag), zero, bit);

export function settleFunction(typeIndex: number): FunctionBody {
  const f = new FunctionWriter([]);
  const [packed, flags, shift, a, b, r] = (["i32", "i32", "i64", "i64", "i64", "i64"] as const).map((type) =>
    f.local(type),
  );
  if (!packed || !flags || !shift || !a || !b || !r) throw new RangeError("locals");
  const atTop = (offset: number): Code => apply("i64.shl", access("i64.load", offset, zero), shift.get);
  const set = (value: Code): Code =>
    sequence(
      access("i32.store", state.nzcv, zero, value),
      access("i32.store", state.flagsOperation, zero, zero),
      apply("return"),
    );
  const add = (bits: Code): Code => flags.set(apply("i32.or", flags.get, bits));
  const carryAndOverflow = sequence(
    add(flagIf(isNegative(or(and(a.get, b.get), and(or(a.get, b.get), not(r.get)))), C)),
    add(flagIf(isNegative(and(xor(a.get, r.get), xor(b.get, r.get))), V)),
  );
  const one = apply("i64.shl", i64(1n), shift.get);
  const plusOne = r.set(apply("i64.add", apply("i64.add", a.get, b.get), one));
  const complement = b.set(apply("i64.shl", not(access("i64.load", state.flagsB, zero)), shift.get));
  const arms: Readonly<Record<keyof typeof FlagsOperation, Code>> = {
    none: apply("return"),
    sum: sequence(r.set(apply("i64.add", a.get, b.get)), carryAndOverflow),
    sumAndOne: sequence(plusOne, carryAndOverflow),
    difference: sequence(complement, plusOne, carryAndOverflow),
    result: r.set(a.get),
    bits: set(access("i32.load", state.flagsA, zero)),
  };
  const operations = (Object.keys(arms) as (keyof typeof arms)[]).toSorted(
    (x, y) => FlagsOperation[x] - FlagsOperation[y],
  );
  const isNarrow = apply("i32.eqz", apply("i32.and", packed.get, i32(WIDE)));
  return f.body(
    typeIndex,
    "settle",
    packed.set(access("i32.load", state.flagsOperation, zero)),
    shift.set(apply("i64.extend_i32_u", apply("i32.shl", isNarrow, i32(5)))),
    a.set(atTop(state.flagsA)),
    b.set(atTop(state.flagsB)),
    select(
      apply("i32.shr_u", packed.get, i32(1)),
      operations.map((name) => [arms[name]]),
    ),
    add(flagIf(apply("i64.eqz", r.get), Z)),
    add(flagIf(isNegative(r.get), N)),
    set(flags.get),
  );
}

/** Takes flags from the state area into the locals of their bits. */
export function loadFlags(e: Expressions, flags: readonly number[]): void {
  if (flags.length === 0) return;
  settleFlags(e);
  for (const flag of flags) {
    pushFlagBit(e, state.nzcv, flagPositions[flag] ?? 0);
    e.set(e.locals.slot(registers.flag + flag));
  }
}
