// Runs aarch64 instructions' semantics and collects what they do as a block: the Emitter whose values are nodes.
import { type Emitter, type Flag, type LowType, type RegisterWidth } from "../../../isa/aarch64/emitter.js";
import type { Instruction } from "../../../isa/aarch64/instruction.js";
import { floatShapes, type FloatType } from "../../../isa/aarch64/vector-operands.js";
import type { ValueType, Width } from "../../../isa/emitter.js";
import type { FloatOperation, VectorOperation } from "../../../isa/operation.js";
import { hasFusedMultiplyAdd } from "../../../wasm/fused.js";
import { op, simd } from "../../../wasm/opcodes.js";
import type { LiftContext, Lifter } from "../../portable/guest-isa.js";
import { flagBit, fromBit, fromRecord } from "../../portable/ir/flags.js";
import * as integer from "../../portable/ir/integer.js";
import { binary32, binary64, i32, type Node, node, simdPrefix, wrap } from "../../portable/ir/node.js";
import { BlockLifter } from "../../portable/lift/block-lifter.js";
import { isFloating } from "../float-instructions.js";
import { isSaturating } from "../saturating.js";
import { state } from "../state.js";
import { ConditionRecord, conditionBit, packedWords, wordsOf } from "./flags.js";
import { fusedIndex } from "./fused.js";
import { flagNames, registers } from "./registers.js";

/** Whether translated code leaves an instruction to the interpreter. */
export const isSlow = ({ row }: Instruction): boolean =>
  row.traits.run === undefined || row.mnemonic === "MSR";

/** Copies, zeroing and storing all of a register suit any form. */
const neutral = /^(LD|ST)N?P$|^(LD|ST)U?R$|^(LD|ST)1$|^(ORR|MOVI|DUP|FMOV)$/;

/** Operations whose NaN, where one comes out that is no operand's, is not the same everywhere. */
const computing = /\.(add|sub|mul|div|sqrt)$/;

const bytesOf = (type: ValueType): number =>
  typeof type === "number" ? type / 8 : type === "v128" ? 16 : type === "f64" ? 8 : 4;

/** a * b + addend in all lanes, where the host rounds that once. */
const relaxed = (type: FloatType, a?: Node, b?: Node, addend?: Node): Node =>
  node(simdPrefix + simd[`${floatShapes[type]}.relaxed_madd`], "v128", a, b, addend, 64);

/** Builds one block. */
export class ArmLifter extends BlockLifter implements Emitter<Node>, Lifter<Instruction> {
  /** The instruction's latest sum: what tells ADDS from ADCS. */
  #sum: { readonly a: Node; readonly b: Node; readonly result: Node } | undefined;

  /** Floating point is the interpreter's. */
  readonly #isExact: boolean;

  constructor(pc: number, context: LiftContext) {
    super(registers, pc, context);
    this.#isExact = context.exact;
  }

  instruction(i: Instruction): boolean {
    const { state: block } = this;
    const { mnemonic, traits } = i.row;
    const { run, flow } = traits;
    block.at = i;
    block.isIndirect = flow === "callTo" || flow === "jumpTo";
    block.isNeutral = neutral.test(mnemonic);
    this.#sum = undefined;
    const isExact = this.#isExact && (isFloating(i.row) || isSaturating(i.row));
    if (isExact || isSlow(i) || run === undefined) this.leaveToInterpreter();
    else {
      if (block.isIndirect) block.requireLow(this.general(i.Rn));
      run<Node>(this, i);
    }
    block.executed++;
    return this.end === undefined;
  }

  override add(width: Width, a: Node, b: Node): Node {
    const result = super.add(width, a, b);
    this.#sum = { a, b, result };
    return result;
  }

  /** Semantics divide by nothing that does not go. */
  divide(
    signed: boolean,
    width: Width,
    _high: Node,
    low: Node,
    divisor: Node,
  ): { quotient: Node; remainder: Node } {
    const sign = signed ? "s" : "u";
    const [binary, type] = width === 64 ? ([binary64, "i64"] as const) : ([binary32, "i32"] as const);
    return {
      quotient: binary(op[`${type}.div_${sign}`], low, divisor),
      remainder: binary(op[`${type}.rem_${sign}`], low, divisor),
    };
  }

  // Floats. A NaN is left to the interpreter: which one comes out is the ISA's, and not what WebAssembly says.

  override float(operation: FloatOperation, a: Node, b?: Node): Node {
    const result = super.float(operation, a, b);
    if (computing.test(operation)) this.#leaveForNan(operation.startsWith("f64") ? "f64" : "f32", result);
    return result;
  }

  override vector(operation: VectorOperation, a: Node, b?: Node, c?: Node): Node {
    const result = super.vector(operation, a, b, c);
    if (operation.startsWith("f") && computing.test(operation))
      this.#leaveForNans(operation.startsWith("f64") ? "f64" : "f32", result);
    return result;
  }

  fusedMultiplyAdd(type: FloatType, addend: Node, a: Node, b: Node): Node {
    let result: Node;
    if (hasFusedMultiplyAdd()) {
      const [c, x, y] = [addend, a, b].map((value) => super.vector(`${floatShapes[type]}.splat`, value));
      result = super.extractLane(`${floatShapes[type]}.extract_lane`, 0, relaxed(type, x, y, c));
    } else result = node(op.call, type, addend, a, b, undefined, fusedIndex(type));
    this.#leaveForNan(type, result);
    return result;
  }
  fusedMultiplyAddLanes(type: FloatType, lanes: number, addend: Node, a: Node, b: Node): Node {
    if (hasFusedMultiplyAdd()) {
      const all = relaxed(type, a, b, addend);
      this.#leaveForNans(type, all);
      return all;
    }
    const shape = floatShapes[type];
    let result = addend;
    for (let lane = 0; lane < lanes; lane++) {
      const of = (vector: Node) => super.extractLane(`${shape}.extract_lane`, lane, vector);
      const value = this.fusedMultiplyAdd(type, of(addend), of(a), of(b));
      result = super.replaceLane(`${shape}.replace_lane`, lane, result, value);
    }
    return result;
  }

  #leaveForNan(type: FloatType, value: Node): void {
    this.state.exit(node(op[`${type}.ne`], "i32", value, value, undefined, 1));
  }
  #leaveForNans(type: FloatType, vector: Node): void {
    const isNan = node(simdPrefix + simd[`${floatShapes[type]}.ne`], "v128", vector, vector, undefined, 64);
    this.state.exit(node(simdPrefix + simd["v128.any_true"], "i32", isNan, undefined, undefined, 1));
  }

  // Registers.

  register(width: RegisterWidth, index: number): Node {
    const whole = this.general(index);
    return width === 64 ? whole : wrap(whole);
  }
  setRegister(width: RegisterWidth, index: number, value: Node): void {
    this.setGeneral(index, integer.extendUnsigned(64, width, value));
  }
  simd(index: number): Node {
    return this.vectors.whole(index);
  }
  setSimd(index: number, value: Node): void {
    this.vectors.setWhole(index, value);
  }
  simdLow(type: LowType, index: number): Node {
    return this.vectors.low(type === 8 || type === 16 ? 32 : type, index);
  }
  setSimdLowZero(type: LowType, index: number, value: Node): void {
    if (type === 8 || type === 16) this.vectors.setLowZero(32, index, integer.zeroExtended(type, value));
    else this.vectors.setLowZero(type, index, value);
  }

  threadPointer(): Node {
    const value = node(op["i64.load"], "i64", i32(0));
    value.imm = state.tpidr;
    this.state.statements.push({ kind: "load", value });
    return value;
  }
  setThreadPointer(): void {
    throw new RangeError("the thread pointer is set by the interpreter");
  }

  // Memory: an address that is not aligned where it must be is the interpreter's.

  #requireAligned(type: ValueType, address: Node): void {
    const low = binary32(op["i32.and"], wrap(address), i32(bytesOf(type) - 1));
    if (bytesOf(type) > 1) this.state.exit(low);
  }
  override load(type: ValueType, address: Node, aligned = false): Node {
    if (aligned) this.#requireAligned(type, address);
    return super.load(type, address);
  }
  override store(type: ValueType, address: Node, value: Node, aligned = false): void {
    if (aligned) this.#requireAligned(type, address);
    super.store(type, address, value);
  }

  // Flags.

  #record(record: ConditionRecord): void {
    const source = fromRecord(record);
    const flags = flagNames.map(() => source);
    this.state.setFlags(flags, wordsOf(flags, record));
  }
  flagsAdd(width: RegisterWidth, a: Node, b: Node, result: Node): void {
    const sum = this.#sum;
    const isPlain = sum !== undefined && sum.a === a && sum.b === b && sum.result === result;
    this.#record(new ConditionRecord("sum", width, a, b, result, isPlain));
  }
  flagsSub(width: RegisterWidth, a: Node, b: Node, result: Node): void {
    this.#record(new ConditionRecord("difference", width, a, b, result, true));
  }
  flagsLogic(width: RegisterWidth, result: Node): void {
    this.#record(new ConditionRecord("result", width, result, result, result, true));
  }
  setFlags(n: Node, z: Node, c: Node, v: Node): void {
    const flags = [n, z, c, v].map((bit) => fromBit(bit));
    this.state.setFlags(flags, packedWords(flags));
  }
  flag(flag: Flag): Node {
    this.state.flagsAreRead();
    const index = flagNames.indexOf(flag);
    return flagBit(this.state.flags[index] ?? fromBit(i32(0)), index);
  }
  condition(code: number): Node {
    this.state.flagsAreRead();
    return conditionBit(this.state.flags, code);
  }

  override ret(target: Node): void {
    this.leaveUnlessReturning(target);
    super.ret(target);
  }
}
