// Runs x86-64 instructions' semantics and collects what they do as a block: the Emitter whose values are nodes.
import type { Emitter, Flag, Shift, Width } from "../../../isa/x86-64/emitter.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type { FloatOperation, VectorOperation } from "../../../isa/x86-64/operation.js";
import { op } from "../../../wasm/opcodes.js";
import type { Flow, LiftContext, Lifter } from "../../portable/guest-isa.js";
import * as integer from "../../portable/ir/integer.js";
import type { LowType } from "../../portable/ir/lanes.js";
import { i32, isZero, type Node, node, wrap } from "../../portable/ir/node.js";
import { BlockLifter } from "../../portable/lift/block-lifter.js";
import { divide } from "./divide.js";
import { state } from "../state.js";
import { BlockFlags } from "./block-flags.js";
import { BlockExact } from "./exact.js";
import { withDirection } from "./flags.js";
import { indexOf } from "./functions.js";
import { registers } from "./registers.js";
import { stringCode } from "./strings.js";
import { x87Form } from "./x87.js";
import { BlockX87 } from "./x87-block.js";

/** Slow instructions that the interpreter executes several of at once: a block ends behind the last. */
export const isChained = (i: Instruction): boolean => {
  const { traits } = i.row;
  return isSlow(i) && traits.feature === "X87" && traits.flow === undefined;
};

/** Whether translated code leaves an instruction to the interpreter. */
export const isSlow = (i: Instruction): boolean => i.row.traits.run === undefined && x87Form(i) === undefined;

/** Copies, zeroing, pairing and storing all of a register suit any form. */
const neutral = /^(MOV[AU]P[SD]|MOVDQ[AU]|PXOR|XORP[SD]|MOVDDUP|MOVLHPS|UNPCKLPD|PUNPCKLQDQ)$/;

/** Builds one block. */
export class X86Lifter extends BlockLifter implements Emitter<Node>, Lifter<Instruction> {
  readonly #flags: BlockFlags;
  readonly #x87: BlockX87;
  readonly #exact: BlockExact | undefined;
  #flow: Flow | undefined;

  constructor(pc: number, context: LiftContext) {
    super(registers, pc, context);
    this.#flags = new BlockFlags(this.state);
    this.#x87 = new BlockX87(this, this.state, this.memory);
    this.#exact = context.exact ? new BlockExact(this, this.state) : undefined;
  }

  instruction(i: Instruction): boolean {
    const { state } = this;
    const { run, flow, privileged } = i.row.traits;
    state.at = i;
    state.isIndirect = flow === "callTo" || flow === "jumpTo";
    state.isNeutral = neutral.test(i.row.mnemonic);
    this.#flow = flow;
    this.#flags.begin();
    const form = run === undefined ? x87Form(i) : undefined;
    if (form !== undefined) this.#x87.instruction(i, form);
    else if (this.#exact?.isMode(i) === true) this.#exact.loadMode(i);
    else if (run === undefined || privileged === true || this.#exact?.begin(i) === "slow") {
      const argument = stringCode(i);
      this.leaveToInterpreter(argument === undefined ? undefined : { index: indexOf("string"), argument });
    } else {
      const [target] = i.operands;
      if (state.isIndirect && target?.kind === "register") state.requireLow(this.general(target.index));
      run<Node>(this, i);
    }
    state.executed++;
    return this.end === undefined || isChained(i);
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
    if (!isZero(slow)) this.state.exit(slow);
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
    const whole = this.general(index);
    return width === 64 ? whole : wrap(integer.lowPart(width, whole));
  }
  setRegister(width: Width, index: number, value: Node): void {
    if (width >= 32) this.setGeneral(index, integer.extendUnsigned(64, width, value));
    else this.setGeneral(index, integer.insert(width, this.general(index), value));
  }
  registerHigh(index: number): Node {
    return integer.shr(32, wrap(this.general(index)), i32(8));
  }
  setRegisterHigh(index: number, value: Node): void {
    this.setGeneral(index, integer.insertHigh(this.general(index), value));
  }
  xmm(index: number): Node {
    return this.vectors.whole(index);
  }
  setXmm(index: number, value: Node): void {
    this.vectors.setWhole(index, value);
  }
  xmmLow(type: LowType, index: number): Node {
    return this.vectors.low(type, index);
  }
  setXmmLow(type: LowType, index: number, value: Node): void {
    this.vectors.setLow(type, index, value);
  }
  setXmmLowZero(type: LowType, index: number, value: Node): void {
    this.vectors.setLowZero(type, index, value);
  }

  segmentBase(segment: number): Node {
    const value = node(op["i64.load"], "i64", i32(0));
    value.imm = segment === 4 ? state.fsBase : state.gsBase;
    this.state.statements.push({ kind: "load", value });
    return value;
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
  setDirection(direction: "up" | "down"): void {
    const rflags = node(op["i32.load"], "i32", i32(0), undefined, undefined, 32, state.rflags);
    const value = withDirection(rflags, direction);
    this.state.statements.push(
      { kind: "load", value: rflags },
      { kind: "store", op: op["i32.store"], address: i32(0), value, imm: state.rflags, sizeBytes: 4 },
    );
  }
  flag(flag: Flag): Node {
    return this.#flags.bit(flag);
  }
  condition(code: number): Node {
    return this.#flags.condition(code);
  }

  checkTarget(target: Node): void {
    if (this.#flow === "ret") this.leaveUnlessReturning(target);
  }
}
