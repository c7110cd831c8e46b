// A plan's memory as target and engine can give it: rounded to the target's unit, and no more than the engine has room
// for. docs/abi.md 3.2.
import { alignDown } from "../bytes/align.js";
import type { Target } from "../targets/contract.js";
import type { Plan } from "./attach.js";

interface Fitted {
  readonly plan: Plan;
  /** What to say where the user gets other memory than they asked for. */
  readonly adjustment: string | undefined;
}

/** `plan` with at most `memoryMax` bytes in the engine, what its target adds included. */
export function fitted(plan: Plan, target: Target, memoryMax = Infinity): Fitted {
  const { memUnit = 1 } = target;
  let memSize = Math.max(alignDown(plan.memSize, memUnit), memUnit);
  for (let excess; (excess = target.memory({ ...plan, memSize }).size - memoryMax) > 0;)
    memSize = alignDown(memSize - excess, memUnit);
  const adjustment = memSize === plan.memSize ? undefined : `adjusting memory to ${memSize} bytes`;
  return { plan: { ...plan, memSize }, adjustment };
}
