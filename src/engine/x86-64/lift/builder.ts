// Runs instructions' semantics and collects what they do as a block: the Emitter whose values are nodes.
import type { Emitter, Flag, Shift, ValueType, Width } from "../../../isa/x86-64/emitter.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { FloatOperation, VectorOperation } from "../../../isa/x86-64/operation.js";
import { op } from "../../../wasm/opcodes.js";
import type { MemoryShape } from "../../portable/ir/access.js";
import type { Block, Terminator } from "../../portable/ir/block.js";
import * as integer from "../../portable/ir/integer.js";
import type { LowType } from "../../portable/ir/lanes.js";
import type { FoundTable } from "./jump-table.js";
import { constantOf, i32, i64FromNumber, isZero, type Node, node, wrap } from "../../portable/ir/node.js";
import { slots } from "../../portable/ir/slots.js";
import { stringCode } from "./strings.js";
import { BlockFlags } from "./block-flags.js";
import { BlockState } from "../../portable/lift/block-state.js";
import { divide } from "../../portable/lift/divide.js";
import { BlockMemory, isIndirect, type KnownLoad } from "../../portable/lift/memory.js";
import { Operations } from "../../portable/lift/operations.js";
import { Vectors } from "../../portable/lift/vectors.js";
import { BlockExact } from "./exact.js";
import { x87Form } from "./x87.js";
import { BlockX87 } from "./x87-block.js";

/** What a block's translation is told about its unit. */
export interface UnitContext {
  readonly shape: MemoryShape;
  /** See `Code`. */
  readonly exact: boolean;
}

/** What is known of the way to a block besides its code. */
interface Way {
  readonly known?: KnownLoad | undefined;
  /** Where the function returns to, being built in at a call. */
  readonly returnsTo?: number | undefined;
}

/** Slow instructions that the interpreter executes several of at once: a block ends behind the last. */
export const isChained = (i: Instruction): boolean => {
  const { traits } = i.row;
  return isSlow(i) && traits.feature === "X87" && traits.flow === undefined;
};

/** Whether translated code leaves an instruction to the interpreter. */
export const isSlow = (i: Instruction): boolean => i.row.traits.run === undefined && x87Form(i) === undefined;

/** Builds one block; `instruction` is called for each, then `finish`. */
export class BlockBuilder extends Operations implements Emitter<Node> {
  readonly #returnsTo: number | undefined;
  readonly #state: BlockState;
  readonly #vectors: Vectors;
  readonly #memory: BlockMemory;
  readonly #flags: BlockFlags;
  readonly #x87: BlockX87;
  readonly #exact: BlockExact | undefined;
  #end: Terminator | undefined;

  constructor(pc: number, context: UnitContext, { known, returnsTo }: Way) {
    super();
    this.#returnsTo = returnsTo;
    this.#state = new BlockState(pc);
    this.#vectors = new Vectors(this.#state);
    this.#memory = new BlockMemory(this.#state, context.shape, known);
    this.#flags = new BlockFlags(this.#state);
    this.#x87 = new BlockX87(this, this.#state, this.#memory);
    this.#exact = context.exact ? new BlockExact(this, this.#state) : undefined;
    if (known !== undefined && known.base >= 0) {
      this.#state.assume(slots.gpr + known.base, i64FromNumber(known.at));
    }
  }

  /** Adds one instruction; false where it ended the block. */
  instruction(i: Instruction): boolean {
    this.#state.at = i;
    this.#flags.begin();
    const { run } = i.row.traits;
    const form = run === undefined ? x87Form(i) : undefined;
    if (form !== undefined) this.#x87.instruction(i, form);
    else if (this.#exact?.isMode(i) === true) this.#exact.loadMode(i);
    else if (run === undefined || i.row.traits.privileged === true || this.#exact?.begin(i) === "slow") {
      const before = this.#end?.kind === "slow" ? this.#end : { pc: i.pc, count: 0 };
      this.#end = {
        kind: "slow",
        pc: before.pc,
        next: i.next,
        count: before.count + 1,
        string: before.count === 0 ? stringCode(i) : undefined,
      };
    } else {
      const [target] = i.operands;
      if (isIndirect(i) && target?.kind === "register") {
        this.#state.requireLow(this.register(64, target.index));
      }
      run<Node>(this, i);
    }
    this.#state.executed++;
    return this.#end === undefined || isChained(i);
  }

  /** Ends the block where an instruction reads a table of jumps: an edge for each of some targets, one for all else. */
  selectBy({ index, base, at, targets }: FoundTable, known: readonly number[]): void {
    const edges = new Map(known.map((target, edge) => [target, edge]));
    const when = base < 0 ? undefined : integer.equal(64, this.register(64, base), i64FromNumber(at));
    const order = targets.map((target) => edges.get(target) ?? known.length);
    this.#end = { kind: "select", index: this.register(64, index), order, when };
  }

  /** Ends the block where nothing has: it goes on at `next`. */
  finish(next: number): Block {
    const end = this.#end ?? { kind: "jump", target: next };
    this.#memory.finish();
    const { pc, executed, statements, entries, flags, writes } = this.#state;
    const final = this.#state.final();
    return {
      pc,
      instructions: executed,
      statements,
      end,
      final,
      vectors: this.#state.vectors(),
      wants: this.#vectors.wants,
      entries,
      flags,
      writes,
      flagsAtStart: this.#state.flagsAtStart,
      stackDelta: this.#state.stackDelta(),
      stackChecks: this.#memory.stackChecks,
    };
  }

  // Integers that depend on more than their operands, or that something else depends on.

  override add(width: Width, a: Node, b: Node): Node {
    return this.#flags.summed(a, b, super.add(width, a, b));
  }
  override sub(width: Width, a: Node, b: Node): Node {
    return this.#flags.summed(a, b, super.sub(width, a, b));
  }
  override shl(width: Width, a: Node, b: Node): Node {
    return this.#flags.summed(a, b, super.shl(width, a, b));
  }
  override shr(width: Width, a: Node, b: Node): Node {
    return this.#flags.summed(a, b, super.shr(width, a, b));
  }
  override sar(width: Width, a: Node, b: Node): Node {
    return this.#flags.summed(a, b, super.sar(width, a, b));
  }
  divide(
    signed: boolean,
    width: Width,
    high: Node,
    low: Node,
    divisor: Node,
  ): { quotient: Node; remainder: Node } {
    const { slow, quotient, remainder } = divide(signed, width, high, low, divisor);
    if (!isZero(slow)) this.#state.exit(slow);
    return { quotient, remainder };
  }

  // Floats, where they are to be exact.

  override float(operation: FloatOperation, a: Node, b?: Node): Node {
    return this.#exact?.float(operation, a, b) ?? super.float(operation, a, b);
  }
  override vector(operation: VectorOperation, a: Node, b?: Node, c?: Node): Node {
    return this.#exact?.vector(operation, a, b) ?? super.vector(operation, a, b, c);
  }

  // Registers.

  register(width: Width, index: number): Node {
    const whole = this.#state.get(slots.gpr + index);
    return width === 64 ? whole : wrap(integer.lowPart(width, whole));
  }
  setRegister(width: Width, index: number, value: Node): void {
    const slot = slots.gpr + index;
    if (width >= 32) this.#state.set(slot, integer.extendUnsigned(64, width, value));
    else this.#state.set(slot, integer.insert(width, this.#state.get(slot), value));
  }
  registerHigh(index: number): Node {
    return integer.shr(32, wrap(this.#state.get(slots.gpr + index)), i32(8));
  }
  setRegisterHigh(index: number, value: Node): void {
    const slot = slots.gpr + index;
    this.#state.set(slot, integer.insertHigh(this.#state.get(slot), value));
  }
  xmm(index: number): Node {
    return this.#vectors.xmm(index);
  }
  setXmm(index: number, value: Node): void {
    this.#vectors.setXmm(index, value);
  }
  xmmLow(type: LowType, index: number): Node {
    return this.#vectors.low(type, index);
  }
  setXmmLow(type: LowType, index: number, value: Node): void {
    this.#vectors.setLow(type, index, value);
  }
  setXmmLowZero(type: LowType, index: number, value: Node): void {
    this.#vectors.setLowZero(type, index, value);
  }

  // Memory.

  load(type: ValueType, address: Node, aligned = false): Node {
    return this.#memory.load(type, address, aligned);
  }
  store(type: ValueType, address: Node, value: Node, aligned = false): void {
    this.#memory.store(type, address, value, aligned);
  }
  segmentBase(segment: number): Node {
    return this.#memory.segmentBase(segment);
  }

  // Flags.

  flagsAdd(width: Width, a: Node, b: Node, result: Node): void {
    this.#flags.record("add", width, a, b, result);
  }
  flagsSub(width: Width, a: Node, b: Node, result: Node): void {
    this.#flags.record("sub", width, a, b, result);
  }
  flagsLogic(width: Width, result: Node): void {
    this.#flags.record("logic", width, result, result, result);
  }
  flagsIncrement(width: Width, result: Node): void {
    this.#flags.step("inc", width, result);
  }
  flagsDecrement(width: Width, result: Node): void {
    this.#flags.step("dec", width, result);
  }
  flagsShift(shift: Shift, width: Width, a: Node, count: Node, result: Node): void {
    this.#flags.shift(shift, width, a, count, result);
  }
  setFlag(flag: Flag, bit: Node, keep?: Node): void {
    this.#flags.set(flag, bit, keep);
  }
  setFlagsZPC(zf: Node, pf: Node, cf: Node, above?: Node): void {
    this.#flags.setZPC(zf, pf, cf, above);
  }
  flag(flag: Flag): Node {
    return this.#flags.bit(flag);
  }
  condition(code: number): Node {
    return this.#flags.condition(code);
  }

  // Control flow.

  #pc(): number {
    return this.#state.at?.pc ?? 0;
  }
  #next(): number {
    return this.#state.at?.next ?? 0;
  }
  /** A return elsewhere than to the call that the function is built in at is left to the interpreter. */
  checkTarget(target: Node): void {
    if (this.#returnsTo === undefined || this.#state.at?.row.traits.flow !== "ret") return;
    this.#state.exit(node(op["i64.ne"], "i32", target, i64FromNumber(this.#returnsTo), undefined, 1));
  }
  jump(target: number): void {
    this.#end = { kind: "jump", target };
  }
  jumpIf(bit: Node, target: number): void {
    this.#end = { kind: "branch", condition: bit, target, next: this.#next() };
  }
  call(target: number): void {
    this.#end = { kind: "call", target, next: this.#next() };
  }
  jumpTo(target: Node): void {
    const known = constantOf(target);
    this.#end =
      known === undefined ? { kind: "jumpTo", pc: this.#pc(), target } : { kind: "jump", target: known };
  }
  callTo(target: Node): void {
    this.#end = { kind: "callTo", pc: this.#pc(), target, next: this.#next() };
  }
  ret(target: Node): void {
    const next = this.#returnsTo;
    if (next !== undefined) this.#end = { kind: "return", next };
    else this.#end = { kind: "ret", pc: this.#pc(), target };
  }
}
