// The WebAssembly function that a unit becomes, while it is written: what the files of this folder share of it, and
// the few pieces of code that any of them may need.
import type { CallSite } from "../../../wasm/module.js";
import { op, type } from "../../../wasm/opcodes.js";
import type { ExitStatement } from "../ir/block.js";
import type { Dataflow } from "../optimise/dataflow.js";
import type { Unit } from "../lift/discover.js";
import { Expressions, Locals } from "../ir/expression.js";
import { COUNTED_MIN, LEAVE, UNIT_PARAMETERS, words } from "../link/protocol.js";
import type { GuestIsa } from "../guest-isa.js";
import type { RegisterFile } from "../ir/register-file.js";
import { addAll, copySlots, remove, type SlotSet } from "../ir/slot-set.js";
import { loadSlots } from "./state-transfer.js";

export interface EmitOptions {
  readonly isa: GuestIsa;
  /** The function of the same module for a guest address, or the slot of the table that is kept for it. */
  readonly callee: (pc: number) => { readonly index: number } | { readonly slot: number };
  /** The slot of the table for the unit at an address that relies on nothing around the stack pointer. */
  readonly carefulSlot: (pc: number) => number;
  /** Fuel is instructions, counted exactly. */
  readonly counts: boolean;
  /** Status flags are stored at every exit, also those that nothing reads any more. */
  readonly keepsFlags: boolean;
}

/** The parameters, locals like the others: what may still be executed, and how much of V8's stack may be used. */
const FUEL = 0;
export const DEPTH = 1;
/** The first of the registers that are passed. */
export const PASSED = 2;

export interface UnitCode {
  readonly isa: GuestIsa;
  readonly file: RegisterFile;
  readonly unit: Unit;
  readonly options: EmitOptions;
  readonly flow: Dataflow;
  /** Blocks with a stop test. */
  readonly checked: ReadonlySet<number>;
  readonly e: Expressions;
  readonly local: {
    /** Where a call or jump goes, and where a callee says to go on. */
    readonly target: number;
    /** Where to go on after an exit: see `exits.ts`. */
    readonly exitPlace: number;
    /** Where the function returns to, as its entry finds it; -1 where that is on the stack. */
    readonly link: number;
    /** Instructions of the block that is left that have been counted and not executed. */
    readonly notExecuted: number;
    /** What callees may use of V8's stack. */
    readonly depth: number;
    /** Which way a dispatch node goes. */
    readonly label: number;
  };
  /** Calls of other units of the module. */
  readonly calls: CallSite[];
  /** At which depth the spill block for a set of dirty slots is. */
  readonly exitDepth: Map<string, number>;
  /** How many blocks are open. */
  depth: number;
  /** Where in the code the constant is to be put that says what the function takes of V8's stack. */
  frameBytesAt: number;
}

export function unitCode(
  unit: Unit,
  flow: Dataflow,
  checked: ReadonlySet<number>,
  options: EmitOptions,
): UnitCode {
  const { isa } = options;
  const file = isa.registers;
  const locals = new Locals(UNIT_PARAMETERS, file);
  const local = {
    target: locals.add("i64"),
    exitPlace: locals.add("i64"),
    link: isa.link === undefined ? -1 : locals.add("i64"),
    notExecuted: locals.add("i32"),
    depth: locals.add("i32"),
    label: locals.add("i32"),
  };
  const e = new Expressions(locals);
  const exitDepth = new Map<string, number>();
  const written = { calls: [], exitDepth, depth: 0, frameBytesAt: 0 };
  return { isa, file, unit, options, flow, checked, e, local, ...written };
}

// Slots.

export const dirtyAt = ({ flow, file }: UnitCode, block: number): SlotSet => flow.dirty[block] ?? file.none();
export const liveAt = ({ flow, file }: UnitCode, block: number): SlotSet => flow.live[block] ?? file.none();

/** What the end of a block stores. */
export const spilledAt = ({ flow, file }: UnitCode, index: number): SlotSet =>
  flow.spilled[index] ?? file.none();

/** What an exit stores. */
export function dirtyAtExit(u: UnitCode, block: number, exit: ExitStatement): SlotSet {
  const dirty = union(dirtyAt(u, block), u.file.placed(exit.written));
  const needsFlags =
    u.options.keepsFlags ||
    exit.flags === "read" ||
    (exit.flags === "kept" && u.flow.flagsAtEnd[block] === 1);
  return needsFlags ? dirty : u.file.withoutFlagWords(dirty);
}

/** What a stop test at the start of a block stores. */
export function dirtyAtStop(u: UnitCode, block: number): SlotSet {
  const dirty = dirtyAt(u, block);
  return u.flow.flagsAtStart[block] === 1 ? dirty : u.file.withoutFlagWords(dirty);
}

export function union(a: SlotSet, b: SlotSet): SlotSet {
  const out = copySlots(a);
  addAll(out, b);
  return out;
}

/** Slots that are right in their locals at the end of a block. */
export const heldAtEnd = ({ flow, file, unit }: UnitCode, index: number): SlotSet =>
  union(flow.held[index] ?? file.none(), unit.blocks[index]?.writes ?? file.none());

/** Loads what a block needs from the state area, but for slots that are loaded already. */
export function reload(u: UnitCode, block: number, loaded: readonly number[] = []): void {
  const live = copySlots(liveAt(u, block));
  for (const slot of [u.file.target, ...loaded]) remove(live, slot);
  loadSlots(u, live);
}

export const hasAliases = ({ unit }: UnitCode): boolean => unit.aliases.length > 0;

/** Pushes the address where the unit has been entered. */
export function pushEntry(u: UnitCode): void {
  const { e, unit } = u;
  if (!hasAliases(u)) return e.i64(unit.entry);
  e.i32(0);
  e.memory(op["i64.load32_u"], 2, words.elsewhere);
}

/** Pushes a general register as the state area has it. */
export function pushStored({ e, file }: UnitCode, slot: number): void {
  e.i32(0);
  e.memory(op["i64.load"], 3, file.placeOf(slot));
}

// Blocks.

export function open(u: UnitCode, opcode: number): void {
  u.e.code.byte(opcode);
  u.e.code.byte(type.empty);
  u.depth++;
}

export function close(u: UnitCode): void {
  u.e.op("end");
  u.depth--;
}

export function branch({ e }: UnitCode, depth: number): void {
  e.op("br");
  e.code.u32(depth);
}

export function branchIf({ e }: UnitCode, depth: number): void {
  e.op("br_if");
  e.code.u32(depth);
}

// Fuel and returns.

/** Pushes whether to stop: counting rounds, or where instructions are counted, while there is enough for all of a unit. */
export function pushOutOfFuel(u: UnitCode): void {
  pushSpareFuel(u);
  u.e.i32(0);
  u.e.op("i32.lt_s");
}

/** Pushes what is below 0 where it is time to stop. */
export function pushSpareFuel({ e, options }: UnitCode): void {
  e.get(FUEL);
  e.i32(options.counts ? COUNTED_MIN : 1);
  e.op("i32.sub");
  if (options.counts) return;
  e.code.byte(op["local.tee"]);
  e.code.u32(FUEL);
}

export function addFuel({ e }: UnitCode, value: () => void): void {
  e.get(FUEL);
  value();
  e.op("i32.add");
  e.set(FUEL);
}

export const pushFuel = ({ e }: UnitCode): void => e.get(FUEL);
export const setFuel = ({ e }: UnitCode): void => e.set(FUEL);

/** Returns the address that is on the stack, and the fuel. */
export function returnTarget({ e }: UnitCode): void {
  e.get(FUEL);
  e.op("return");
}

/** Returns to the dispatcher, which looks at the state area. */
export function returnLeave(u: UnitCode): void {
  const { e } = u;
  e.code.byte(op["i64.const"]);
  e.code.s64(LEAVE);
  returnTarget(u);
}
