// What lifting a block is whatever the ISA: registers, memory and control flow of its instructions become statements, nodes and
// the block's end. An ISA's lifter runs the instructions' semantics over it.
import type { JumpTable, LiftContext, TableLabel } from "../guest-isa.js";
import type { Block, Terminator } from "../ir/block.js";
import * as integer from "../ir/integer.js";
import { constantOf, i64FromNumber, type Node, node } from "../ir/node.js";
import type { RegisterFile } from "../ir/register-file.js";
import type { ValueType } from "../../../isa/emitter.js";
import { op } from "../../../wasm/opcodes.js";
import { BlockMemory } from "./memory.js";
import { BlockState } from "./block-state.js";
import { Operations } from "./operations.js";
import { Vectors } from "./vectors.js";

/** The registers that a jump by a table relies on. */
const fixedBy = (table: Pick<JumpTable, "base" | "at" | "label"> | undefined): readonly TableLabel[] => [
  ...(table === undefined || table.base < 0 ? [] : [{ register: table.base, value: table.at }]),
  ...(table?.label === undefined ? [] : [table.label]),
];

export class BlockLifter extends Operations {
  protected readonly state: BlockState;
  protected readonly vectors: Vectors;
  protected readonly memory: BlockMemory;
  protected end: Terminator | undefined;
  /** Where the function returns to, being built in at a call. */
  readonly #returnsTo: number | undefined;

  constructor(file: RegisterFile, pc: number, { shape, known, looksUp, returnsTo }: LiftContext) {
    super();
    this.#returnsTo = returnsTo;
    this.state = new BlockState(pc, file);
    this.vectors = new Vectors(this.state);
    this.memory = new BlockMemory(this.state, shape, known, looksUp);
    for (const { register, value } of fixedBy(known))
      this.state.assume(file.general + register, i64FromNumber(value));
  }

  selectBy(table: JumpTable, known: readonly number[]): void {
    const { index, targets } = table;
    const edges = new Map(known.map((target, edge) => [target, edge]));
    const [first, second] = fixedBy(table).map(({ register, value }) =>
      integer.equal(64, this.general(register), i64FromNumber(value)),
    );
    const when =
      first === undefined || second === undefined ? first : integer.binary("and", 32, first, second);
    const order = targets.map((target) => edges.get(target) ?? known.length);
    this.end = { kind: "select", index: this.general(index), order, when };
  }

  finish(next: number): Block {
    const end = this.end ?? { kind: "jump", target: next };
    this.memory.finish();
    const { pc, executed, statements, entries, flags, writes } = this.state;
    const final = this.state.final();
    return {
      pc,
      instructions: executed,
      statements,
      end,
      final,
      vectors: this.state.vectors(),
      wants: this.vectors.wants,
      entries,
      flags,
      writes,
      flagsAtStart: this.state.flagsAtStart,
      stackDelta: this.state.stackDelta(),
      stackChecks: this.memory.stackChecks,
    };
  }

  /** The instruction is left to the interpreter, with those before it that were. */
  protected leaveToInterpreter(helper?: { readonly index: number; readonly argument: number }): void {
    const { pc = 0, next = 0 } = this.state.at ?? {};
    const before = this.end?.kind === "slow" ? this.end : { pc, count: 0 };
    this.end = {
      kind: "slow",
      pc: before.pc,
      next,
      count: before.count + 1,
      helper: before.count === 0 ? helper : undefined,
    };
  }

  // Registers and memory.

  /** A general register, 64 bits. */
  protected general(index: number): Node {
    return this.state.get(this.state.file.general + index);
  }

  protected setGeneral(index: number, value: Node): void {
    this.state.set(this.state.file.general + index, value);
  }

  load(type: ValueType, address: Node, aligned = false): Node {
    return this.memory.load(type, address, aligned);
  }

  store(type: ValueType, address: Node, value: Node, aligned = false): void {
    this.memory.store(type, address, value, aligned);
  }

  // Control flow.

  #pc(): number {
    return this.state.at?.pc ?? 0;
  }
  #next(): number {
    return this.state.at?.next ?? 0;
  }
  /** A return elsewhere than to the call that the function is built in at is left to the interpreter. */
  protected leaveUnlessReturning(target: Node): void {
    if (this.#returnsTo === undefined) return;
    this.state.exit(node(op["i64.ne"], "i32", target, i64FromNumber(this.#returnsTo), undefined, 1));
  }
  jump(target: number): void {
    this.end = { kind: "jump", target };
  }
  jumpIf(bit: Node, target: number): void {
    this.end = { kind: "branch", condition: bit, target, next: this.#next() };
  }
  call(target: number): void {
    this.end = { kind: "call", target, next: this.#next() };
  }
  jumpTo(target: Node): void {
    const known = constantOf(target);
    this.end =
      known === undefined ? { kind: "jumpTo", pc: this.#pc(), target } : { kind: "jump", target: known };
  }
  callTo(target: Node): void {
    this.end = { kind: "callTo", pc: this.#pc(), target, next: this.#next() };
  }
  ret(target: Node): void {
    const next = this.#returnsTo;
    if (next !== undefined) this.end = { kind: "return", next };
    else this.end = { kind: "ret", pc: this.#pc(), target };
  }
}
