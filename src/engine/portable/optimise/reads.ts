// Which slots a block reads: those whose values at its start anything in it depends on.
import type { Statement, Terminator } from "../ir/block.js";
import type { Flags, FlagSource } from "../ir/flags.js";
import { type Node, pseudo } from "../ir/node.js";
import type { RegisterFile } from "../ir/register-file.js";
import { add, type SlotSet } from "../ir/slot-set.js";

export interface Reads {
  /** Slots whose values at the start of the block anything in it depends on, flags set in it excepted. */
  readonly reads: SlotSet;
  /** Slots that only bits of flags set in the block depend on: read where those are. */
  readonly flagReads: SlotSet;
}

export function readsOf(
  file: RegisterFile,
  statements: readonly Statement[],
  final: Iterable<Node>,
  end: Terminator,
  flags: Flags,
): Reads {
  const reads = file.none();
  const flagReads = file.none();
  let found = reads;
  const visit = (n: Node | undefined): void => {
    if (n === undefined || n.mark) return;
    n.mark = true;
    if (n.op === pseudo.entry) add(found, n.imm);
    visit(n.a);
    visit(n.b);
    visit(n.c);
  };
  for (const statement of statements) {
    if (statement.kind === "set" || statement.kind === "load") visit(statement.value);
    else if (statement.kind === "exit") visit(statement.when);
    else {
      visit(statement.address);
      visit(statement.value);
    }
  }
  for (const value of final) visit(value);
  if (end.kind === "branch") visit(end.condition);
  if (end.kind === "callTo" || end.kind === "ret" || end.kind === "jumpTo") visit(end.target);
  if (end.kind === "select") {
    visit(end.index);
    visit(end.when);
  }
  // What is left are values that only flags depend on.
  found = flagReads;
  const visitFlags = (sources: Flags, isPart: boolean): void => {
    let previous: FlagSource | undefined;
    for (const source of sources) {
      if (source === previous) continue;
      previous = source;
      const { record, bit } = source;
      // Flags that are still those of the start count only where they go into other flags.
      if (isPart || bit?.op !== pseudo.entry) visit(bit);
      if (record === undefined) continue;
      visit(record.a);
      visit(record.b);
      visit(record.result);
      if (record.before !== undefined) visitFlags(record.before, true);
    }
  };
  visitFlags(flags, false);
  return { reads, flagReads };
}
