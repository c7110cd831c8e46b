// The status flags of a block: who set each of them, and who reads it.
import type { Flag, Shift, Width } from "../../../isa/x86-64/emitter.js";
import { flagBit, type Flags, type FlagWords, fromBit, fromRecord } from "../../portable/ir/flags.js";
import { i32, isConstant, isZero, type Node, select } from "../../portable/ir/node.js";
import type { BlockState } from "../../portable/lift/block-state.js";
import { CF, conditionBit, packedWords, StatusRecord, wordsOf } from "./flags.js";
import { flagNames } from "./registers.js";

export class BlockFlags {
  readonly #state: BlockState;
  /** The instruction's latest sum, difference or shift: what tells ADD from ADC, and SHL from SHLD. */
  #sum: { a: Node; b: Node; result: Node } | undefined;

  constructor(block: BlockState) {
    this.#state = block;
  }

  /** Another instruction begins. */
  begin(): void {
    this.#sum = undefined;
  }

  /** To be told of every addition, subtraction and shift; gives its result. */
  summed(a: Node, b: Node, result: Node): Node {
    this.#sum = { a, b, result };
    return result;
  }

  /** Sets all; where the operation may turn out to do nothing, they are those of `before` then. */
  record(
    operation: StatusRecord["operation"],
    width: Width,
    a: Node,
    b: Node,
    result: Node,
    before?: Flags,
  ): void {
    const sum = this.#sum;
    const plain = sum !== undefined && sum.a === a && sum.b === b && sum.result === result;
    const record = new StatusRecord(operation, width, a, b, result, plain, before);
    const source = fromRecord(record);
    const flags = flagNames.map(() => source);
    const words = wordsOf(flags, record);
    if (before !== undefined) this.#state.flagsAreRead();
    this.#state.setFlags(flags, before === undefined ? words : this.#unlessZero(b, words));
  }

  /** The words where a count is not 0, else those that there are. */
  #unlessZero(count: Node, [operation, a, b]: FlagWords): FlagWords {
    const state = this.#state;
    return [
      select("i32", count, operation, state.get(state.file.flagsOperation)),
      select("i64", count, a, state.get(state.file.flagsA)),
      select("i64", count, b, state.get(state.file.flagsB)),
    ];
  }

  shift(shift: Shift, width: Width, a: Node, count: Node, result: Node): void {
    if (isZero(count)) return;
    this.record(shift, width, a, count, result, isConstant(count) ? undefined : this.#state.flags);
  }

  /** INC and DEC keep CF, wherever it comes from. */
  step(operation: "inc" | "dec", width: Width, result: Node): void {
    const { flags } = this.#state;
    const carry = flagBit(flags[CF] ?? fromBit(i32(0)), CF);
    const record = new StatusRecord(operation, width, result, carry, result, true);
    const source = fromRecord(record);
    const stepped = flags.map((kept, flag) => (flag === CF ? kept : source));
    this.#state.setFlags(stepped, wordsOf(stepped, record));
  }

  set(flag: Flag, bit: Node, keep?: Node): void {
    const { flags } = this.#state;
    const index = flagNames.indexOf(flag);
    const before = flags[index];
    const isKept = keep !== undefined && before !== undefined;
    const set = fromBit(isKept ? select("i32", keep, flagBit(before, index), bit) : bit);
    const changed = flags.map((source, at) => (at === index ? set : source));
    this.#state.setFlags(changed, packedWords(changed));
  }

  setZPC(zf: Node, pf: Node, cf: Node, above?: Node): void {
    const zero = fromBit(i32(0));
    const flags = [fromBit(cf, above), fromBit(pf), zero, fromBit(zf, above), zero, zero];
    this.#state.setFlags(flags, packedWords(flags));
  }

  bit(flag: Flag): Node {
    this.#state.flagsAreRead();
    const index = flagNames.indexOf(flag);
    return flagBit(this.#state.flags[index] ?? fromBit(i32(0)), index);
  }

  condition(code: number): Node {
    this.#state.flagsAreRead();
    return conditionBit(this.#state.flags, code);
  }
}
