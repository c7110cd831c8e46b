// Where a unit tests whether it must stop: once in every loop.
import type { Part } from "../../../wasm/structure.js";
import type { Unit } from "../lift/discover.js";

/** Blocks with a stop test: loop headers, and every entry of a loop that a dispatch node heads. */
export function stopTests(unit: Unit, parts: readonly Part[]): Set<number> {
  const found = new Set<number>();
  const { graph } = unit;
  const visit = (body: readonly Part[], inDispatch: boolean): void => {
    for (const part of body) {
      if (part.kind === "loop") {
        if (part.node < graph.length) found.add(part.node);
        visit(part.body, inDispatch || part.node >= graph.length);
      } else if (part.kind === "block") visit(part.body, inDispatch);
      else if (part.kind === "if") {
        visit(part.zero, inDispatch);
        visit(part.one, inDispatch);
      } else if (part.kind === "dispatch") part.targets.forEach((target) => found.add(target));
    }
  };
  visit(parts, false);
  return found;
}
