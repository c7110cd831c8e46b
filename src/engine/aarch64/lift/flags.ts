// Condition flags under translation: kept as the operands of what set them, and turned into a bit or a comparison only where
// something reads them. Specification: Arm ARM (DDI 0487), J1 (AddWithCarry, ConditionHolds); the operations are those of state.ts.
import type { RegisterWidth } from "../../../isa/aarch64/emitter.js";
import { op } from "../../../wasm/opcodes.js";
import { type FlagRecord, type Flags, type FlagWords, flagBit, fromBit } from "../../portable/ir/flags.js";
import * as integer from "../../portable/ir/integer.js";
import { binary32, extendU, i32, i64, type Node } from "../../portable/ir/node.js";
import { FlagsOperation, WIDE } from "../state.js";
import { C, flagPositions, N, V, Z } from "./registers.js";

type Operation = "sum" | "difference" | "result";

/** What set all flags: a sum or difference and its operands, or a result by itself. */
export class ConditionRecord implements FlagRecord {
  readonly before = undefined;
  readonly bits: (Node | undefined)[] = [];
  readonly operation: Operation;
  readonly width: RegisterWidth;
  readonly a: Node;
  readonly b: Node;
  readonly result: Node;
  /** The result is that of `a` and `b` alone, without a carry. */
  readonly isPlain: boolean;

  constructor(operation: Operation, width: RegisterWidth, a: Node, b: Node, result: Node, isPlain: boolean) {
    this.operation = operation;
    this.width = width;
    this.a = a;
    this.b = b;
    this.result = result;
    this.isPlain = isPlain;
  }

  compute(flag: number): Node {
    if (flag === N) return integer.negative(this.width, this.result);
    if (flag === Z) return integer.equal(this.width, this.result, zero(this.width));
    if (this.operation === "result") return i32(0);
    return flag === C ? this.#carry() : this.#overflow();
  }

  #combine(name: "and" | "or" | "xor", x: Node, y: Node): Node {
    return integer.binary(name, this.width, x, y);
  }

  #carry(): Node {
    const { width, a, b, result } = this;
    if (this.operation === "difference") return integer.not(integer.less(false, width, a, b));
    if (this.isPlain) return integer.less(false, width, result, a);
    const both = this.#combine("and", a, b);
    const either = this.#combine("and", this.#combine("or", a, b), this.#combine("xor", result, ones(width)));
    return integer.negative(width, this.#combine("or", both, either));
  }

  #overflow(): Node {
    const { width, a, b, result } = this;
    const changed = this.#combine("xor", a, result);
    const other = this.operation === "sum" ? this.#combine("xor", b, result) : this.#combine("xor", a, b);
    return integer.negative(width, this.#combine("and", changed, other));
  }
}

const zero = (width: RegisterWidth): Node => (width === 64 ? i64(0) : i32(0));
const ones = (width: RegisterWidth): Node => (width === 64 ? i64(-1) : i32(-1));
const and = (a: Node, b: Node): Node => binary32(op["i32.and"], a, b);
const xor = (a: Node, b: Node): Node => binary32(op["i32.xor"], a, b);

/** Condition 0 to 15 as a bit; comparisons where one operation set all the flags. */
export function conditionBit(flags: Flags, code: number): Node {
  const value = positive(flags, code >> 1);
  return (code & 1) === 0 || code === 15 ? value : integer.not(value);
}

function positive(flags: Flags, pair: number): Node {
  const bit = (flag: number) => flagBit(flags[flag] ?? fromBit(i32(0)), flag);
  const record = flags[Z]?.record;
  const isWhole = record instanceof ConditionRecord && flags.every((source) => source.record === record);
  const found = isWhole ? comparison(record, pair) : undefined;
  if (found !== undefined) return found;
  const isSame = () => integer.not(xor(bit(N), bit(V)));
  switch (pair) {
    case 0:
      return bit(Z);
    case 1:
      return bit(C);
    case 2:
      return bit(N);
    case 3:
      return bit(V);
    case 4:
      return and(bit(C), integer.not(bit(Z)));
    case 5:
      return isSame();
    case 6:
      return and(integer.not(bit(Z)), isSame());
    default:
      return i32(1);
  }
}

/** A condition as a comparison of what set the flags, where it is one: EQ, CS, HI, GE, GT. */
function comparison({ operation, width, a, b, result }: ConditionRecord, pair: number): Node | undefined {
  const [EQ, CS, HI, GE, GT] = [0, 1, 4, 5, 6];
  if (operation === "difference") {
    if (pair === EQ) return integer.equal(width, a, b);
    if (pair === CS) return integer.not(integer.less(false, width, a, b));
    if (pair === HI) return integer.not(integer.atMost(false, width, a, b));
    if (pair === GE) return integer.not(integer.less(true, width, a, b));
    if (pair === GT) return integer.not(integer.atMost(true, width, a, b));
  }
  if (operation === "result") {
    if (pair === GE) return integer.not(integer.negative(width, result));
    if (pair === GT) return integer.not(integer.atMost(true, width, result, zero(width)));
  }
  return undefined;
}

const wide = (value: Node): Node => (value.type === "i32" ? extendU(value) : value);

/** What the state area is given for flags that one operation set. */
export function wordsOf(flags: Flags, record: ConditionRecord): FlagWords {
  const { operation, width, a, b, result, isPlain } = record;
  if (!isPlain) return packedWords(flags);
  const kind = i32(FlagsOperation[operation] | (width === 64 ? WIDE : 0));
  return operation === "result" ? [kind, wide(result), i64(0)] : [kind, wide(a), wide(b)];
}

/** The words for flags of several origins. */
export function packedWords(flags: Flags): FlagWords {
  let word = i32(0);
  flagPositions.forEach((position, flag) => {
    const bit = flagBit(flags[flag] ?? fromBit(i32(0)), flag);
    word = binary32(op["i32.or"], binary32(op["i32.shl"], bit, i32(position)), word);
  });
  return [i32(FlagsOperation.bits), wide(word), i64(0)];
}
