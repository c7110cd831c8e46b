// What the engine asks of an ISA. Nothing else in `portable` knows any: registers and flags, how calls are made, what
// instructions do to control flow, how they are lifted to intermediate code, and functions that their code may call.
import type { FunctionBody, FunctionType } from "../../wasm/module.js";
import type { MemoryShape } from "./ir/access.js";
import type { Block } from "./ir/block.js";
import type { Expressions } from "./ir/expression.js";
import type { RegisterFile } from "./ir/register-file.js";

/** A decoded instruction, as far as the engine looks at it. Addresses are below 4 GiB. */
export interface GuestInstruction {
  readonly pc: number;
  /** The address behind it. */
  readonly next: number;
}

/**
 * What an instruction does to control flow: goes to an address of its own always (`jump`) or on a condition (`branch`), calls
 * one, goes where a register or memory says (`jumpTo`), calls that (`callTo`), returns (`ret`), or cannot be
 * followed (`stop`).
 */
export type Flow = "jump" | "branch" | "call" | "jumpTo" | "callTo" | "ret" | "stop";

/** What a general register holds that targets are computed from: a guess, compared before the table is jumped by. */
export interface TableLabel {
  readonly register: number;
  readonly value: number;
}

/** A table of jump targets that cannot change. */
export interface JumpTable {
  /** The address of the instruction that reads it: the jump itself, or the load before. */
  readonly load: number;
  /** The general register with the index. */
  readonly index: number;
  /** The general register that holds its address, or -1 where the instruction has it. */
  readonly base: number;
  readonly at: number;
  /** Whether the code says how long it is: else there may be more of it here than belongs to it. */
  readonly isBounded: boolean;
  /** Absent where no register but `base` has part in it. */
  readonly label?: TableLabel | undefined;
  /** What it takes of memory. */
  readonly sizeBytes: number;
  readonly targets: readonly number[];
  /** What the load gives for each target. */
  readonly entries: readonly number[];
}

/** What an ISA sees of the guest where it looks for tables. */
export interface CodeAround {
  /** Guest memory from address 0. */
  readonly bytes: Uint8Array;
  readonly shape: MemoryShape;
  readonly isExecutable: (pc: number) => boolean;
  /** What a register holds as the unit is translated: a guess at what it holds in a loop that is running. */
  readonly registerNow: (index: number) => number;
}

/** Looks for tables along one path of a function. */
export interface TableSearch {
  /** Told of each instruction of the function as it is followed; `isStart` where it follows none of those before. */
  follow(i: GuestInstruction, isStart: boolean): void;
  /** The table by which the latest instruction jumps. */
  find(code: CodeAround, known: ReadonlyMap<number, JumpTable>): JumpTable | undefined;
}

/** A load whose value is known: that of a jump table's entry, in the code for its index. */
export interface KnownLoad {
  readonly pc: number;
  readonly value: number;
  /** The register that has been compared with the table's address, or -1. */
  readonly base: number;
  readonly at: number;
  readonly label?: TableLabel | undefined;
}

/** What a block's lifting is told. */
export interface LiftContext {
  readonly shape: MemoryShape;
  /** Floating point is as the guest's modes have it, not to nearest without flags. */
  readonly exact: boolean;
  readonly known?: KnownLoad | undefined;
  /** Whether the loads of an instruction look at the page map: the check of plain memory fails there often. */
  readonly looksUp: (pc: number) => boolean;
  /** Where the function returns to, being built in at a call. */
  readonly returnsTo?: number | undefined;
}

/** Builds one block: `instruction` for each, then `finish`. */
export interface Lifter<I extends GuestInstruction = GuestInstruction> {
  /** Adds one instruction; false where it ended the block. */
  instruction(i: I): boolean;
  /** Ends the block where an instruction reads a table of jumps: an edge for each of some targets, one for all else. */
  selectBy(table: JumpTable, known: readonly number[]): void;
  /** Ends the block where nothing has: it goes on at `next`. */
  finish(next: number): Block;
}

/** A function in the root's module, for translated code to call by its index: `helperIndex`. */
export interface Helper {
  readonly name: string;
  readonly type: FunctionType;
  /** `type`: its index in the module's types. */
  readonly body: (type: number, shape: MemoryShape) => FunctionBody;
}

/** A function that is made when translated code first calls it, by a place in the table: `onDemandSlot`. */
export interface OnDemand {
  readonly name: string;
  /** Gives an i32 that is not 0 where the instruction is left to the interpreter. */
  readonly type: FunctionType;
  /** A module that puts it into the table's place `slot`. */
  readonly module: (memoryPages: number, slot: number) => Uint8Array;
}

export interface GuestIsa<I extends GuestInstruction = GuestInstruction> {
  readonly name: string;
  /** What of the host its code relies on without asking: where that differs, code that was kept is another's. */
  readonly codeVariant?: () => string;
  readonly registers: RegisterFile;
  /** Bytes that a call pushes: those of the return address, or 0 where a register has it. */
  readonly pushedByCall: number;
  /** The general register that a call puts the return address into, where it pushes none. */
  readonly link?: number | undefined;

  // Decoding and control flow.

  /** The instruction at an address; undefined where there is none. */
  decode(bytes: Uint8Array, pc: number): I | undefined;
  flowOf(i: I): Flow | undefined;
  /** Whether what lies at a place is a call, or a call or jump to where a register or memory says: asked for each jump that is interpreted. */
  transferAt(bytes: Uint8Array, place: number): "call" | "callTo" | "jumpTo" | undefined;
  /** Where a `jump`, `branch` or `call` goes. */
  targetOf(i: I): number | undefined;
  /** Whether translated code leaves an instruction to the interpreter. */
  isSlow(i: I): boolean;
  /** Whether it does so with several in a row at once: a block ends behind the last. */
  isChained(i: I): boolean;
  /** Whether it sets the stack pointer to something new, so that a return hardly goes back to its call. */
  switchesStacks(i: I): boolean;
  newTableSearch(): TableSearch;

  // Lifting and emitting.

  newLifter(pc: number, context: LiftContext): Lifter<I>;
  /** Writes code that brings the locals of some flags' bits up to date with the state area; flags by number. */
  loadFlags(e: Expressions, flags: readonly number[]): void;
  readonly helpers: readonly Helper[];
  readonly onDemand: readonly OnDemand[];
  /** The function that makes the flags in the state area plain ones; asks `imported.settle` for what it cannot. */
  settle(type: number): FunctionBody;
}
