// The status flags in handlers: stored as the state area keeps them, an operation and its operands, and read from there;
// where it is known what set them last, in the block or the handler itself, a condition is a comparison.
import { type Flag, flagBits, type Shift, type Width, STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import { op } from "../../../wasm/opcodes.js";
import { FlagsOperation, state } from "../state.js";
import { flagBit, fromRecord } from "../../portable/ir/flags.js";
import { conditionBit, StatusRecord } from "../lift/flags.js";
import { flagNames } from "../lift/registers.js";
import { not } from "../../portable/ir/integer.js";
import { binary32, i32, isConstant, isZero, type Node, select } from "../../portable/ir/node.js";
import type { Statements } from "./statements.js";

/**
 * What set the flags last, as text that forms include: an operation with its width and whether no carry went in, or
 * `none` where they are in RFLAGS. Undefined where it is not known.
 */
export type Known = string | undefined;

/** Conditions of CF alone and of ZF alone, as halves of their numbers. */
const [CARRY_PAIR, ZERO_PAIR] = [1, 2];
export const widthLog = (width: Width): number => 31 - Math.clz32(width / 8);
/** What flagsOperation holds for an operation of a width. */
export const packedOperation = (operation: StatusRecord["operation"], width: Width): number =>
  FlagsOperation[operation] * 4 + widthLog(width);

/** The operands in the state area of an operation known to have set the flags. */
export function storedRecord(
  statements: Statements,
  operation: StatusRecord["operation"],
  width: Width,
  plain: boolean,
): StatusRecord {
  const load = (offset: number) =>
    width === 64
      ? statements.load(op["i64.load"], "i64", i32(0), offset)
      : statements.load(op["i32.load"], "i32", i32(0), offset);
  const a = load(state.flagsA);
  // A count, or the carry that INC and DEC keep: narrower than the operands.
  const isNarrow = operation !== "add" && operation !== "sub" && operation !== "logic";
  const b = isNarrow ? statements.load(op["i32.load"], "i32", i32(0), state.flagsB) : load(state.flagsB);
  return new StatusRecord(operation, width, a, b, load(state.flagsResult), plain);
}

export class FlagState {
  /** Whether a flag was read that nothing in the handler had set. */
  readsBefore = false;
  readonly #statements: Statements;
  #known: Known;
  #record: StatusRecord | undefined;
  /** The record is not stored yet. */
  #isPending = false;
  #isChanged = false;
  /** The latest flag may have kept what it was: then the interpreter leaves all as they are stored. */
  #isKept = false;
  #sum: { readonly a: Node; readonly b: Node; readonly result: Node } | undefined;

  constructor(statements: Statements, known: Known) {
    this.#statements = statements;
    this.#known = known;
  }

  /** What is known after the handler, or after the interpreter has done the same. */
  get known(): Known {
    return this.#isKept ? undefined : this.#known;
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** To be told of every addition and subtraction: it tells ADD from ADC. */
  summed(a: Node, b: Node, result: Node): Node {
    this.#sum = { a, b, result };
    return result;
  }

  begin(): void {
    this.#sum = undefined;
  }

  set(operation: StatusRecord["operation"], width: Width, a: Node, b: Node, result: Node): void {
    const sum = this.#sum;
    const plain = sum !== undefined && sum.a === a && sum.b === b && sum.result === result;
    this.#record = new StatusRecord(operation, width, a, b, result, plain);
    this.#known = `${operation} ${width} ${plain ? "plain" : ""}`;
    this.#isPending = true;
    this.#isChanged = true;
    this.#isKept = false;
  }

  /** INC and DEC keep CF. */
  step(operation: "inc" | "dec", width: Width, result: Node): void {
    this.set(operation, width, result, this.bit("CF"), result);
  }

  shift(shift: Shift, width: Width, a: Node, count: Node, result: Node): void {
    if (isZero(count)) return;
    if (isConstant(count)) return this.set(shift, width, a, count, result);
    this.store();
    this.#statements.guard(count, () => this.#put(shift, width, a, count, result));
    this.#record = undefined;
    this.#known = undefined;
    this.#isChanged = true;
  }

  #put(operation: StatusRecord["operation"], width: Width, a: Node, b: Node, result: Node): void {
    const put = (offset: number, value: Node) =>
      this.#statements.store(op[`${value.type as "i32" | "i64"}.store`], i32(0), offset, value);
    put(state.flagsOperation, i32(packedOperation(operation, width)));
    // The result serves as all operands of the logic operations: only it is looked at.
    if (operation !== "logic" && operation !== "inc" && operation !== "dec") put(state.flagsA, a);
    if (operation !== "logic") put(state.flagsB, b);
    put(state.flagsResult, result);
  }

  /** Stores what is pending: before the handler may leave, and at its end. */
  store(): void {
    if (!this.#isPending || this.#record === undefined) return;
    this.#isPending = false;
    const { operation, width, a, b, result } = this.#record;
    this.#put(operation, width, a, b, result);
  }

  /** What set all the flags, or undefined where they are only to be had as a word. */
  #source(): StatusRecord | undefined {
    if (this.#record !== undefined) return this.#record;
    if (!this.#isChanged) this.readsBefore = true;
    if (this.#known === undefined || this.#known === "none") return undefined;
    const [operation = "", width, plain] = this.#known.split(" ");
    this.#record = storedRecord(
      this.#statements,
      operation as StatusRecord["operation"],
      Number(width) as Width,
      plain === "plain",
    );
    return this.#record;
  }

  /** RFLAGS with the status flags as they are. */
  #word(): Node {
    if (!this.#isChanged) this.readsBefore = true;
    this.store();
    return this.#known === "none"
      ? this.#statements.load(op["i32.load"], "i32", i32(0), state.rflags)
      : this.#statements.call("status");
  }

  bit(flag: Flag): Node {
    const source = this.#source();
    if (source !== undefined) return flagBit(fromRecord(source), flagNames.indexOf(flag));
    if (this.#known !== "none" && (flag === "CF" || flag === "ZF")) {
      return this.#statements.call(flag === "CF" ? "carry" : "zero");
    }
    return binary32(op["i32.and"], binary32(op["i32.shr_u"], this.#word(), i32(flagBits[flag])), i32(1));
  }

  condition(code: number): Node {
    const source = this.#source();
    if (source === undefined) {
      const pair = code >> 1;
      if (pair !== CARRY_PAIR && pair !== ZERO_PAIR) return this.#statements.call("condition", code);
      const bit = this.bit(pair === CARRY_PAIR ? "CF" : "ZF");
      return (code & 1) === 0 ? bit : not(bit);
    }
    const from = fromRecord(source);
    return conditionBit(
      flagNames.map(() => from),
      code,
    );
  }

  setBit(flag: Flag, bit: Node, keep?: Node): void {
    const before = this.#word();
    const at = flagBits[flag];
    const cleared = binary32(op["i32.and"], before, i32(~(1 << at)));
    const set = binary32(op["i32.or"], cleared, binary32(op["i32.shl"], bit, i32(at)));
    this.#setWord(keep === undefined ? set : select("i32", keep, before, set));
    this.#isKept = keep !== undefined;
  }

  setZPC(zf: Node, pf: Node, cf: Node): void {
    const word = this.#statements.load(op["i32.load"], "i32", i32(0), state.rflags);
    const place = (bit: Node, at: number) => binary32(op["i32.shl"], bit, i32(at));
    const or = (a: Node, b: Node) => binary32(op["i32.or"], a, b);
    const bits = or(or(place(zf, flagBits.ZF), place(pf, flagBits.PF)), cf);
    this.#setWord(or(binary32(op["i32.and"], word, i32(~STATUS_FLAGS)), bits));
  }

  #setWord(word: Node): void {
    this.#statements.store(op["i32.store"], i32(0), state.rflags, word);
    this.#statements.store(op["i32.store"], i32(0), state.flagsOperation, i32(FlagsOperation.none));
    this.#record = undefined;
    this.#isPending = false;
    this.#known = "none";
    this.#isChanged = true;
    this.#isKept = false;
  }
}
