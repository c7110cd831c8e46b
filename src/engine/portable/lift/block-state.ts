// What a block under construction has done so far: its statements, and what slots and flags hold after them.
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { op } from "../../../wasm/opcodes.js";
import type { ExitStatement, FlagFate, Statement } from "../ir/block.js";
import { flagNames, type Flags, type FlagWords, fromBit } from "../../x86-64/lift/flags.js";
import { constantOf, entryNode, i64, isConstant, type Node, node, pseudo } from "../ir/node.js";
import { add, copySlots, isXmm, noSlots, RSP, slots, type SlotSet } from "../ir/slots.js";

export class BlockState {
  readonly pc: number;
  readonly statements: Statement[] = [];
  /** Nodes that stand for slots at the start, by slot. */
  readonly entries = new Map<number, Node>();
  /** Slots that have been set. */
  readonly writes: SlotSet = noSlots();
  /** The instruction that is being run, and how many of the block were before it. */
  at: Instruction | undefined;
  executed = 0;
  #flags: Flags;
  /** What becomes of the flags at the block's start and at exits, as long as nothing has read or set them since. */
  readonly #start: { flags: FlagFate } = { flags: "kept" };
  #open: { flags: FlagFate }[] = [this.#start];
  /** The instruction, by its number in the block, that has read flags. */
  #readBy = -1;
  /** What slots hold that have been set, by slot. */
  readonly #current = new Map<number, Node>();
  /** Those of them whose locals hold something older. */
  readonly #unsynced = new Set<number>();

  constructor(pc: number) {
    this.pc = pc;
    this.#flags = flagNames.map((_, flag) => fromBit(this.#entry(slots.flag + flag)));
  }

  #entry(slot: number): Node {
    let found = this.entries.get(slot);
    if (found === undefined) {
      found = entryNode(slot);
      this.entries.set(slot, found);
    }
    return found;
  }

  get(slot: number): Node {
    return this.#current.get(slot) ?? this.#entry(slot);
  }

  set(slot: number, value: Node): void {
    this.#current.set(slot, value);
    this.#unsynced.add(slot);
    add(this.writes, slot);
  }

  /** Says what a slot holds at the start, where the way to the block tells. */
  assume(slot: number, value: Node): void {
    this.#current.set(slot, value);
  }

  get flags(): Flags {
    return this.#flags;
  }

  setFlags(flags: Flags, [operation, a, b]: FlagWords): void {
    flags.forEach((source, flag) => {
      if (source !== this.#flags[flag]) add(this.writes, slots.flag + flag);
    });
    const isAll = this.#flags.every((source, flag) => source !== flags[flag]);
    if (!isAll) this.flagsAreRead();
    else if (this.#readBy !== this.executed) this.#close("overwritten");
    else this.#open = [];
    this.#flags = flags;
    this.set(slots.flagsOperation, operation);
    this.set(slots.flagsA, a);
    this.set(slots.flagsB, b);
  }

  /** The instruction reads flags: exits before it must have them. */
  flagsAreRead(): void {
    this.#readBy = this.executed;
    this.#close("read");
  }

  #close(flags: FlagFate): void {
    for (const place of this.#open) place.flags = flags;
    this.#open = [];
  }

  get flagsAtStart(): FlagFate {
    return this.#start.flags;
  }

  /** Leaves before this instruction when the condition holds; all slots are in their locals then. */
  exit(when: Node): ExitStatement {
    for (const slot of this.#unsynced) {
      this.statements.push({ kind: "set", slot, value: this.get(slot) });
    }
    this.#unsynced.clear();
    const exit: ExitStatement = {
      kind: "exit",
      when,
      pc: this.at?.pc ?? this.pc,
      executed: this.executed,
      written: copySlots(this.writes),
      stackDelta: this.stackDelta(),
      flags: this.#readBy === this.executed ? "read" : "kept",
    };
    if (exit.flags === "kept") this.#open.push(exit);
    this.statements.push(exit);
    return exit;
  }

  /** Where control goes must be below 4 GiB: the interpreter knows what else may be there, and raises #GP where none. */
  requireLow(target: Node): void {
    if (isConstant(target) && target.high === 0) return;
    this.exit(node(op["i64.gt_u"], "i32", target, i64(-1, 0), undefined, 1));
  }

  /** What slots hold at the end, by slot, but for those that an exit has put into their locals. */
  final(): Map<number, Node> {
    return new Map([...this.#unsynced].map((slot) => [slot, this.get(slot)] as const));
  }

  /** What the xmm registers hold that have been set. */
  vectors(): Map<number, Node> {
    const out = new Map<number, Node>();
    for (const [slot, value] of this.#current) if (isXmm(slot)) out.set(slot - slots.xmm, value);
    return out;
  }

  /** What the block adds to rsp, if that is a constant. */
  stackDelta(): number | undefined {
    const rsp = this.get(slots.gpr + RSP);
    if (isRspAtStart(rsp)) return 0;
    return rsp.op === op["i64.add"] && isRspAtStart(rsp.a) && rsp.b !== undefined
      ? constantOf(rsp.b)
      : undefined;
  }
}

export const isRspAtStart = (n: Node | undefined): boolean =>
  n?.op === pseudo.entry && n.imm === slots.gpr + RSP;
