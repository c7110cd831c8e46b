// Tells a guest that waits from one that works and often asks for the time: the former comes back to the same instruction with
// the same registers and the same stack, again and again. docs/abi.md 9.4.
import type { Stateful } from "../../../bytes/plain.js";
import type { Registers } from "../../../engine/contract.js";
import type { GuestMemory } from "../../../image/memory.js";

/** What a function's caller finds as it was, and where it is itself. Time stands in none of them where only yielding goes on. */
const kept = ["rip", "rsp", "rbx", "rbp", "r12", "r13", "r14", "r15"] as const;
/** Bytes of the stack that are compared: the frames of the loop and of whoever counts its turns. */
const stackBytes = 512;
/** Turns of a loop follow one another; so many of them, and it is one. */
const turn = { longestNsecs: 100_000n, count: 3 } as const;
/** Once a guest has waited in vain it needs no more than this. */
const turnsAgain = 2;

export interface WaitLoop {
  /**
   * Takes note of a look at the time, before which something has happened since the last one, or not. Gives since when the guest
   * waits, undefined where it does not; then it counts anew.
   */
  look(now: bigint, isActive: boolean): bigint | undefined;
  readonly stateful: Stateful;
}

type Turn = {
  readonly registers: readonly bigint[];
  readonly stack: Uint8Array;
};

/** `memory` lies where the guest sees it, as far as its stack goes. */
export function createWaitLoop(registers: Registers, memory: GuestMemory): WaitLoop {
  const none: Turn = { registers: [], stack: new Uint8Array() };
  const initial = { turn: none, last: 0n, count: 0, since: 0n, hasWaited: false };
  let state = initial;
  const current = (): Turn => {
    const values = kept.map((name) => registers.get(name));
    const stack = memory.bytes(values[kept.indexOf("rsp")] ?? 0n, stackBytes) ?? new Uint8Array();
    return { registers: values, stack };
  };
  return {
    look(now, isActive) {
      // A guest that has just waited may come late.
      const isNext = state.count === 0 || now - state.last < turn.longestNsecs;
      if (isActive || !isNext) {
        state = { ...initial, last: now };
        return undefined;
      }
      const here = current();
      if (!isSame(here, state.turn)) {
        state = {
          turn: { ...here, stack: here.stack.slice() },
          last: now,
          count: 1,
          since: now,
          hasWaited: false,
        };
        return undefined;
      }
      const count = state.count + 1;
      const waits = count >= (state.hasWaited ? turnsAgain : turn.count);
      state = { ...state, last: now, count: waits ? 0 : count, hasWaited: state.hasWaited || waits };
      return waits ? state.since : undefined;
    },
    stateful: {
      save: () => state,
      restore: (saved: typeof initial) => (state = saved),
    },
  };
}

/** By loops: it is asked at each look, of which a guest has some after every frame. */
function isSame(a: Turn, b: Turn): boolean {
  if (a.registers.length !== b.registers.length || a.stack.length !== b.stack.length) return false;
  for (let i = 0; i < a.registers.length; i++) if (a.registers[i] !== b.registers[i]) return false;
  for (let i = 0; i < a.stack.length; i++) if (a.stack[i] !== b.stack[i]) return false;
  return true;
}
