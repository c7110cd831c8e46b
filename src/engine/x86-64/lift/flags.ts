// Status flags under translation: kept as the operands of what set them, and turned into a bit or a comparison only
// where something reads them. Specification: Intel SDM volume 1, 3.4.3.1; the operations are those of state.ts.
import type { Width } from "../../../isa/x86-64/emitter.js";
import { op } from "../../../wasm/opcodes.js";
import { type FlagRecord, type Flags, type FlagWords, flagBit, fromBit } from "../../portable/ir/flags.js";
import { rflag } from "../cpu.js";
import { FlagsOperation } from "../state.js";
import { flagPositions } from "./registers.js";
import * as integer from "../../portable/ir/integer.js";
import {
  binary32,
  extendU,
  i32,
  i64,
  isConstant,
  type Node,
  node,
  pseudo,
  wrap,
} from "../../portable/ir/node.js";

export const [CF, PF, AF, ZF, SF, OF] = [0, 1, 2, 3, 4, 5] as const;

/** What set flags: an operation and its operands; a shift's count is `b`, that of inc and dec CF, which comes from elsewhere. */
export class StatusRecord implements FlagRecord {
  readonly bits: (Node | undefined)[] = [];
  readonly operation: keyof typeof FlagsOperation;
  readonly width: Width;
  readonly a: Node;
  readonly b: Node;
  readonly result: Node;
  /** The result is what the operation makes of `a` and `b`, without a carry: comparisons of them are those of the flags. */
  readonly plain: boolean;
  /** A shift by a count that may be 0: then the flags are these. */
  readonly before: Flags | undefined;

  constructor(
    operation: keyof typeof FlagsOperation,
    width: Width,
    a: Node,
    b: Node,
    result: Node,
    plain: boolean,
    before?: Flags,
  ) {
    this.operation = operation;
    this.width = width;
    this.a = a;
    this.b = b;
    this.result = result;
    this.plain = plain;
    this.before = before;
  }

  compute(flag: number): Node {
    return compute(this, flag);
  }
}

function compute(r: StatusRecord, flag: number): Node {
  const after = computeAfter(r, flag);
  const old = r.before?.[flag];
  if (old === undefined) return after;
  return node(op.select, "i32", after, flagBit(old, flag), r.b, 1);
}

function computeAfter(r: StatusRecord, flag: number): Node {
  const { width, result } = r;
  switch (flag) {
    case ZF:
      return integer.equal(width, result, zero(width));
    case SF:
      return integer.negative(width, result);
    case PF: {
      const low = binary32(op["i32.and"], width === 64 ? wrap(result) : result, i32(0xff));
      return integer.not(binary32(op["i32.and"], integer.popcnt(32, low), i32(1)));
    }
    case AF:
      return auxiliary(r);
    case CF:
      return carry(r);
    default:
      return overflow(r);
  }
}

const narrow = (width: Width, a: Node): Node => (width === 64 ? wrap(a) : a);

function auxiliary({ operation, width, a, b, result }: StatusRecord): Node {
  switch (operation) {
    case "add":
    case "sub": {
      const changed = binary32(
        op["i32.xor"],
        binary32(op["i32.xor"], narrow(width, a), narrow(width, b)),
        narrow(width, result),
      );
      return binary32(op["i32.and"], binary32(op["i32.shr_u"], changed, i32(4)), i32(1));
    }
    case "inc":
    case "dec": {
      const low = binary32(op["i32.and"], narrow(width, result), i32(15));
      return integer.equal(32, low, i32(operation === "inc" ? 0 : 15));
    }
    default:
      return i32(0);
  }
}

function carry(r: StatusRecord): Node {
  const { operation, width, a, b, result } = r;
  const combine = (name: "and" | "or" | "xor", x: Node, y: Node) => integer.binary(name, width, x, y);
  const inverted = (x: Node) => combine("xor", x, allOnes(width));
  switch (operation) {
    case "add":
      if (r.plain) return integer.less(false, width, result, a);
      return integer.negative(
        width,
        combine("or", combine("and", a, b), combine("and", combine("or", a, b), inverted(result))),
      );
    case "sub":
      if (r.plain) return integer.less(false, width, a, b);
      return integer.negative(
        width,
        combine("or", combine("and", inverted(a), b), combine("and", combine("or", inverted(a), b), result)),
      );
    case "inc":
    case "dec":
      return b;
    case "shl": {
      const shifted = integer.shr(width, a, binary32(op["i32.sub"], i32(width), b));
      return width >= 32 || !isConstant(b) || b.imm <= width
        ? binary32(op["i32.and"], narrow(width, shifted), i32(1))
        : i32(0);
    }
    case "shr":
    case "sar": {
      const count = binary32(op["i32.sub"], b, i32(1));
      const shifted = operation === "shr" ? integer.shr(width, a, count) : integer.sar(width, a, count);
      return binary32(op["i32.and"], narrow(width, shifted), i32(1));
    }
    default:
      return i32(0);
  }
}

function overflow(r: StatusRecord): Node {
  const { operation, width, a, b, result } = r;
  const combine = (name: "and" | "xor", x: Node, y: Node) => integer.binary(name, width, x, y);
  switch (operation) {
    case "add":
      return integer.negative(width, combine("and", combine("xor", a, result), combine("xor", b, result)));
    case "sub":
      return integer.negative(width, combine("and", combine("xor", a, b), combine("xor", a, result)));
    case "inc":
      return integer.equal(width, result, signBit(width));
    case "dec":
      return integer.equal(width, result, integer.binary("xor", width, signBit(width), allOnes(width)));
    case "shl":
      return binary32(op["i32.xor"], integer.negative(width, result), carry(r));
    case "shr":
      return integer.negative(width, a);
    default:
      return i32(0);
  }
}

const constant = (width: Width, low: number, high: number): Node =>
  width === 64
    ? node(pseudo.constant, "i64", undefined, undefined, undefined, 64, low | 0, high | 0)
    : i32(low);
const zero = (width: Width): Node => constant(width, 0, 0);
const allOnes = (width: Width): Node =>
  width === 8 ? i32(0xff) : width === 16 ? i32(0xffff) : constant(width, -1, -1);
const signBit = (width: Width): Node =>
  width === 64
    ? constant(64, 0, -0x80000000)
    : constant(width, width === 32 ? -0x80000000 : 1 << (width - 1), 0);

/** Condition 0 to 15 as a bit; comparisons where one operation set all the flags that it reads. */
export function conditionBit(flags: Flags, code: number): Node {
  const value = positive(flags, code >> 1);
  return (code & 1) === 0 ? value : integer.not(value);
}

function positive(flags: Flags, pair: number): Node {
  const bit = (flag: number) => flagBit(flags[flag] ?? fromBit(i32(0)), flag);
  const record = flags[ZF]?.record;
  const isOne = record instanceof StatusRecord && record.before === undefined && flags[SF]?.record === record;
  const whole = isOne && flags[CF]?.record === record && flags[OF]?.record === record ? record : undefined;
  if (whole !== undefined && whole.operation === "sub" && whole.plain) {
    const { width, a, b } = whole;
    if (pair === 1) return integer.less(false, width, a, b);
    if (pair === 2) return integer.equal(width, a, b);
    if (pair === 3) return integer.atMost(false, width, a, b);
    if (pair === 6) return integer.less(true, width, a, b);
    if (pair === 7) return integer.atMost(true, width, a, b);
  }
  if (whole !== undefined && whole.operation === "logic") {
    const { width, result } = whole;
    if (pair === 3) return bit(ZF);
    if (pair === 6) return bit(SF);
    if (pair === 7) return integer.atMost(true, width, result, zero(width));
  }
  const above = flags[CF]?.above;
  switch (pair) {
    case 0:
      return bit(OF);
    case 1:
      return bit(CF);
    case 2:
      return bit(ZF);
    case 3:
      if (above !== undefined && above === flags[ZF]?.above) return integer.not(above);
      return binary32(op["i32.or"], bit(CF), bit(ZF));
    case 4:
      return bit(SF);
    case 5:
      return bit(PF);
    case 6:
      return binary32(op["i32.xor"], bit(SF), bit(OF));
    default:
      return binary32(op["i32.or"], bit(ZF), binary32(op["i32.xor"], bit(SF), bit(OF)));
  }
}

const log2Bytes = { 8: 0, 16: 1, 32: 2, 64: 3 } as const;
const stored = {
  add: FlagsOperation.sum,
  sub: FlagsOperation.difference,
  logic: FlagsOperation.result,
  inc: FlagsOperation.incremented,
  dec: FlagsOperation.decremented,
  shl: FlagsOperation.shiftedLeft,
  shr: FlagsOperation.shiftedRight,
  sar: FlagsOperation.shiftedSigned,
} as const;

const wide = (value: Node): Node => (value.type === "i32" ? extendU(value) : value);
const nothing = i64(0);

/** What an operation that sets all flags stores for them. */
export function wordsOf(flags: Flags, { operation, width, a, b, result, plain }: StatusRecord): FlagWords {
  if (operation === "none" || !(operation in stored) || (!plain && operation !== "logic"))
    return packedWords(flags);
  const kind = i32(stored[operation as keyof typeof stored] * 4 + log2Bytes[width]);
  switch (operation) {
    case "logic":
      return [kind, wide(result), nothing];
    case "inc":
    case "dec":
      return [kind, wide(result), wide(b)];
    default:
      return [kind, wide(a), wide(b)];
  }
}

/** The words for flags of several origins. */
export const packedWords = (flags: Flags): FlagWords => [
  i32(FlagsOperation.bits * 4),
  wide(packed(flags)),
  nothing,
];

/** The six flags packed as in RFLAGS. */
export function packed(flags: Flags): Node {
  let word = i32(0);
  flagPositions.forEach((position, flag) => {
    const bit = flagBit(flags[flag] ?? fromBit(i32(0)), flag);
    word = binary32(op["i32.or"], binary32(op["i32.shl"], bit, i32(position)), word);
  });
  return word;
}

/** RFLAGS with DF as STD and CLD leave it. */
export function withDirection(rflags: Node, direction: "up" | "down"): Node {
  const others = integer.binary("and", 32, rflags, i32(~rflag.DF));
  return direction === "down" ? integer.binary("or", 32, others, i32(rflag.DF)) : others;
}
