// Which slots a block reads: those whose values at its start anything in it depends on.
import type { Statement, Terminator } from "./block.js";
import type { Flags } from "./flags.js";
import { type Node, pseudo } from "./node.js";
import { add, noSlots, type SlotSet } from "./slots.js";

/** The slots whose values at the start of the block anything in it depends on. */
export function readsOf(
  statements: readonly Statement[],
  final: Iterable<Node>,
  end: Terminator,
  flags: Flags,
  flagsAcrossCalls: boolean,
): SlotSet {
  const reads = noSlots();
  const visit = (n: Node | undefined): void => {
    if (n === undefined || n.mark) return;
    n.mark = true;
    if (n.op === pseudo.entry) add(reads, n.imm);
    visit(n.a);
    visit(n.b);
    visit(n.c);
  };
  /** Flags that are still those of the start count only where they go into other flags. */
  const visitFlags = (sources: Flags, isPart = false): void => {
    for (const { record, bit } of new Set(sources)) {
      if (bit !== undefined && (isPart || bit.op !== pseudo.entry)) visit(bit);
      if (record === undefined) continue;
      visit(record.a);
      visit(record.b);
      visit(record.result);
      record.bits.forEach(visit);
      if (record.before !== undefined) visitFlags(record.before, true);
    }
  };
  for (const statement of statements) {
    if (statement.kind === "set" || statement.kind === "load") visit(statement.value);
    else if (statement.kind === "exit") {
      visit(statement.when);
      visitFlags(statement.flags);
    } else {
      visit(statement.address);
      visit(statement.value);
    }
  }
  for (const value of final) visit(value);
  if (end.kind === "branch") visit(end.condition);
  if (end.kind === "callTo" || end.kind === "return" || end.kind === "ret" || end.kind === "jumpTo")
    visit(end.target);
  if (end.kind === "jumpTo" && end.table !== undefined) {
    visit(end.table.index);
    visit(end.table.guard?.base);
  }
  // After a call or return nothing reads flags, or all do: see EmitOptions.
  const isDead = end.kind === "ret" || end.kind === "call" || end.kind === "callTo" || end.kind === "jumpTo";
  if (!isDead || flagsAcrossCalls) visitFlags(flags);
  return reads;
}
