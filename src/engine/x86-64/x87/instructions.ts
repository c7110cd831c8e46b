// x87 instructions: loads, stores, arithmetic, comparisons. Specification: Intel SDM volume 2; exact but for the
// transcendental functions (functions.ts), which are computed in double.
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import type { Instruction, MemoryOperand } from "../../../isa/x86-64/instruction.js";
import { addressOf, type Machine, type Slow } from "../machine.js";
import {
  add,
  compare,
  divide,
  type F80,
  flag,
  indefinite,
  isDenormal,
  isInfinity,
  isNan,
  isSignaling,
  isUnsupported,
  isZero,
  multiply,
  negate,
  signaling,
  type Rounded,
  type Rounding,
  subtract,
  toInteger,
  zero,
} from "./f80.js";
import { from80, fromDecimal, fromFloat, fromInteger, to80, toDecimal, toFloat } from "./formats.js";
import { condition, Unit } from "./unit.js";

type Operation = (a: F80, b: F80, rounding: Rounding) => Rounded;

const units = new WeakMap<Machine, Unit>();
export function unitOf(m: Machine): Unit {
  let unit = units.get(m);
  if (unit === undefined) units.set(m, (unit = new Unit(m.cpu)));
  return unit;
}

type Run = (u: Unit, m: Machine, i: Instruction) => void;

/** What handlers of exceptions look for: where it was, and what it was about. */
export const x87 =
  (run: Run): Slow =>
  (m, i) => {
    const unit = unitOf(m);
    unit.check(true);
    run(unit, m, i);
    unit.pointer = BigInt.asUintN(64, BigInt(i.pc));
    if (unit.isPending) blame(unit, m, i);
  };

/** Control instructions leave the pointers alone; those whose names begin with FN do not wait for pending exceptions. */
export const x87Control =
  (run: Run, waits: boolean): Slow =>
  (m, i) => {
    const unit = unitOf(m);
    unit.check(waits);
    run(unit, m, i);
  };

/** The opcode's low three bits and ModRM, and the operand's address. */
function blame(u: Unit, m: Machine, i: Instruction): void {
  const memory = memoryOf(i);
  if (memory !== undefined) u.operand = BigInt.asUintN(64, BigInt(addressOf(m, memory)));
  let at = i.pc;
  const byte = () => m.mmu.peek(at) ?? 0;
  while (at < i.next && (byte() & 0xf8) !== 0xd8) at++;
  const first = byte() & 7;
  at++;
  u.opcode = (first << 8) | byte();
}

const memoryOf = (i: Instruction): MemoryOperand | undefined => {
  const [o] = i.operands;
  return o?.kind === "memory" ? o : undefined;
};

const stackIndex = (i: Instruction, position: number): number => {
  const o = i.operands[position];
  return o?.kind === "st" ? o.index : 0;
};

const isInteger = (i: Instruction) => /int/.test(i.row.operands);

/** The memory operand as the instruction means it: integer, single, double or extended. */
function load(m: Machine, i: Instruction, o: MemoryOperand): Rounded {
  const at = addressOf(m, o);
  if (o.width === 80) {
    const [view, place] = m.memory.readable(at, 10);
    const upper = BigInt(view.getUint16(place + 8, true));
    return { value: from80((upper << 64n) | view.getBigUint64(place, true)), flags: 0 };
  }
  const bits = m.memory.read(at, o.width / 8);
  if (isInteger(i)) return { value: fromInteger(BigInt.asIntN(o.width, bits)), flags: 0 };
  return fromFloat(bits, o.width === 32 ? 32 : 64);
}

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

const codes = { "-1": condition.C0, "0": condition.C3, "1": 0 } as const;
const unordered = condition.C0 | condition.C2 | condition.C3;

/** Compares ST(0); `quietly` lets quiet NaNs pass without an exception. */
function comparison(a: F80, b: F80, quietly: boolean): { code: number; flags: number } {
  const order = compare(a, b);
  const bad = [a, b].some((x) => isUnsupported(x) || isSignaling(x) || (!quietly && isNan(x)));
  if (order === undefined) return { code: unordered, flags: bad ? flag.IE : 0 };
  return { code: codes[`${order}`], flags: isDenormal(a) || isDenormal(b) ? flag.DE : 0 };
}

const setCode = (u: Unit, code: number): void => {
  u.status = (u.status & ~(unordered | condition.C1)) | code;
};

/** FCOM, FUCOM, FICOM, FTST and those that pop. */
function compareToCode(quietly: boolean, pops: number, operand?: (u: Unit) => F80): Slow {
  return x87((u, m, i) => {
    const memory = memoryOf(i);
    const index = i.operands.length === 0 ? 1 : stackIndex(i, i.operands.length - 1);
    const loaded = memory === undefined ? undefined : load(m, i, memory);
    const indices = memory === undefined && operand === undefined ? [0, index] : [0];
    if (u.underflows(...indices)) {
      setCode(u, unordered);
      if (!u.allows(flag.IE)) return;
    } else {
      const other = operand?.(u) ?? loaded?.value ?? u.get(index);
      const { code, flags } = comparison(u.get(0), other, quietly);
      const invalid = (loaded?.flags ?? 0) & flag.IE;
      // A NaN takes precedence over a denormal.
      const denormal = (flags | invalid) & flag.IE || code === unordered ? 0 : (loaded?.flags ?? 0) & flag.DE;
      u.signal(flags | invalid | denormal);
      setCode(u, code);
      if (!u.allows(flags | invalid | denormal)) return;
    }
    for (let n = 0; n < pops; n++) u.pop();
  });
}

/** FCOMI and its kin: the order goes to ZF, PF and CF, and C1 stays. */
function compareToFlags(quietly: boolean, pops: boolean): Slow {
  return x87((u, m, i) => {
    const index = stackIndex(i, 1);
    let code: number = unordered;
    let flags = 0;
    if (u.underflows(0, index)) flags = flag.IE;
    else {
      ({ code, flags } = comparison(u.get(0), u.get(index), quietly));
      u.status |= flags;
    }
    if (!u.allows(flags)) return;
    const bits =
      (code & condition.C0 ? 1 : 0) | (code & condition.C2 ? 4 : 0) | (code & condition.C3 ? 0x40 : 0);
    m.cpu.setStatus(STATUS_FLAGS, bits);
    if (pops) u.pop();
  });
}

function storeBytes(m: Machine, o: MemoryOperand, bits: bigint): void {
  m.memory.writeBytes(addressOf(m, o), o.width / 8, (view, at) => {
    for (let n = 0; n < o.width / 8; n++) view.setUint8(at + n, Number((bits >> BigInt(8 * n)) & 0xffn));
  });
}

const store = (pops: boolean): Slow =>
  x87((u, m, i) => {
    const memory = memoryOf(i);
    const empty = u.isEmpty(0);
    const value = empty ? indefinite : u.get(0);
    if (memory === undefined) {
      if (empty) {
        u.signal(flag.IE | flag.SF);
        if (!u.allows(flag.IE)) return;
      } else u.signal(0);
      u.set(stackIndex(i, 0), value);
    } else {
      const isWide = memory.width === 80;
      const float = isWide
        ? { bits: to80(value), flags: 0 }
        : toFloat(value, memory.width === 32 ? 32 : 64, u.rounding.mode);
      const flags = empty ? flag.IE | flag.SF : float.flags;
      if (u.allows(flags)) storeBytes(m, memory, float.bits);
      u.signal(flags);
      if (!u.allows(flags)) return;
    }
    if (pops) u.pop();
  });

const free = (u: Unit, index: number): void => {
  u.used &= ~(1 << ((u.top + index) & 7));
};

/** FSTP that passes over an empty register. */
const storeQuietly = x87((u, _m, i) => {
  u.signal(0);
  if (!u.isEmpty(0)) u.set(stackIndex(i, 0), u.get(0));
  u.pop();
});

/** FIST, FISTP, FISTTP: what does not fit is the smallest integer. */
const storeInteger = (pops: boolean, truncates: boolean): Slow =>
  x87((u, m, i) => {
    const memory = memoryOf(i);
    if (memory === undefined) return;
    const { width } = memory;
    const empty = u.isEmpty(0);
    const whole = empty ? undefined : toInteger(u.get(0), truncates ? 3 : u.rounding.mode);
    const fits = whole !== undefined && BigInt.asIntN(width, whole.value) === whole.value;
    const flags = empty ? flag.IE | flag.SF : fits ? whole.flags : flag.IE;
    const value = fits ? whole.value : -(1n << BigInt(width - 1));
    if (u.allows(flags)) storeBytes(m, memory, BigInt.asUintN(width, value));
    u.signal(flags);
    if (pops && u.allows(flags)) u.pop();
  });

const storeDecimal = x87((u, m, i) => {
  const memory = memoryOf(i);
  if (memory === undefined) return;
  const empty = u.isEmpty(0);
  const value = empty ? indefinite : u.get(0);
  const whole = empty ? undefined : toInteger(value, u.rounding.mode);
  const bytes = toDecimal(whole?.value, value.sign);
  const fits = whole !== undefined && whole.value < 10n ** 18n && whole.value > -(10n ** 18n);
  const flags = empty ? flag.IE | flag.SF : fits ? whole.flags : flag.IE;
  const bits = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  if (u.allows(flags)) storeBytes(m, memory, bits);
  u.signal(flags);
  if (u.allows(flags)) u.pop();
});

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

/** FXAM: the class of ST(0) in C3, C2 and C0, its sign in C1. */
const examine = x87((u) => {
  const x = u.get(0);
  const { C0, C1, C2, C3 } = condition;
  let code: number;
  if (u.isEmpty(0)) code = C3 | C0;
  else if (isUnsupported(x)) code = 0;
  else if (isNan(x)) code = C0;
  else if (isInfinity(x)) code = C2 | C0;
  else if (isZero(x)) code = C3;
  else code = isDenormal(x) ? C3 | C2 : C2;
  setCode(u, code | (x.sign === 1 ? C1 : 0));
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
  FCOM: compareToCode(false, 0),
  FCOMP: compareToCode(false, 1),
  FCOMPP: compareToCode(false, 2),
  FICOM: compareToCode(false, 0),
  FICOMP: compareToCode(false, 1),
  FUCOM: compareToCode(true, 0),
  FUCOMP: compareToCode(true, 1),
  FUCOMPP: compareToCode(true, 2),
  FTST: compareToCode(false, 0, () => zero(0)),
  FCOMI: compareToFlags(false, false),
  FCOMIP: compareToFlags(false, true),
  FUCOMI: compareToFlags(true, false),
  FUCOMIP: compareToFlags(true, true),
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
  FST: store(false),
  FSTP: store(true),
  FSTPNCE: storeQuietly,
  FFREEP: x87((u, _m, i) => {
    free(u, stackIndex(i, 0));
    u.signal(0);
    u.pop();
  }),
  FNENI: x87Control(() => undefined, false),
  FNDISI: x87Control(() => undefined, false),
  FNSETPM: x87Control(() => undefined, false),
  FIST: storeInteger(false, false),
  FISTP: storeInteger(true, false),
  FISTTP: storeInteger(true, true),
  FBLD: x87((u, m, i) => {
    const memory = memoryOf(i);
    if (memory === undefined) return;
    const [view, at] = m.memory.readable(addressOf(m, memory), 10);
    u.push({ value: fromDecimal(new Uint8Array(view.buffer, view.byteOffset + at, 10)), flags: 0 });
  }),
  FBSTP: storeDecimal,
  FXCH: exchange,
  FNOP: x87(() => undefined),
  FWAIT: x87Control(() => undefined, true),
  FCHS: changeSign(negate),
  FABS: changeSign((x) => ({ ...x, sign: 0 })),
  FXAM: examine,
  FFREE: x87((u, _m, i) => free(u, stackIndex(i, 0))),
  FDECSTP: rotate(-1),
  FINCSTP: rotate(1),
};
