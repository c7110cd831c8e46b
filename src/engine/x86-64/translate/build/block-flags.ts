// The status flags of a block: who set each of them, and who reads it.
import type { Flag, Shift, Width } from "../../../../isa/x86-64/emitter.js";
import {
  CF,
  conditionBit,
  conditionFlags,
  flagBit,
  flagNames,
  type FlagRecord,
  type Flags,
  type FlagSource,
  fromBit,
  fromRecord,
} from "../flags.js";
import { i32, isConstant, isZero, type Node, select } from "../node.js";
import type { BlockState } from "./block-state.js";

export class BlockFlags {
  readonly #state: BlockState;
  /** The instruction's latest addition or subtraction: what tells ADD from ADC. */
  #sum: { a: Node; b: Node; result: Node } | undefined;

  constructor(block: BlockState) {
    this.#state = block;
  }

  /** Another instruction begins. */
  begin(): void {
    this.#sum = undefined;
  }

  /** To be told of every addition and subtraction; gives its result. */
  summed(a: Node, b: Node, result: Node): Node {
    this.#sum = { a, b, result };
    return result;
  }

  /** Sets all; where the operation may turn out to do nothing, they are those of `before` then. */
  record(
    operation: FlagRecord["operation"],
    width: Width,
    a: Node,
    b: Node,
    result: Node,
    before?: Flags,
  ): void {
    const sum = this.#sum;
    const plain = sum !== undefined && sum.a === a && sum.b === b && sum.result === result;
    const record: FlagRecord = { operation, width, a, b, result, plain, before, bits: [] };
    const source = fromRecord(record);
    for (const kept of new Set(before)) kept.next.push(source);
    this.#state.setFlags(flagNames.map(() => source));
  }

  shift(shift: Shift, width: Width, a: Node, count: Node, result: Node): void {
    if (isZero(count)) return;
    this.record(shift, width, a, count, result, isConstant(count) ? undefined : this.#state.flags);
  }

  /** INC and DEC keep CF, wherever it comes from. */
  step(operation: "inc" | "dec", width: Width, result: Node): void {
    const record: FlagRecord = {
      operation,
      width,
      a: result,
      b: i32(0),
      result,
      plain: true,
      before: undefined,
      bits: [],
    };
    const source = fromRecord(record);
    this.#state.setFlags(this.#state.flags.map((kept, flag) => (flag === CF ? kept : source)));
  }

  set(flag: Flag, bit: Node, keep?: Node): void {
    const { flags } = this.#state;
    const index = flagNames.indexOf(flag);
    const before = flags[index];
    const isKept = keep !== undefined && before !== undefined;
    const set = fromBit(isKept ? select("i32", keep, flagBit(before, index), bit) : bit);
    if (isKept) before.next.push(set);
    this.#state.setFlags(flags.map((source, at) => (at === index ? set : source)));
  }

  setZPC(zf: Node, pf: Node, cf: Node): void {
    const zero = fromBit(i32(0));
    this.#state.setFlags([fromBit(cf), fromBit(pf), zero, fromBit(zf), zero, zero]);
  }

  #read(flag: number): FlagSource {
    const source = this.#state.flags[flag] ?? fromBit(i32(0));
    source.lastRead = this.#state.executed;
    return source;
  }

  bit(flag: Flag): Node {
    const index = flagNames.indexOf(flag);
    return flagBit(this.#read(index), index);
  }

  condition(code: number): Node {
    for (const flag of conditionFlags[code >> 1] ?? []) this.#read(flag);
    return conditionBit(this.#state.flags, code);
  }
}
