// x87 instructions: loads, arithmetic, registers, and with those of the files beside it all but the transcendental functions
// (functions.ts), which are computed in double; these are exact. Specification: Intel SDM volume 2.
import { addressOf, type Slow } from "../machine.js";
import {
  add,
  divide,
  type F80,
  flag,
  indefinite,
  isNan,
  multiply,
  negate,
  signaling,
  type Rounded,
  type Rounding,
  subtract,
} from "./f80.js";
import { fromDecimal } from "./formats.js";
import { x87Comparisons } from "./comparisons.js";
import { load, memoryOf, stackIndex, x87, x87Control } from "./instruction.js";
import { x87Stores } from "./stores.js";
import type { Unit } from "./unit.js";

type Operation = (a: F80, b: F80, rounding: Rounding) => Rounded;

/** Operands of an operation: destination index, and both values with the flags of loading one. */
function operate(operation: Operation, reversed: boolean, pops: boolean): Slow {
  return x87((u, m, i) => {
    const memory = memoryOf(i);
    if (memory !== undefined) {
      const loaded = load(m, i, memory);
      if (u.underflows(0)) return replaceInvalid(u, 0, pops);
      return u.finish(0, withLoaded(loaded, u.get(0), operation, reversed, u.rounding));
    }
    const [to, from] = [stackIndex(i, 0), stackIndex(i, 1)];
    if (u.underflows(to, from)) return replaceInvalid(u, to, pops);
    const [a, b] = [u.get(to), u.get(from)];
    const result = reversed ? operation(b, a, u.rounding) : operation(a, b, u.rounding);
    u.finish(to, result);
    if (pops && u.allows(result.flags)) u.pop();
  });
}

/** A signaling NaN in memory counts as one in the operation too: it is converted as part of it. */
function withLoaded(
  loaded: Rounded,
  st0: F80,
  operation: Operation,
  reversed: boolean,
  rounding: Rounding,
): Rounded {
  // Against a quiet NaN it matters that a NaN was signaling.
  const isSignaling = (loaded.flags & flag.IE) !== 0;
  const value = isSignaling ? signaling(loaded.value) : loaded.value;
  const result = reversed ? operation(value, st0, rounding) : operation(st0, value, rounding);
  // A NaN, an invalid operation or a division by zero takes precedence over a denormal operand.
  const first = result.flags & (flag.IE | flag.ZE);
  const denormal = isNan(result.value) || first !== 0 ? 0 : loaded.flags & flag.DE;
  return { value: result.value, flags: result.flags | (loaded.flags & flag.IE) | denormal };
}

function replaceInvalid(u: Unit, index: number, pops: boolean): void {
  if (!u.allows(flag.IE)) return;
  u.set(index, indefinite);
  if (pops) u.pop();
}

const free = (u: Unit, index: number): void => {
  u.used &= ~(1 << ((u.top + index) & 7));
};

const push = x87((u, m, i) => {
  const memory = memoryOf(i);
  if (memory !== undefined) return u.push(load(m, i, memory));
  const index = stackIndex(i, 0);
  if (u.isEmpty(index)) {
    u.signal(flag.IE | flag.SF);
    if (!u.allows(flag.IE)) return;
    u.top--;
    u.set(0, indefinite);
    return;
  }
  u.push({ value: u.get(index), flags: 0 });
});

const exchange = x87((u, _m, i) => {
  const index = stackIndex(i, 0);
  const values = [0, index].map((n) => (u.isEmpty(n) ? indefinite : u.get(n)));
  if (u.underflows(0, index)) {
    if (!u.allows(flag.IE)) return;
  } else u.signal(0);
  u.set(0, values[1] ?? indefinite);
  u.set(index, values[0] ?? indefinite);
});

/** FCHS and FABS touch the sign of anything. */
const changeSign = (f: (x: F80) => F80): Slow =>
  x87((u) => {
    if (u.underflows(0)) return replaceInvalid(u, 0, false);
    u.finish(0, { value: f(u.get(0)), flags: 0 });
  });

/** FCMOVcc by the condition's number in Jcc. */
const conditional = (code: number): Slow =>
  x87((u, m, i) => {
    const index = stackIndex(i, 1);
    if (u.underflows(0, index)) return replaceInvalid(u, 0, false);
    if (m.cpu.condition(code) === 1) u.set(0, u.get(index));
  });

const rotate = (by: number): Slow =>
  x87((u) => {
    u.top += by;
    u.signal(0);
  });

const arithmetic: Record<string, Slow> = {};
for (const [name, operation] of [
  ["ADD", add],
  ["MUL", multiply],
  ["SUB", subtract],
  ["DIV", divide],
] as const) {
  const canReverse = name === "SUB" || name === "DIV";
  for (const reversed of canReverse ? [false, true] : [false]) {
    const suffix = reversed ? "R" : "";
    arithmetic[`F${name}${suffix}`] = operate(operation, reversed, false);
    arithmetic[`FI${name}${suffix}`] = operate(operation, reversed, false);
    arithmetic[`F${name}${suffix}P`] = operate(operation, reversed, true);
  }
}

export const x87Instructions: Record<string, Slow> = {
  ...arithmetic,
  ...x87Comparisons,
  ...x87Stores,
  FCMOVB: conditional(2),
  FCMOVE: conditional(4),
  FCMOVBE: conditional(6),
  FCMOVU: conditional(10),
  FCMOVNB: conditional(3),
  FCMOVNE: conditional(5),
  FCMOVNBE: conditional(7),
  FCMOVNU: conditional(11),
  FLD: push,
  FILD: push,
  FFREEP: x87((u, _m, i) => {
    free(u, stackIndex(i, 0));
    u.signal(0);
    u.pop();
  }),
  FNENI: x87Control(() => undefined, false),
  FNDISI: x87Control(() => undefined, false),
  FNSETPM: x87Control(() => undefined, false),
  FBLD: x87((u, m, i) => {
    const memory = memoryOf(i);
    if (memory === undefined) return;
    const [view, at] = m.memory.readable(addressOf(m, memory), 10);
    u.push({ value: fromDecimal(new Uint8Array(view.buffer, view.byteOffset + at, 10)), flags: 0 });
  }),
  FXCH: exchange,
  FNOP: x87(() => undefined),
  FWAIT: x87Control(() => undefined, true),
  FCHS: changeSign(negate),
  FABS: changeSign((x) => ({ ...x, sign: 0 })),
  FFREE: x87((u, _m, i) => free(u, stackIndex(i, 0))),
  FDECSTP: rotate(-1),
  FINCSTP: rotate(1),
};
