// Runs instructions' semantics and collects what they do as a block: the Emitter whose values are nodes.
import type { Emitter, Flag, Shift, ValueType, Width } from "../../../isa/x86-64/emitter.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import type {
  ExtractOperation,
  FloatOperation,
  ReplaceOperation,
  VectorOperation,
} from "../../../isa/x86-64/operation.js";
import { op, saturating, simd } from "../../../wasm/opcodes.js";
import { state } from "../state.js";
import { type Accesses, accesses, type MemoryShape, type Place } from "./access.js";
import type { Block, ExitStatement, StackCheck, Statement, Terminator } from "./block.js";
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
} from "./flags.js";
import { divide } from "./divide.js";
import * as integer from "./integer.js";
import {
  constantOf,
  entryNode,
  i32,
  i64,
  i64FromNumber,
  isConstant,
  isZero,
  type Node,
  node,
  pseudo,
  saturatingPrefix,
  simdPrefix,
  v128,
  wrap,
} from "./node.js";
import { add, copySlots, noSlots, RSP, slots, type SlotSet } from "./slots.js";
import type { FoundTable } from "./jump-table.js";
import { readsOf } from "./reads.js";
import { Vectors } from "./vectors.js";

/** What a block's translation is told about its unit. */
export interface UnitContext {
  readonly shape: MemoryShape;
  /** Registers whose low double has a slot of its own, as a mask. */
  readonly scalarXmm: number;
  readonly flagsAcrossCalls: boolean;
}

/** A load whose value is known: that of a jump table's entry, in the code for its index. */
export interface KnownLoad {
  readonly pc: number;
  readonly value: number;
  /** The register that has been compared with the table's address, or -1. */
  readonly base: number;
  readonly at: number;
}

/** What is known of the way to a block besides its code. */
export interface Surroundings {
  readonly known?: KnownLoad | undefined;
  /** Where the function returns to, being built in at a call. */
  readonly returnsTo?: number | undefined;
}

const loads: Readonly<
  Record<string, readonly [opcode: number, type: "i32" | "i64" | "f32" | "f64" | "v128", bits: number]>
> = {
  8: [op["i32.load8_u"], "i32", 8],
  16: [op["i32.load16_u"], "i32", 16],
  32: [op["i32.load"], "i32", 32],
  64: [op["i64.load"], "i64", 64],
  f32: [op["f32.load"], "f32", 64],
  f64: [op["f64.load"], "f64", 64],
  v128: [simdPrefix + simd["v128.load"], "v128", 64],
};
const stores: Readonly<Record<string, number>> = {
  8: op["i32.store8"],
  16: op["i32.store16"],
  32: op["i32.store"],
  64: op["i64.store"],
  f32: op["f32.store"],
  f64: op["f64.store"],
  v128: simdPrefix + simd["v128.store"],
};

export function bytesOf(type: ValueType): number {
  if (typeof type === "number") return type / 8;
  return type === "f32" ? 4 : type === "f64" ? 8 : 16;
}

/** Builds one block; `instruction` is called for each, then `finish`. */
export class BlockBuilder implements Emitter<Node> {
  readonly #pc: number;
  readonly #context: UnitContext;
  readonly #accesses: Accesses;
  readonly #statements: Statement[] = [];
  readonly #current = new Map<number, Node>();
  readonly #entries = new Map<number, Node>();
  readonly #unsynced = new Set<number>();
  readonly #writes: SlotSet = noSlots();
  readonly #vectors: Vectors;
  readonly #stackChecks: StackCheck[] = [];
  #flags: Flags;
  #end: Terminator | undefined;
  #executed = 0;
  #at: Instruction | undefined;
  /** The latest addition or subtraction: what tells ADD from ADC. */
  #sum: { a: Node; b: Node; result: Node } | undefined;
  readonly #known: KnownLoad | undefined;
  readonly #returnsTo: number | undefined;

  constructor(pc: number, context: UnitContext, { known, returnsTo }: Surroundings) {
    this.#pc = pc;
    this.#known = known;
    this.#returnsTo = returnsTo;
    this.#context = context;
    this.#accesses = accesses(context.shape);
    this.#flags = flagNames.map((_, flag) => fromBit(this.#entry(slots.flag + flag)));
    if (known !== undefined && known.base >= 0) {
      this.#current.set(slots.gpr + known.base, i64FromNumber(known.at));
    }
    this.#vectors = new Vectors(context.scalarXmm, {
      get: (slot) => this.#get(slot),
      set: (slot, value) => this.#set(slot, value),
    });
  }

  get instructions(): number {
    return this.#executed;
  }

  /** Adds one instruction; false where it ended the block. */
  instruction(i: Instruction): boolean {
    this.#at = i;
    this.#sum = undefined;
    const { run } = i.row.traits;
    if (run === undefined || i.row.traits.privileged === true) {
      this.#end = { kind: "slow", pc: i.pc, next: i.next };
    } else {
      const [target] = i.operands;
      if (isIndirect(i) && target?.kind === "register") this.#requireLow(this.register(64, target.index));
      run<Node>(this, i);
    }
    this.#executed++;
    return this.#end === undefined;
  }

  /** Ends the block where an instruction reads a table of jumps: an edge for each different target, one for all else. */
  selectBy({ index, base, at, targets }: FoundTable): void {
    const edges = [...new Set(targets)];
    const when = base < 0 ? undefined : integer.equal(64, this.register(64, base), i64FromNumber(at));
    const order = targets.map((target) => edges.indexOf(target));
    this.#end = { kind: "select", index: this.register(64, index), order, when };
  }

  /** Ends the block where nothing has: it goes on at `next`. */
  finish(next: number): Block {
    const end = this.#end ?? { kind: "jump", target: next };
    this.#accesses.finish();
    // What an exit has put into its local is there already.
    const final = new Map([...this.#unsynced].map((slot) => [slot, this.#get(slot)] as const));
    const used = readsOf(this.#statements, final.values(), end, this.#flags, this.#context.flagsAcrossCalls);
    return {
      pc: this.#pc,
      instructions: this.#executed,
      statements: this.#statements,
      end,
      final,
      entries: this.#entries,
      flags: this.#flags,
      ...used,
      writes: this.#writes,
      stackDelta: this.#stackDelta(),
      stackChecks: this.#stackChecks,
    };
  }

  // Slots.

  #entry(slot: number): Node {
    let found = this.#entries.get(slot);
    if (found === undefined) {
      found = entryNode(slot);
      this.#entries.set(slot, found);
    }
    return found;
  }

  #get(slot: number): Node {
    return this.#current.get(slot) ?? this.#entry(slot);
  }

  #set(slot: number, value: Node): void {
    this.#current.set(slot, value);
    this.#unsynced.add(slot);
    add(this.#writes, slot);
  }

  /** Leaves before this instruction when the condition holds; all slots are in their locals then. */
  #exit(when: Node): ExitStatement {
    for (const slot of this.#unsynced) {
      this.#statements.push({ kind: "set", slot, value: this.#get(slot) });
    }
    this.#unsynced.clear();
    const exit: ExitStatement = {
      kind: "exit",
      when,
      pc: this.#at?.pc ?? this.#pc,
      executed: this.#executed,
      written: copySlots(this.#writes),
      flags: this.#flags,
    };
    this.#statements.push(exit);
    return exit;
  }

  /** Where control goes must be below 4 GiB: the interpreter knows what else may be there, and raises #GP where none. */
  #requireLow(target: Node): void {
    if (isConstant(target) && target.high === 0) return;
    this.#exit(node(op["i64.gt_u"], "i32", target, i64(-1, 0), undefined, 1));
  }

  #check(when: Node, { base, range }: Place): void {
    const exit = this.#exit(when);
    if (base?.op === pseudo.entry && base.imm === slots.gpr + RSP) this.#stackChecks.push({ exit, range });
  }

  /** What the block adds to rsp, if that is a constant. */
  #stackDelta(): number | undefined {
    const rsp = this.#get(slots.gpr + RSP);
    if (rsp.op === pseudo.entry && rsp.imm === slots.gpr + RSP) return 0;
    const isSum = rsp.op === op["i64.add"] && rsp.a?.op === pseudo.entry && rsp.a.imm === slots.gpr + RSP;
    return isSum && rsp.b !== undefined ? constantOf(rsp.b) : undefined;
  }

  // Integers.

  constant(width: Width, low: number, high?: number): Node {
    return width === 64 ? i64(low, high) : i32(low);
  }
  add(width: Width, a: Node, b: Node): Node {
    const result = integer.binary("add", width, a, b);
    this.#sum = { a, b, result };
    return result;
  }
  sub(width: Width, a: Node, b: Node): Node {
    const result = integer.binary("sub", width, a, b);
    this.#sum = { a, b, result };
    return result;
  }
  mul(width: Width, a: Node, b: Node): Node {
    return integer.binary("mul", width, a, b);
  }
  and(width: Width, a: Node, b: Node): Node {
    return integer.binary("and", width, a, b);
  }
  or(width: Width, a: Node, b: Node): Node {
    return integer.binary("or", width, a, b);
  }
  xor(width: Width, a: Node, b: Node): Node {
    return integer.binary("xor", width, a, b);
  }
  shl(width: Width, a: Node, count: Node): Node {
    return integer.binary("shl", width, a, count);
  }
  shr(width: Width, a: Node, count: Node): Node {
    return integer.shr(width, a, count);
  }
  sar(width: Width, a: Node, count: Node): Node {
    return integer.sar(width, a, count);
  }
  rotl(width: Width, a: Node, count: Node): Node {
    return integer.rotate(true, width, a, count);
  }
  rotr(width: Width, a: Node, count: Node): Node {
    return integer.rotate(false, width, a, count);
  }
  clz(width: Width, a: Node): Node {
    return integer.clz(width, a);
  }
  ctz(width: Width, a: Node): Node {
    return integer.ctz(width, a);
  }
  popcnt(width: Width, a: Node): Node {
    return integer.popcnt(width, a);
  }
  byteSwap(width: Width, a: Node): Node {
    return integer.byteSwap(width, a);
  }
  mulHigh(signed: boolean, width: Width, a: Node, b: Node): Node {
    return integer.mulHigh(signed, width, a, b);
  }
  divide(
    signed: boolean,
    width: Width,
    high: Node,
    low: Node,
    divisor: Node,
  ): { quotient: Node; remainder: Node } {
    const { slow, quotient, remainder } = divide(signed, width, high, low, divisor);
    if (!isZero(slow)) this.#exit(slow);
    return { quotient, remainder };
  }
  equal(width: Width, a: Node, b: Node): Node {
    return integer.equal(width, a, b);
  }
  lessUnsigned(width: Width, a: Node, b: Node): Node {
    return integer.less(false, width, a, b);
  }
  lessSigned(width: Width, a: Node, b: Node): Node {
    return integer.less(true, width, a, b);
  }
  select(type: ValueType, bit: Node, whenOne: Node, whenZero: Node): Node {
    const wasm = typeof type !== "number" ? type : type === 64 ? "i64" : "i32";
    if (isConstant(bit)) return bit.imm === 0 ? whenZero : whenOne;
    return node(op.select, wasm, whenOne, whenZero, bit, Math.max(whenOne.bits, whenZero.bits));
  }
  extendUnsigned(to: Width, from: Width, a: Node): Node {
    return integer.extendUnsigned(to, from, a);
  }
  extendSigned(to: Width, from: Width, a: Node): Node {
    return integer.extendSigned(to, from, a);
  }
  truncate(to: Width, from: Width, a: Node): Node {
    return integer.truncate(to, from, a);
  }

  // Registers.

  register(width: Width, index: number): Node {
    const whole = this.#get(slots.gpr + index);
    return width === 64 ? whole : wrap(integer.lowPart(width, whole));
  }
  setRegister(width: Width, index: number, value: Node): void {
    const slot = slots.gpr + index;
    if (width >= 32) this.#set(slot, integer.extendUnsigned(64, width, value));
    else this.#set(slot, integer.insert(width, this.#get(slot), value));
  }
  registerHigh(index: number): Node {
    return integer.shr(32, wrap(this.#get(slots.gpr + index)), i32(8));
  }
  setRegisterHigh(index: number, value: Node): void {
    const slot = slots.gpr + index;
    this.#set(slot, integer.insertHigh(this.#get(slot), value));
  }
  xmm(index: number): Node {
    return this.#vectors.xmm(index);
  }
  setXmm(index: number, value: Node): void {
    this.#vectors.setXmm(index, value);
  }
  xmmLow(type: 32 | 64 | "f32" | "f64", index: number): Node {
    return this.#vectors.low(type, index);
  }
  setXmmLow(type: 32 | 64 | "f32" | "f64", index: number, value: Node): void {
    this.#vectors.setLow(type, index, value);
  }
  setXmmLowZero(type: 32 | 64 | "f32" | "f64", index: number, value: Node): void {
    this.#vectors.setLowZero(type, index, value);
  }

  // Memory.

  load(type: ValueType, address: Node, aligned = false): Node {
    const known = this.#known;
    if (known !== undefined && known.pc === this.#at?.pc) {
      return type === 64 ? i64FromNumber(known.value) : i32(known.value);
    }
    const size = bytesOf(type);
    if (aligned) this.#alignment(address);
    const place = this.#accesses.place(address, size, false);
    if (place.check !== undefined) this.#check(place.check, place);
    const [opcode, wasm, bits] = loads[type] ?? loads[64] ?? [0, "i64", 64];
    const value = node(opcode, wasm, place.address, undefined, undefined, bits);
    place.use(value);
    this.#statements.push({ kind: "load", value });
    if (type === 64 && this.#at !== undefined && isIndirect(this.#at)) this.#requireLow(value);
    return value;
  }
  store(type: ValueType, address: Node, value: Node, aligned = false): void {
    const sizeBytes = bytesOf(type);
    if (aligned) this.#alignment(address);
    const place = this.#accesses.place(address, sizeBytes, true);
    if (place.check !== undefined) this.#check(place.check, place);
    const statement = {
      kind: "store",
      op: stores[type] ?? 0,
      address: place.address,
      value,
      imm: 0,
      sizeBytes,
    } as const;
    place.use(statement);
    this.#statements.push(statement);
  }
  #alignment(address: Node): void {
    const low = integer.binary("and", 32, wrap(address), i32(15));
    if (isConstant(low) ? low.imm !== 0 : true) this.#exit(low);
  }
  segmentBase(segment: number): Node {
    const value = node(op["i64.load"], "i64", i32(0));
    value.imm = segment === 4 ? state.fsBase : state.gsBase;
    this.#statements.push({ kind: "load", value });
    return value;
  }

  // Flags.

  #record(
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
    this.#setFlags(flagNames.map(() => source));
  }
  #setFlags(flags: Flags): void {
    flags.forEach((source, flag) => {
      if (source !== this.#flags[flag]) add(this.#writes, slots.flag + flag);
    });
    this.#flags = flags;
  }
  flagsAdd(width: Width, a: Node, b: Node, result: Node): void {
    this.#record("add", width, a, b, result);
  }
  flagsSub(width: Width, a: Node, b: Node, result: Node): void {
    this.#record("sub", width, a, b, result);
  }
  flagsLogic(width: Width, result: Node): void {
    this.#record("logic", width, result, result, result);
  }
  flagsIncrement(width: Width, result: Node): void {
    this.#step("inc", width, result);
  }
  flagsDecrement(width: Width, result: Node): void {
    this.#step("dec", width, result);
  }
  /** INC and DEC keep CF, wherever it comes from. */
  #step(operation: "inc" | "dec", width: Width, result: Node): void {
    const zero = i32(0);
    const record: FlagRecord = {
      operation,
      width,
      a: result,
      b: zero,
      result,
      plain: true,
      before: undefined,
      bits: [],
    };
    const source = fromRecord(record);
    this.#setFlags(this.#flags.map((kept, flag) => (flag === CF ? kept : source)));
  }
  flagsShift(shift: Shift, width: Width, a: Node, count: Node, result: Node): void {
    if (isZero(count)) return;
    if (isConstant(count)) return this.#record(shift, width, a, count, result);
    this.#record(shift, width, a, count, result, this.#flags);
  }
  setFlag(flag: Flag, bit: Node, keep?: Node): void {
    const index = flagNames.indexOf(flag);
    const before = this.#flags[index];
    const isKept = keep !== undefined && before !== undefined;
    const set = fromBit(isKept ? this.select(32, keep, flagBit(before, index), bit) : bit);
    if (isKept) before.next.push(set);
    this.#setFlags(this.#flags.map((source, at) => (at === index ? set : source)));
  }
  setFlagsZPC(zf: Node, pf: Node, cf: Node): void {
    const zero = fromBit(i32(0));
    this.#setFlags([fromBit(cf), fromBit(pf), zero, fromBit(zf), zero, zero]);
  }
  #readFlag(flag: number): FlagSource {
    const source = this.#flags[flag] ?? fromBit(i32(0));
    source.lastRead = this.#executed;
    return source;
  }
  flag(flag: Flag): Node {
    const index = flagNames.indexOf(flag);
    return flagBit(this.#readFlag(index), index);
  }
  condition(code: number): Node {
    for (const flag of conditionFlags[code >> 1] ?? []) this.#readFlag(flag);
    return conditionBit(this.#flags, code);
  }

  // Floats and vectors.

  float(operation: FloatOperation, a: Node, b?: Node): Node {
    const type = operation.slice(0, 3) as "i32" | "i64" | "f32" | "f64";
    if (operation in saturating) {
      return node(saturatingPrefix + saturating[operation as keyof typeof saturating], type, a);
    }
    const isComparison = /\.(eq|lt|le)$/.test(operation);
    const opcode = op[operation as keyof typeof op];
    return node(opcode, isComparison ? "i32" : type, a, b, undefined, isComparison ? 1 : undefined);
  }
  vector(operation: VectorOperation, a: Node, b?: Node, c?: Node): Node {
    const type = operation.endsWith("bitmask") ? "i32" : "v128";
    const bits = type === "v128" ? 64 : operation.startsWith("i8") ? 16 : 8;
    return node(simdPrefix + simd[operation], type, a, b, c, bits);
  }
  constantVector(bytes: readonly number[]): Node {
    return v128(bytes);
  }
  extractLane(operation: ExtractOperation, lane: number, a: Node): Node {
    const shape = operation.slice(0, 5);
    const type = shape.startsWith("f")
      ? (operation.slice(0, 3) as "f32" | "f64")
      : shape === "i64x2"
        ? "i64"
        : "i32";
    const bits = shape === "i8x16" ? 8 : shape === "i16x8" ? 16 : type === "i32" ? 32 : 64;
    return node(simdPrefix + simd[operation], type, a, undefined, undefined, bits, lane);
  }
  replaceLane(operation: ReplaceOperation, lane: number, a: Node, value: Node): Node {
    return node(simdPrefix + simd[operation], "v128", a, value, undefined, 64, lane);
  }
  shuffle(lanes: readonly number[], a: Node, b: Node): Node {
    return node(simdPrefix + simd["i8x16.shuffle"], "v128", a, b, undefined, 64, 0, 0, lanes);
  }

  // Control flow.

  #next(): number {
    return this.#at?.next ?? 0;
  }
  /** A return elsewhere than to the call that the function is built in at is left to the interpreter. */
  checkTarget(target: Node): void {
    if (this.#returnsTo === undefined || this.#at?.row.traits.flow !== "ret") return;
    this.#exit(node(op["i64.ne"], "i32", target, i64FromNumber(this.#returnsTo), undefined, 1));
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
    this.#end = known === undefined ? { kind: "jumpTo", target } : { kind: "jump", target: known };
  }
  callTo(target: Node): void {
    this.#end = { kind: "callTo", pc: this.#at?.pc ?? 0, target, next: this.#next() };
  }
  ret(target: Node): void {
    const next = this.#returnsTo;
    if (next !== undefined) this.#end = { kind: "return", next };
    else this.#end = { kind: "ret", pc: this.#at?.pc ?? 0, target };
  }
}

const isIndirect = ({ row }: Instruction): boolean =>
  row.traits.flow === "callTo" || row.traits.flow === "jumpTo";
