// Writes a unit as a WebAssembly function: its blocks in structured form, the spills at its ends, and one spill block
// for each set of dirty registers with which a check may fail. ENGINE.md, "The design", 1, 3, 4.
import type { CallSite, FunctionBody } from "../../../wasm/module.js";
import { op, type } from "../../../wasm/opcodes.js";
import { type Branch, type Part, structure } from "../../../wasm/structure.js";
import { hasTailCalls } from "../../../wasm/tail-calls.js";
import { state } from "../state.js";
import type { Block, ExitStatement, Terminator } from "./block.js";
import { type Dataflow, dataflow, isReloaded, spilledAtEnd } from "./dataflow.js";
import type { Unit } from "./discover.js";
import { Expressions, Locals } from "./expression.js";
import { type BlockPlan, eachValue, isWide, planBlock } from "./block-plan.js";
import type { FlagSnapshot } from "./flag-snapshot.js";
import { flagPositions } from "./flags.js";
import { isZero } from "./node.js";
import { lookup } from "./lookup.js";
import { COUNTED_MIN, hasStackWindow, imported, reasons, STACK_WINDOW, types, words } from "./protocol.js";
import { spillOrder } from "./spill-order.js";
import { loadSlots, storeFlags, storeSlot } from "./state-transfer.js";
import { stopTests } from "./stop-tests.js";
import {
  add,
  addAll,
  copySlots,
  has,
  hasFlags,
  keyOf,
  members,
  noSlots,
  remove,
  RSP,
  slotOffset,
  slots,
  type SlotSet,
  withoutFlags,
} from "./slots.js";

export interface EmitOptions {
  /** The function of the same module for a guest address, or the slot of the table that is kept for it. */
  readonly callee: (pc: number) => { readonly index: number } | { readonly slot: number };
  /** Whether status flags may be read after a call or return; compilers never do. */
  readonly flagsAcrossCalls: boolean;
  /** Fuel is instructions, counted exactly. */
  readonly counts: boolean;
  /** Whether an address is known to be called: units elsewhere are entered where a jump or a stop test stored all flags. */
  readonly isCalled: (pc: number) => boolean;
  /** Told where flags are read after a call or at the start of what is called. */
  readonly needsFlags: () => void;
}

const FUEL = 0;

export function emitUnit(unit: Unit, options: EmitOptions): FunctionBody {
  const parts = structure(unit.graph);
  const checked = stopTests(unit, parts);
  const flow = dataflow(unit.blocks, unit.graph, (block) => checked.has(block), options.flagsAcrossCalls);
  return new UnitEmitter(unit, flow, checked, options).emit(parts);
}

class UnitEmitter {
  readonly #unit: Unit;
  readonly #flow: Dataflow;
  readonly #checked: ReadonlySet<number>;
  readonly #options: EmitOptions;
  readonly #locals = new Locals(1);
  readonly #e = new Expressions(this.#locals);
  readonly #target = this.#locals.add("i64");
  readonly #exitPc = this.#locals.add("i32");
  /** Instructions of the block that is left that have been counted and not executed. */
  readonly #notExecuted = this.#locals.add("i32");
  readonly #label = this.#locals.add("i32");
  /** What the spill block stores as the flags: an operation, or -1 where they are as they were. */
  readonly #flagsKind = this.#locals.add("i32");
  readonly #flagsWords = [this.#locals.add("i64"), this.#locals.add("i64"), this.#locals.add("i64")] as const;
  #usesFlags = false;
  /** Calls of other units of the module. */
  readonly #calls: CallSite[] = [];
  /** What the end of the present block stores as the flags. */
  #endFlags: FlagSnapshot | undefined;
  readonly #exits: readonly (readonly SlotSet[])[];
  readonly #exitDepth = new Map<string, number>();
  #depth = 0;

  constructor(unit: Unit, flow: Dataflow, checked: ReadonlySet<number>, options: EmitOptions) {
    this.#unit = unit;
    this.#flow = flow;
    this.#checked = checked;
    this.#options = options;
    this.#exits = spillOrder(this.#exitSets());
  }

  #dirty(block: number): SlotSet {
    return this.#flow.dirty[block] ?? noSlots();
  }
  #live(block: number): SlotSet {
    return this.#flow.live[block] ?? noSlots();
  }

  /** The sets of dirty registers at all places where a check may fail. */
  #exitSets(): SlotSet[] {
    const sets: SlotSet[] = [];
    this.#unit.blocks.forEach((block, index) => {
      const before = this.#dirty(index);
      if (this.#checked.has(index)) sets.push(withoutFlags(before));
      for (const statement of block.statements) {
        if (statement.kind === "exit" && !isZero(statement.when))
          sets.push(withoutFlags(union(before, statement.written)));
      }
    });
    return sets;
  }

  emit(parts: readonly Part[]): FunctionBody {
    const e = this.#e;
    this.#entry();
    this.#resetFlagsKind();
    // Blocks of the exits, the outermost for what all of them end in, then the sets, the last to be stored outermost.
    const order = this.#exits.flat();
    for (let count = 0; count <= order.length; count++) this.#open(op.block);
    order.toReversed().forEach((set, index) => this.#exitDepth.set(keyOf(set), index + 1));
    this.#parts(parts);
    e.op("unreachable");
    for (const chain of this.#exits) {
      chain.forEach((set, index) => {
        this.#close();
        const next = chain[index + 1] ?? noSlots();
        for (const slot of members(set))
          if (!has(next, slot))
            storeSlot(e, slot, this.#unit.scalarXmm, () => e.get(this.#locals.slot(slot)));
      });
      this.#branch(this.#depth - 1);
    }
    this.#close();
    this.#leaveSlow();
    const name = `0x${this.#unit.entry.toString(16)}`;
    return { type: types.unit, locals: this.#locals.types, code: e.code.take(), name, calls: this.#calls };
  }

  #open(opcode: number): void {
    this.#e.code.byte(opcode);
    this.#e.code.byte(type.empty);
    this.#depth++;
  }
  #close(): void {
    this.#e.op("end");
    this.#depth--;
  }
  #branch(depth: number): void {
    this.#e.op("br");
    this.#e.code.u32(depth);
  }

  // Entry and exits.

  #entry(): void {
    const e = this.#e;
    // The stop test, and whether the stack is where it is expected.
    this.#open(op.block);
    this.#open(op.block);
    this.#isOutOfFuel();
    e.op("br_if");
    e.code.u32(0);
    if (hasStackWindow(this.#unit.shape)) {
      this.#rsp();
      e.i32(0);
      e.memory(op["i64.load"], 3, words.stackLow);
      e.op("i64.sub");
      e.i64(STACK_WINDOW);
      e.op("i64.lt_u");
      e.op("br_if");
    } else e.op("br");
    e.code.u32(1);
    this.#close();
    e.i64(this.#unit.entry);
    this.#returnTarget();
    this.#close();
    const { frameAbove, shape } = this.#unit;
    if (frameAbove > 0) {
      this.#rsp();
      e.i64(shape.size - frameAbove);
      e.op("i64.gt_u");
      this.#open(op.if);
      e.i32(0);
      e.i64(this.#unit.entry);
      e.memory(op["i64.store"], 3, state.rip);
      this.#returnLeave(reasons.slow);
      this.#close();
    }
    if (hasFlags(this.#live(0)) && this.#options.isCalled(this.#unit.entry)) this.#options.needsFlags();
    this.#reload(0);
  }

  /** Pushes whether to stop: counting rounds, or where instructions are counted, while there is enough for all of a unit. */
  #isOutOfFuel(): void {
    const e = this.#e;
    e.get(FUEL);
    if (this.#options.counts) {
      e.i32(COUNTED_MIN);
    } else {
      e.i32(1);
      e.op("i32.sub");
      e.code.byte(op["local.tee"]);
      e.code.u32(FUEL);
      e.i32(0);
    }
    e.op("i32.lt_s");
  }

  #addFuel(value: () => void): void {
    const e = this.#e;
    e.get(FUEL);
    value();
    e.op("i32.add");
    e.set(FUEL);
  }

  /** Pushes rsp as the state area has it. */
  #rsp(): void {
    this.#e.i32(0);
    this.#e.memory(op["i64.load"], 3, slotOffset(RSP));
  }

  /** Returns the address that is on the stack, and the fuel. */
  #returnTarget(): void {
    this.#e.get(FUEL);
    this.#e.op("return");
  }

  #returnLeave(reason: number): void {
    const e = this.#e;
    e.i32(0);
    e.i32(reason);
    e.memory(op["i32.store"], 2, words.reason);
    e.code.byte(op["i64.const"]);
    e.code.s64(-(1n << 63n));
    this.#returnTarget();
  }

  /** The common end of all exits by a failed check or a stop test. */
  #leaveSlow(): void {
    const e = this.#e;
    if (this.#usesFlags) {
      e.get(this.#flagsKind);
      e.i32(0);
      e.op("i32.ge_s");
      this.#open(op.if);
      storeFlags(
        e,
        () => e.get(this.#flagsKind),
        this.#flagsWords.map((local) => () => e.get(local)),
      );
      this.#close();
    }
    e.i32(0);
    e.get(this.#exitPc);
    e.op("i64.extend_i32_u");
    e.memory(op["i64.store"], 3, state.rip);
    if (this.#options.counts) this.#addFuel(() => e.get(this.#notExecuted));
    this.#returnLeave(reasons.slow);
  }

  /** Loads what a block needs from the state area. */
  #reload(block: number): void {
    loadSlots(this.#e, this.#live(block), this.#unit.scalarXmm);
  }

  // Structure.

  #parts(parts: readonly Part[]): void {
    for (const part of parts) this.#part(part);
  }

  #part(part: Part): void {
    const e = this.#e;
    switch (part.kind) {
      case "code":
        if (part.node < this.#unit.blocks.length) this.#block(part.node);
        return;
      case "exit":
        return;
      case "block":
      case "loop":
        this.#open(part.kind === "loop" ? op.loop : op.block);
        this.#parts(part.body);
        this.#close();
        return;
      case "branch":
        this.#setLabel(part.to.label);
        this.#branch(part.to.depth);
        return;
      case "branchIf":
        this.#branchIf(part.to);
        return;
      case "if":
        this.#condition(part.node);
        this.#open(op.if);
        this.#parts(part.zero);
        e.op("else");
        this.#parts(part.one);
        this.#close();
        // Both arms leave; what follows in the function is reached by branches only.
        e.op("unreachable");
        return;
      case "label":
        this.#setLabel(part.label);
        return;
      case "switch":
        this.#switch(part.node, part.depths);
        return;
      case "dispatch":
        e.get(this.#label);
        this.#branchTable(part.depths, part.depths.at(-1) ?? 0);
        return;
      default:
        part satisfies never;
    }
  }

  #setLabel(label: number | undefined): void {
    if (label === undefined) return;
    this.#e.i32(label);
    this.#e.set(this.#label);
  }

  #branchIf(to: Branch): void {
    this.#setLabel(to.label);
    this.#condition(to.node);
    if (to.edge === 1) this.#e.op("i32.eqz");
    this.#e.op("br_if");
    this.#e.code.u32(to.depth);
  }

  #branchTable(depths: readonly number[], otherwise: number): void {
    this.#e.op("br_table");
    this.#e.code.vector(depths, (depth) => this.#e.code.u32(depth));
    this.#e.code.u32(otherwise);
  }

  /** Pushes the condition of a block that ends in a branch. */
  #condition(block: number): void {
    const end = this.#unit.blocks[block]?.end;
    if (end?.kind !== "branch") throw new RangeError(`block ${block} has no condition`);
    this.#e.value(end.condition);
  }

  /** One way for each index; the last for any other. */
  #switch(block: number, depths: readonly number[]): void {
    const end = this.#unit.blocks[block]?.end;
    if (end?.kind !== "select") throw new RangeError(`block ${block} selects nothing`);
    const e = this.#e;
    const { index, order, when } = end;
    const otherwise = depths.at(-1) ?? 0;
    const branchIf = () => {
      e.op("br_if");
      e.code.u32(otherwise);
    };
    if (when !== undefined) {
      e.value(when);
      e.op("i32.eqz");
      branchIf();
    }
    if (isWide(index)) {
      e.value(index);
      e.i64(order.length);
      e.op("i64.ge_u");
      branchIf();
    }
    e.value(index);
    if (index.type === "i64") e.op("i32.wrap_i64");
    this.#branchTable(
      order.map((edge) => depths[edge] ?? 0),
      otherwise,
    );
  }

  // Blocks.

  #block(index: number): void {
    const block = this.#unit.blocks[index];
    if (block === undefined) return;
    const e = this.#e;
    e.begin(block.entries);
    if (this.#checked.has(index)) this.#stopTest(index, block);
    const counted = this.#countedIn(block);
    if (this.#options.counts && counted > 0) this.#addFuel(() => e.i32(-counted));
    const finals = this.#prepare(block, index);
    block.statements.forEach((statement, position) => {
      if (statement.kind === "set") e.setSlot(statement.slot, statement.value);
      else if (statement.kind === "load") e.load(statement.value);
      else if (statement.kind === "exit") this.#exit(statement, finals.snapshots.get(position), index);
      else {
        e.value(statement.address);
        e.value(statement.value);
        e.memory(statement.op, 0, statement.imm);
      }
    });
    for (const [slot, value] of finals.sets) e.setSlot(slot, value);
    this.#end(block.end, index);
  }

  /** Instructions that a block counts: one that the interpreter executes is counted there. */
  #countedIn(block: Block): number {
    return block.end.kind === "slow" ? block.instructions - 1 : block.instructions;
  }

  /** What the end of the block and its exits need, with all uses counted. */
  #prepare(block: Block, index: number): BlockPlan {
    const liveOut = noSlots();
    if (!isReloaded(block)) for (const to of this.#unit.graph[index] ?? []) addAll(liveOut, this.#live(to));
    const plan = planBlock(block, {
      dirty: this.#dirty(index),
      liveOut,
      spilled: this.#spilledAt(block, index),
      flagsAcrossCalls: this.#options.flagsAcrossCalls,
    });
    eachValue(block, plan, (value) => this.#e.count(value));
    this.#endFlags = plan.endFlags;
    return plan;
  }

  #spilledAt(block: Block, index: number): SlotSet {
    return spilledAtEnd(block, this.#dirty(index), this.#options.flagsAcrossCalls);
  }

  #exit(statement: ExitStatement, snapshot: FlagSnapshot | undefined, index: number): void {
    const e = this.#e;
    if (isZero(statement.when)) return;
    this.#setSnapshot(snapshot);
    e.i32(statement.pc);
    e.set(this.#exitPc);
    const block = this.#unit.blocks[index];
    if (this.#options.counts && block !== undefined) {
      e.i32(this.#countedIn(block) - statement.executed);
      e.set(this.#notExecuted);
    }
    e.value(statement.when);
    this.#leaveIf(union(this.#dirty(index), statement.written));
    if (snapshot !== undefined) this.#resetFlagsKind();
  }

  #resetFlagsKind(): void {
    this.#e.i32(-1);
    this.#e.set(this.#flagsKind);
  }

  #setSnapshot(snapshot: FlagSnapshot | undefined): void {
    const e = this.#e;
    if (snapshot === undefined) return;
    this.#usesFlags = true;
    e.i32(snapshot.kind);
    e.set(this.#flagsKind);
    snapshot.values.forEach((value, which) => {
      e.value(value);
      if (value.type === "i32") e.op("i64.extend_i32_u");
      e.set(this.#flagsWords[which] ?? 0);
    });
  }

  #leaveIf(dirty: SlotSet): void {
    const depth = this.#exitDepth.get(keyOf(withoutFlags(dirty)));
    if (depth === undefined) throw new RangeError("an exit without a spill block");
    this.#e.op("br_if");
    this.#e.code.u32(this.#depth - 1 - depth);
  }

  /** Out of fuel: leaves at the start of a block. Flags that live there are in their slots. */
  #stopTest(index: number, block: Block): void {
    const e = this.#e;
    this.#isOutOfFuel();
    this.#open(op.if);
    if (hasFlags(this.#live(index))) {
      this.#usesFlags = true;
      e.i32(0);
      e.set(this.#flagsKind);
      e.i32(0);
      for (let flag = 0; flag < flagPositions.length; flag++) {
        if (!has(this.#live(index), slots.flag + flag)) continue;
        e.get(this.#locals.slot(slots.flag + flag));
        e.i32(flagPositions[flag] ?? 0);
        e.op("i32.shl");
        e.op("i32.or");
      }
      e.op("i64.extend_i32_u");
      e.set(this.#flagsWords[0]);
    }
    e.i32(block.pc);
    e.set(this.#exitPc);
    if (this.#options.counts) {
      e.i32(0);
      e.set(this.#notExecuted);
    }
    e.i32(1);
    this.#leaveIf(this.#dirty(index));
    this.#close();
  }

  /** Stores what is dirty at the end of a block; the values are in the slots' locals. */
  #spill(index: number): void {
    const block = this.#unit.blocks[index];
    if (block === undefined) return;
    const e = this.#e;
    const dirty = this.#spilledAt(block, index);
    for (const slot of members(withoutFlags(dirty))) {
      storeSlot(e, slot, this.#unit.scalarXmm, () => e.get(this.#locals.slot(slot)));
    }
    this.#spillFlags();
  }

  /** Stores the flags at the end of the block that is being written. */
  #spillFlags(): void {
    const e = this.#e;
    if (this.#endFlags === undefined) return;
    const { kind, values } = this.#endFlags;
    storeFlags(
      e,
      () => e.i32(kind),
      [0, 1, 2].map((which) => () => {
        const value = values[which];
        if (value === undefined) return e.i64(0);
        e.value(value);
        if (value.type === "i32") e.op("i64.extend_i32_u");
      }),
    );
  }

  #end(end: Terminator, index: number): void {
    const e = this.#e;
    switch (end.kind) {
      case "jump":
      case "branch":
      case "select":
      case "return":
        return;
      case "ret":
        this.#spill(index);
        this.#storeReturned(end.pc);
        e.value(end.target);
        return this.#returnTarget();
      case "leave":
        this.#spill(index);
        if (this.#isTail(index) && this.#options.isCalled(end.pc)) return this.#callTo(end.pc, true);
        e.i64(end.pc);
        return this.#returnTarget();
      case "jumpTo":
        this.#spill(index);
        e.value(end.target);
        if (!this.#isTail(index)) return this.#returnTarget();
        e.set(this.#target);
        return this.#callTarget(true);
      case "call":
        this.#spill(index);
        this.#callTo(end.target, false);
        return this.#afterCall(end.next, index);
      case "callTo":
        this.#spill(index);
        e.value(end.target);
        e.set(this.#target);
        this.#callTarget(false);
        return this.#afterCall(end.next, index);
      case "slow":
        this.#spill(index);
        e.i32(0);
        e.i64(end.pc);
        e.memory(op["i64.store"], 3, state.rip);
        e.i32(end.next);
        e.op("call");
        e.code.u32(imported.slow);
        this.#open(op.if);
        this.#returnLeave(reasons.stopped);
        this.#close();
        return this.#reload(this.#unit.graph[index]?.[0] ?? 0);
      default:
        end satisfies never;
    }
  }

  /** The latest return, in case its target is none: then it has not happened. */
  #storeReturned(pc: number): void {
    this.#e.i32(0);
    this.#e.i32(pc);
    this.#e.memory(op["i32.store"], 2, words.returned);
  }

  #storeMissing(value: () => void): void {
    this.#e.i32(0);
    value();
    this.#e.memory(op["i64.store"], 3, words.missing);
  }

  #isTail(block: number): boolean {
    return hasTailCalls() && this.#unit.tails.has(block);
  }

  /** Calls the unit at an address, or goes on there in this function's place (`isTail`). */
  #callTo(pc: number, isTail: boolean): void {
    const e = this.#e;
    const callee = this.#options.callee(pc);
    if ("index" in callee) {
      e.get(FUEL);
      e.op(isTail ? "return_call" : "call");
      this.#calls.push({ at: e.code.length, to: pc });
      e.code.u32InFive(callee.index);
    } else {
      this.#storeMissing(() => e.i64(pc));
      e.get(FUEL);
      e.i32(callee.slot);
      this.#callIndirect(isTail);
    }
  }

  /** The same for the address in the local for targets. */
  #callTarget(isTail: boolean): void {
    this.#storeMissing(() => this.#e.get(this.#target));
    this.#e.get(FUEL);
    lookup(this.#e, this.#target);
    this.#callIndirect(isTail);
  }

  #callIndirect(isTail: boolean): void {
    this.#e.op(isTail ? "return_call_indirect" : "call_indirect");
    this.#e.code.u32(types.unit);
    this.#e.code.u32(0);
  }

  /** The callee returned where it was called from, or its caller returns outwards in turn. */
  #afterCall(next: number, index: number): void {
    const e = this.#e;
    e.set(FUEL);
    e.code.byte(op["local.tee"]);
    e.code.u32(this.#target);
    e.i64(next);
    e.op("i64.ne");
    this.#open(op.if);
    e.get(this.#target);
    this.#returnTarget();
    this.#close();
    this.#afterReturn(next, index);
  }

  /** Brings the locals up to date after a call that returned to its place. */
  #afterReturn(next: number, index: number): void {
    const e = this.#e;
    const live = copySlots(this.#live(this.#unit.graph[index]?.[0] ?? 0));
    if (hasFlags(live)) this.#options.needsFlags();
    if (has(live, slots.gpr + RSP)) {
      // The stack pointer is where it was, or the dispatcher goes on here.
      const rsp = this.#locals.slot(slots.gpr + RSP);
      e.get(rsp);
      e.i64(8);
      e.op("i64.add");
      e.code.byte(op["local.tee"]);
      e.code.u32(rsp);
      this.#rsp();
      e.op("i64.ne");
      this.#open(op.if);
      e.i64(next);
      this.#returnTarget();
      this.#close();
      remove(live, slots.gpr + RSP);
    }
    const kept = CALLEE_SAVED.filter((slot) => has(live, slot) && has(this.#heldAtEnd(index), slot));
    this.#keepOrLoad(kept);
    for (const slot of kept) remove(live, slot);
    loadSlots(e, live, this.#unit.scalarXmm);
  }

  /** Registers that functions leave as they were are compared, not loaded: what waits for them need not wait for memory. */
  #keepOrLoad(kept: readonly number[]): void {
    const e = this.#e;
    if (kept.length === 0) return;
    kept.forEach((slot, position) => {
      e.i32(0);
      e.memory(op["i64.load"], 3, slotOffset(slot));
      e.get(this.#locals.slot(slot));
      e.op("i64.xor");
      if (position > 0) e.op("i64.or");
    });
    e.i64(0);
    e.op("i64.ne");
    this.#open(op.if);
    const set = noSlots();
    for (const slot of kept) add(set, slot);
    loadSlots(e, set, this.#unit.scalarXmm);
    this.#close();
  }

  #heldAtEnd(index: number): SlotSet {
    return union(this.#flow.held[index] ?? noSlots(), this.#unit.blocks[index]?.writes ?? noSlots());
  }
}

/** rbx, rbp, r12 to r15: System V ABI 3.2.1. */
const CALLEE_SAVED = [3, 5, 12, 13, 14, 15];

const union = (a: SlotSet, b: SlotSet): SlotSet => {
  const out = copySlots(a);
  addAll(out, b);
  return out;
};
