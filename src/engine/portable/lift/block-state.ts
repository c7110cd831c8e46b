// What a block under construction has done so far: its statements, and what slots and flags hold after them.
import type { GuestInstruction } from "../guest-isa.js";
import { op } from "../../../wasm/opcodes.js";
import type { ExitStatement, FlagFate, Statement } from "../ir/block.js";
import { type Flags, type FlagWords, fromBit } from "../ir/flags.js";
import { constantOf, entryNode, i64, isConstant, type Node, node, pseudo } from "../ir/node.js";
import type { RegisterFile } from "../ir/register-file.js";
import { add, copySlots, type SlotSet } from "../ir/slot-set.js";

export class BlockState {
  readonly pc: number;
  readonly file: RegisterFile;
  readonly statements: Statement[] = [];
  /** Nodes that stand for slots at the start, by slot. */
  readonly entries = new Map<number, Node>();
  /** Slots that have been set. */
  readonly writes: SlotSet;
  /** The instruction that is being run, and how many of the block were before it. */
  at: GuestInstruction | undefined;
  /** It goes where a register or memory says. */
  isIndirect = false;
  /** It copies, clears or stores vector registers whole, which suits any form of them. */
  isNeutral = false;
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

  constructor(pc: number, file: RegisterFile) {
    this.pc = pc;
    this.file = file;
    this.writes = file.none();
    this.#flags = Array.from({ length: file.flags }, (_, flag) => fromBit(this.#entry(file.flag + flag)));
  }

  #entry(slot: number): Node {
    let found = this.entries.get(slot);
    if (found === undefined) {
      found = entryNode(this.file, slot);
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
      if (source !== this.#flags[flag]) add(this.writes, this.file.flag + flag);
    });
    const isAll = this.#flags.every((source, flag) => source !== flags[flag]);
    // Flags that are kept are not read by that: whoever reads them later does, or sets all.
    if (isAll) {
      if (this.#readBy !== this.executed) this.#close("overwritten");
      else this.#open = [];
    }
    this.#flags = flags;
    this.set(this.file.flagsOperation, operation);
    this.set(this.file.flagsA, a);
    this.set(this.file.flagsB, b);
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

  /** What the vector registers hold that have been set. */
  vectors(): Map<number, Node> {
    const out = new Map<number, Node>();
    for (const [slot, value] of this.#current)
      if (this.file.isVector(slot)) out.set(slot - this.file.vector, value);
    return out;
  }

  /** What the block adds to the stack pointer, if that is a constant. */
  stackDelta(): number | undefined {
    const now = this.get(this.file.stackPointer);
    if (this.isStackPointer(now)) return 0;
    return now.op === op["i64.add"] && this.isStackPointer(now.a) && now.b !== undefined
      ? constantOf(now.b)
      : undefined;
  }

  /** Whether a value is the stack pointer's at the start. */
  isStackPointer(n: Node | undefined): boolean {
    return n?.op === pseudo.entry && n.imm === this.file.stackPointer;
  }
}
