// A translated basic block before its code is written: statements in order, how it ends, and what it does to slots.
import type { Flags } from "./flags.js";
import { isZero, type Node } from "./node.js";
import type { Form } from "./forms.js";
import type { SlotSet } from "./slot-set.js";

/** Flags at a place in a block: something reads some of them, or all are set before that, or neither in the block. */
export type FlagFate = "read" | "overwritten" | "kept";

/** Leaves to the slow door, before the instruction at `pc` has any effect, when the condition holds; if it is 0, never. */
export interface ExitStatement {
  readonly kind: "exit";
  when: Node;
  readonly pc: number;
  /** Instructions of the block that were executed before. */
  readonly executed: number;
  /** Slots that the block has set so far; they are in their locals. */
  readonly written: SlotSet;
  /** What has been added to the stack pointer since the start of the block, where that is a constant. */
  readonly stackDelta: number | undefined;
  /** What becomes of the status flags after it, in the block. */
  flags: FlagFate;
}

interface StoreStatement {
  readonly kind: "store";
  readonly op: number;
  readonly address: Node;
  readonly value: Node;
  /** The instruction's constant offset. */
  imm: number;
  readonly sizeBytes: number;
}

export type Statement =
  | { readonly kind: "set"; readonly slot: number; readonly value: Node }
  | { readonly kind: "load"; readonly value: Node }
  | ExitStatement
  | StoreStatement;

/** How a block ends. Targets are guest addresses; `next` is where it goes on after a call. */
export type Terminator =
  | { readonly kind: "jump"; readonly target: number }
  | { readonly kind: "branch"; readonly condition: Node; readonly target: number; readonly next: number }
  | { readonly kind: "call"; readonly target: number; readonly next: number }
  | {
      readonly kind: "callTo";
      readonly pc: number;
      readonly target: Node;
      readonly next: number;
      /** Where it is likely to go. */
      readonly likely?: readonly number[];
    }
  | { readonly kind: "jumpTo"; readonly pc: number; readonly target: Node }
  /** By one edge of the graph for each index: `order[index]`; the last where it is beyond or `when` is 0. */
  | {
      readonly kind: "select";
      readonly index: Node;
      readonly order: readonly number[];
      readonly when: Node | undefined;
    }
  | { readonly kind: "ret"; readonly pc: number; readonly target: Node }
  /** The return of a function that is built in, to `next` in its caller. */
  | { readonly kind: "return"; readonly next: number }
  /** The interpreter executes the `count` instructions from `pc` to `next`; translated code goes on where that is what follows. */
  | {
      readonly kind: "slow";
      readonly pc: number;
      readonly next: number;
      readonly count: number;
      /** A helper that may do it instead, and what that is told; 0 out where it is done. */
      readonly helper?: { readonly index: number; readonly argument: number } | undefined;
    }
  /** The unit ends here; another goes on at `pc`. `isRare`: hardly ever, as what is there has not run so far. */
  | { readonly kind: "leave"; readonly pc: number; readonly isRare: boolean };

export interface Block {
  readonly pc: number;
  /** Its guest address is that in the slot for targets, not `pc`. */
  readonly isAtTarget?: true;
  readonly instructions: number;
  readonly statements: Statement[];
  readonly end: Terminator;
  /** What the slots hold at the end that were set, by slot. */
  readonly final: ReadonlyMap<number, Node>;
  /** What the vector registers hold at the end that were set, by register. */
  readonly vectors: ReadonlyMap<number, Node>;
  /** How the vector registers are used first whose values at the start are used, by register. */
  readonly wants: ReadonlyMap<number, Form>;
  /** Nodes that stand for slots at the start, by slot. */
  readonly entries: ReadonlyMap<number, Node>;
  readonly flags: Flags;
  /** Slots that are set; of vector registers, the one for all of it. */
  readonly writes: SlotSet;
  /** What becomes of the flags that there are at its start. */
  readonly flagsAtStart: FlagFate;
  /** What is added to the stack pointer, where that is a constant. */
  readonly stackDelta: number | undefined;
  /** Checks of accesses at the stack pointer and displacements in a range, relative to where it is at the start of the block. */
  readonly stackChecks: readonly StackCheck[];
}

export interface StackCheck {
  readonly exit: ExitStatement;
  readonly range: { readonly min: number; readonly max: number };
}

/** Guest addresses where control may go from a block, in the order of the graph's edges; a selection's are not addresses. */
export function successorsOf(end: Terminator): readonly number[] {
  switch (end.kind) {
    case "jump":
      return [end.target];
    case "branch":
      return [end.target, end.next];
    case "call":
    case "callTo":
    case "slow":
    case "return":
      return [end.next];
    case "jumpTo":
    case "select":
    case "ret":
    case "leave":
      return [];
    default:
      return end satisfies never;
  }
}

/** Whether a block may leave by a failed check. */
export const mayLeave = ({ statements }: Block): boolean =>
  statements.some((statement) => statement.kind === "exit" && !isZero(statement.when));
