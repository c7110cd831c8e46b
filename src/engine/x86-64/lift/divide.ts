// Division: the frequent cases in WebAssembly's own instructions, the rest (and every #DE) left to the slow door.
// Specification: Intel SDM volume 2, DIV and IDIV.
import type { Width } from "../../../isa/emitter.js";
import { op } from "../../../wasm/opcodes.js";
import * as integer from "../../portable/ir/integer.js";
import {
  binary32,
  binary64,
  extendS,
  extendU,
  i32,
  i64,
  isConstant,
  isZero,
  type Node,
  node,
  wrap,
} from "../../portable/ir/node.js";

interface Division {
  /** Not 0 where the interpreter must do it; evaluated before the others, which may trap otherwise. */
  readonly slow: Node;
  readonly quotient: Node;
  readonly remainder: Node;
}

const or = (a: Node, b: Node) => (isZero(b) ? a : binary32(op["i32.or"], a, b));
const and = (a: Node, b: Node) => binary32(op["i32.and"], a, b);

export function divide(signed: boolean, width: Width, high: Node, low: Node, divisor: Node): Division {
  if (width === 64) return signed ? signedWide(high, low, divisor) : unsignedWide(high, low, divisor);
  if (width === 32) return signed ? signedWord(high, low, divisor) : unsignedWord(high, low, divisor);
  return narrow(signed, width, high, low, divisor);
}

function unsignedWide(high: Node, low: Node, divisor: Node): Division {
  const byZero = integer.equal(64, divisor, i64(0));
  return {
    slow: or(byZero, integer.not(integer.equal(64, high, i64(0)))),
    quotient: binary64(op["i64.div_u"], low, divisor),
    remainder: binary64(op["i64.rem_u"], low, divisor),
  };
}

/** Zero, or the one quotient of a dividend of one word that does not fit. */
function overflows(width: 32 | 64, low: Node, divisor: Node): Node {
  const [smallest, minusOne] = width === 64 ? [i64(0, -0x80000000), i64(-1)] : [i32(-0x80000000), i32(-1)];
  const isOver = and(integer.equal(width, low, smallest), integer.equal(width, divisor, minusOne));
  return or(integer.equal(width, divisor, width === 64 ? i64(0) : i32(0)), isOver);
}

function signedWide(high: Node, low: Node, divisor: Node): Division {
  const fits = isSignOf(high, low, 63) ? i32(1) : integer.equal(64, high, integer.sar(64, low, i32(63)));
  return {
    slow: or(overflows(64, low, divisor), integer.not(fits)),
    quotient: binary64(op["i64.div_s"], low, divisor),
    remainder: binary64(op["i64.rem_s"], low, divisor),
  };
}

function isSignOf(high: Node, low: Node, shift: number): boolean {
  const isShift = high.op === op["i32.shr_s"] || high.op === op["i64.shr_s"];
  return isShift && high.a === low && high.b !== undefined && isConstant(high.b) && high.b.imm === shift;
}

function unsignedWord(high: Node, low: Node, divisor: Node): Division {
  if (isZero(high)) {
    return {
      slow: integer.equal(32, divisor, i32(0)),
      quotient: binary32(op["i32.div_u"], low, divisor),
      remainder: binary32(op["i32.rem_u"], low, divisor),
    };
  }
  const dividend = wide(high, low);
  return {
    slow: integer.not(integer.less(false, 32, high, divisor)),
    quotient: wrap(binary64(op["i64.div_u"], dividend, extendU(divisor))),
    remainder: wrap(binary64(op["i64.rem_u"], dividend, extendU(divisor))),
  };
}

const wide = (high: Node, low: Node) =>
  binary64(op["i64.or"], binary64(op["i64.shl"], extendU(high), i64(32)), extendU(low));

function signedWord(high: Node, low: Node, divisor: Node): Division {
  if (isSignOf(high, low, 31)) {
    return {
      slow: overflows(32, low, divisor),
      quotient: binary32(op["i32.div_s"], low, divisor),
      remainder: binary32(op["i32.rem_s"], low, divisor),
    };
  }
  // Dividing by 0 or -1 is left to the interpreter; 1 stands in so that nothing traps before it is asked.
  const isRare = or(integer.equal(32, divisor, i32(0)), integer.equal(32, divisor, i32(-1)));
  const safe = extendS(node(op.select, "i32", i32(1), divisor, isRare));
  const dividend = wide(high, low);
  const quotient = binary64(op["i64.div_s"], dividend, safe);
  return {
    slow: or(isRare, integer.not(integer.equal(64, quotient, extendS(wrap(quotient))))),
    quotient: wrap(quotient),
    remainder: wrap(binary64(op["i64.rem_s"], dividend, safe)),
  };
}

function narrow(signed: boolean, width: Width, high: Node, low: Node, divisor: Node): Division {
  const extend = signed ? integer.signExtended : integer.zeroExtended;
  const dividend = binary32(
    op["i32.or"],
    binary32(op["i32.shl"], extend(width, high), i32(width)),
    integer.zeroExtended(width, low),
  );
  const by = extend(width, divisor);
  const isZeroDivisor = integer.equal(32, by, i32(0));
  const isRare = signed ? or(isZeroDivisor, integer.equal(32, by, i32(-1))) : isZeroDivisor;
  const safe = node(op.select, "i32", i32(1), by, isRare);
  const quotient = binary32(op[signed ? "i32.div_s" : "i32.div_u"], dividend, safe);
  return {
    slow: or(isRare, integer.not(integer.equal(32, quotient, extend(width, quotient)))),
    quotient,
    remainder: binary32(op[signed ? "i32.rem_s" : "i32.rem_u"], dividend, safe),
  };
}
