// x87 instructions that compare ST(0) or tell its class. Specification: Intel SDM volume 2.
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import type { Slow } from "../machine.js";
import {
  compare,
  type F80,
  flag,
  isDenormal,
  isInfinity,
  isNan,
  isSignaling,
  isUnsupported,
  isZero,
  zero,
} from "./f80.js";
import { load, memoryOf, stackIndex, x87 } from "./instruction.js";
import { condition, type Unit } from "./unit.js";

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

export const x87Comparisons: Record<string, Slow> = {
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
  FXAM: examine,
};
