// Watchpoints: those that the CPU has no registers for are compared after every instruction.
import type { Access } from "../engine/contract.js";
import type { GuestMemory } from "../image/memory.js";
import type { HardwareWatch } from "./cpu-debug.js";

export interface Watches {
  /** Those that the CPU is to watch. */
  readonly inRegisters: readonly HardwareWatch[];
  /** Whether there are any that the CPU does not. */
  readonly areCompared: boolean;
  /** Throws RangeError where the CPU has no register left, and comparing tells nothing. */
  set(address: bigint, length: number, access: Access, on: boolean): void;
  /** A place that is compared and holds something else than before. */
  changed(): HardwareWatch | undefined;
}

export const noRegister = (): RangeError => new RangeError("the CPU has no debug register for this");

/** `isPossible` says whether the CPU can do all that is wished for, with what `inRegisters` has then. */
export function createWatches(memory: GuestMemory, isPossible: () => boolean): Watches {
  const watches = new Map<string, HardwareWatch>();
  /** What was there, of watchpoints without a register. */
  const compared = new Map<HardwareWatch, Uint8Array>();
  const put = (key: string, watch: HardwareWatch): void => {
    watches.set(key, watch);
    if (isPossible()) return;
    const now = memory.bytes(watch.address, watch.length)?.slice();
    if (now === undefined || watch.accesses.has("read")) {
      watches.delete(key);
      throw noRegister();
    }
    compared.set(watch, now);
  };
  return {
    get inRegisters() {
      return [...watches.values()].filter((watch) => !compared.has(watch));
    },
    get areCompared() {
      return compared.size > 0;
    },
    set(address, length, access, on) {
      const key = `${address},${length}`;
      const before = watches.get(key);
      const accesses = new Set(before?.accesses);
      if (on) accesses.add(access);
      else accesses.delete(access);
      if (before !== undefined) compared.delete(before);
      watches.delete(key);
      if (accesses.size === 0) return;
      try {
        put(key, { address, length, accesses });
      } catch (error) {
        if (before !== undefined) put(key, before);
        throw error;
      }
    },
    changed() {
      for (const [watch, before] of compared) {
        const now = memory.bytes(watch.address, watch.length);
        if (now === undefined || now.every((byte, i) => byte === before[i])) continue;
        before.set(now);
        return watch;
      }
      return undefined;
    },
  };
}
