// Breakpoints of software: they lie in memory only while the guest runs, so that whoever looks sees the guest's own code.
import type { CpuDebug } from "./cpu-debug.js";

export interface Traps {
  readonly isEmpty: boolean;
  /** Throws RangeError where there is no code. */
  add(address: bigint): void;
  delete(address: bigint): void;
  /** Before the guest runs; the instruction at `except` stays what it is. */
  cover(except: bigint | undefined): void;
  /** After it has run. */
  uncover(): void;
  /** Whether there is one of ours in the way of the guest. */
  isCovered(address: bigint): boolean;
}

/** Writes code that the guest is to execute. */
export function writeCode(
  { codeWritten }: Pick<CpuDebug, "codeWritten">,
  at: Uint8Array,
  code: Uint8Array,
): void {
  at.set(code);
  codeWritten(at);
}

export function createTraps(cpu: CpuDebug): Traps {
  const { memory, trap } = cpu;
  const traps = new Set<bigint>();
  /** What lay where a trap is now. */
  const covered = new Map<bigint, Uint8Array>();
  return {
    get isEmpty() {
      return traps.size === 0;
    },
    add(address) {
      if (memory.bytes(address, trap.length) === undefined)
        throw new RangeError(`there is no code at ${address}`);
      traps.add(address);
    },
    delete: (address) => void traps.delete(address),
    cover(except) {
      for (const address of traps) {
        const code = address === except ? undefined : memory.bytes(address, trap.length);
        if (code === undefined) continue;
        covered.set(address, code.slice());
        writeCode(cpu, code, trap);
      }
    },
    uncover() {
      for (const [address, code] of covered) {
        const now = memory.bytes(address, code.length);
        // Unless the guest has written something of its own there.
        if (now?.every((byte, i) => byte === trap[i]) === true) writeCode(cpu, now, code);
      }
      covered.clear();
    },
    isCovered: (address) => covered.has(address),
  };
}
