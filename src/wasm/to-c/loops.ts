// Which locals loops set: what was known of them before does not hold in there.
import type { Instruction } from "../instructions.js";

/** What each loop's code sets, with the loops in it. */
export function localsSetInLoops(
  code: readonly Instruction[],
): ReadonlyMap<Instruction, ReadonlySet<number>> {
  const found = new Map<Instruction, Set<number>>();
  const open: (Set<number> | undefined)[] = [];
  for (const instruction of code) {
    const { name, at, block } = instruction;
    if (block !== undefined) {
      const set = name === "loop" ? new Set<number>() : undefined;
      if (set !== undefined) found.set(instruction, set);
      open.push(set);
    } else if (name === "end") open.pop();
    else if (name === "local.set" || name === "local.tee") for (const set of open) set?.add(at[0] ?? 0);
  }
  return found;
}
