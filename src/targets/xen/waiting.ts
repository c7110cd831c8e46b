// What a domain waits for, and whether it is there.
import type { Wait } from "./calls/contract.js";
import type { Machine } from "./devices/machine.js";

/** A guest that halts waits for an interrupt. */
export type Waiting = Wait | { readonly kind: "interrupt" };

export function hasCome({ upcalls, events }: Machine, what: Waiting, now: bigint): boolean {
  switch (what.kind) {
    case "interrupt":
      return upcalls.isPending;
    case "event":
      return events.isMarked;
    case "ports": {
      const { ports, deadline } = what;
      const isDue = deadline !== undefined && deadline <= now;
      return isDue || events.isMarked || ports.some((port) => events.isPending(port));
    }
    default:
      return what satisfies never;
  }
}

/** When to look again at the latest, where that is known. */
export function nextTime({ timer }: Machine, what: Waiting): bigint | undefined {
  const deadline = what.kind === "ports" ? what.deadline : undefined;
  if (deadline === undefined || timer === undefined) return deadline ?? timer;
  return deadline < timer ? deadline : timer;
}
