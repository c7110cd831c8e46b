// Registers by the manual's names, for targets and debuggers.
import { LMA } from "./cpu.js";
import type { Registers } from "../contract.js";
import type { Core } from "./core.js";
import { readMsr, writeMsr } from "./msr.js";
import { segmentNumbers } from "./segments.js";
import { state } from "./state.js";
import { from80, to80 } from "./x87/formats.js";
import { fullTags, setTags } from "./x87/images.js";
import { unitOf } from "./x87/instruction.js";

interface Accessor {
  readonly get: () => bigint;
  readonly set: (value: bigint) => void;
}

const general = "rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15".split(" ");
const u64 = (value: bigint) => BigInt.asUintN(64, value);

function table(core: Core): Map<string, Accessor> {
  const { cpu, mmu, segments } = core;
  const all = new Map<string, Accessor>();
  general.forEach((name, n) =>
    all.set(name, { get: () => cpu.gpr(n), set: (value) => cpu.setGpr(n, u64(value)) }),
  );
  all.set("rip", {
    get: () => u64(BigInt(cpu.rip)),
    set: (value) => (cpu.rip = Number(BigInt.asIntN(64, value))),
  });
  all.set("rflags", {
    get: () => BigInt(cpu.rflags >>> 0),
    set: (value) => (cpu.rflags = Number(value & 0xffff_ffffn)),
  });
  const word = (name: string, offset: number) =>
    all.set(name, {
      get: () => cpu.u64[offset >> 3] ?? 0n,
      set: (value) => (cpu.u64[offset >> 3] = u64(value)),
    });
  word("fs_base", state.fsBase);
  word("gs_base", state.gsBase);
  word("kernel_gs_base", state.kernelGsBase);
  for (let n = 0; n < 16; n++) {
    const at = (state.xmm >> 3) + 2 * n;
    all.set(`xmm${n}`, {
      get: () => (cpu.u64[at] ?? 0n) | ((cpu.u64[at + 1] ?? 0n) << 64n),
      set: (value) => {
        cpu.u64[at] = u64(value);
        cpu.u64[at + 1] = u64(value >> 64n);
      },
    });
  }
  all.set("mxcsr", {
    get: () => BigInt(cpu.i32[state.mxcsr >> 2] ?? 0),
    set: (value) => (cpu.i32[state.mxcsr >> 2] = Number(value & 0xffffn)),
  });
  const unit = unitOf(core);
  const st = (n: number) => (unit.top + n) & 7;
  for (let n = 0; n < 8; n++) {
    all.set(`st${n}`, {
      get: () => to80(unit.raw(st(n))),
      set: (value) => unit.setRaw(st(n), from80(value)),
    });
  }
  all.set("fctrl", { get: () => BigInt(unit.control), set: (value) => (unit.control = Number(value)) });
  all.set("fstat", { get: () => BigInt(unit.status), set: (value) => (unit.status = Number(value)) });
  all.set("ftag", {
    get: () => BigInt(fullTags(unit)),
    set: (value) => setTags(unit, Number(value)),
  });
  all.set("fioff", { get: () => unit.pointer, set: (value) => (unit.pointer = u64(value)) });
  all.set("fooff", { get: () => unit.operand, set: (value) => (unit.operand = u64(value)) });
  all.set("fop", { get: () => BigInt(unit.opcode), set: (value) => (unit.opcode = Number(value)) });
  // Targets set what no MOV could: nothing is checked, and everything derived from it is forgotten.
  for (const name of ["cr0", "cr2", "cr3", "cr4", "cr8", "efer"] as const) {
    all.set(name, {
      get: () => cpu[name],
      set: (value) => {
        cpu[name] = u64(value);
        // Who switches long mode on from outside starts in 64-bit code.
        if (name === "efer") segments.longCode = (value & LMA) !== 0n;
        mmu.flush();
      },
    });
  }
  for (const [name, n] of Object.entries(segmentNumbers)) {
    all.set(name.toLowerCase(), {
      get: () => BigInt(segments.selectors[n] ?? 0),
      set: (value) => {
        segments.selectors[n] = Number(value & 0xffffn);
        if (n === segmentNumbers.CS && core.exceptions === "guest" && cpu.cpl !== Number(value & 3n)) {
          cpu.cpl = Number(value & 3n);
          mmu.flush();
        }
      },
    });
  }
  for (const name of ["gdt", "idt"] as const) {
    all.set(`${name}_base`, {
      get: () => u64(BigInt(segments[name].base)),
      set: (value) => (segments[name].base = Number(BigInt.asIntN(64, value))),
    });
    all.set(`${name}_limit`, {
      get: () => BigInt(segments[name].limit),
      set: (value) => (segments[name].limit = Number(value & 0xffffn)),
    });
  }
  all.set("tr", {
    get: () => BigInt(segments.task.selector),
    set: (value) => (segments.task.selector = Number(value & 0xffffn)),
  });
  for (const [name, number] of [
    ["star", 0xc000_0081],
    ["lstar", 0xc000_0082],
    ["fmask", 0xc000_0084],
  ] as const) {
    all.set(name, { get: () => readMsr(core, number), set: (value) => writeMsr(core, number, value) });
  }
  return all;
}

/** A view of a core's registers; throws RangeError on a name that x86-64 does not have. */
export function registersOf(core: Core): Registers {
  const all = table(core);
  const find = (name: string): Accessor => {
    const found = all.get(name);
    if (found === undefined) throw new RangeError(`x86-64 has no register ${name}`);
    return found;
  };
  return { get: (name) => find(name).get(), set: (name, value) => find(name).set(value) };
}
