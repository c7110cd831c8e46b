// Registers by the manual's names, for targets and debuggers.
import type { Registers } from "../contract.js";
import { SP } from "../../isa/aarch64/emitter.js";
import type { Cpu } from "./cpu.js";
import { state } from "./state.js";

interface Accessor {
  readonly get: () => bigint;
  readonly set: (value: bigint) => void;
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

function table(cpu: Cpu): Map<string, Accessor> {
  const all = new Map<string, Accessor>();
  for (let n = 0; n <= SP; n++) {
    all.set(n === SP ? "sp" : `x${n}`, {
      get: () => cpu.general(n),
      set: (value) => cpu.setGeneral(n, u64(value)),
    });
    all.set(`v${n}`, { get: () => cpu.simd(n), set: (value) => cpu.setSimd(n, value) });
  }
  // Debuggers ask for the one that is in use by its name in EL1, where guests of virtual machines are.
  all.set("sp_el1", { get: () => cpu.general(SP), set: (value) => cpu.setGeneral(SP, u64(value)) });
  all.set("pc", {
    get: () => u64(BigInt(cpu.pc)),
    set: (value) => (cpu.pc = Number(BigInt.asIntN(64, value))),
  });
  // PSTATE of a process is its condition flags alone.
  const flags: Accessor = {
    get: () => BigInt(cpu.nzcv >>> 0),
    set: (value) => (cpu.nzcv = Number(BigInt.asIntN(32, value))),
  };
  all.set("nzcv", flags);
  all.set("pstate", flags);
  for (const name of ["fpcr", "fpsr"] as const) {
    all.set(name, {
      get: () => BigInt(cpu.word(state[name]) >>> 0),
      set: (value) => cpu.setWord(state[name], Number(BigInt.asIntN(32, value))),
    });
  }
  all.set("tpidr_el0", {
    get: () => cpu.u64[state.tpidr >> 3] ?? 0n,
    set: (value) => (cpu.u64[state.tpidr >> 3] = u64(value)),
  });
  return all;
}

/** A view of a CPU's registers; throws RangeError on a name that aarch64 does not have. */
export function registersOf(cpu: Cpu): Registers {
  const all = table(cpu);
  const find = (name: string): Accessor => {
    const found = all.get(name);
    if (found === undefined) throw new RangeError(`aarch64 has no register ${name}`);
    return found;
  };
  return { get: (name) => find(name).get(), set: (name, value) => find(name).set(value) };
}
