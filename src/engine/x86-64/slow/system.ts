// System instructions: control and debug registers, MSRs, bases of segments, flags of interrupts, ports. Specification: Intel SDM
// volume 2 and 3.
import type { Operand } from "../../../isa/x86-64/instruction.js";
import { rflag } from "../cpu.js";
import { generalProtection, undefinedOpcode } from "../fault.js";
import {
  canonical,
  type Machine,
  memoryOperand,
  numberOf,
  readOperand,
  requireIoPrivilege,
  type Slow,
  writeOperand,
} from "../machine.js";
import { readMsr, writeMsr } from "../msr.js";
import { setControl, getControl } from "../control-registers.js";
import { state } from "../state.js";

const RCX = 1;

const setFlagBit =
  (bit: number, on: boolean): Slow =>
  (m) => {
    m.cpu.rflags = on ? m.cpu.rflags | bit : m.cpu.rflags & ~bit;
  };

/** CLI and STI need IOPL, which a process does not have. */
const interruptFlag =
  (on: boolean): Slow =>
  (m, i) => {
    if (m.cpu.cpl > ((m.cpu.rflags >> 12) & 3))
      throw generalProtection(`${i.row.mnemonic} without privilege`);
    const isNew = on && (m.cpu.rflags & rflag.IF) === 0;
    setFlagBit(rflag.IF, on)(m, i);
    if (isNew) m.flagsChanged(true);
  };

function halfPair(m: Machine): bigint {
  return (BigInt(m.cpu.low(2) >>> 0) << 32n) | BigInt(m.cpu.low(0) >>> 0);
}

function setHalfPair(m: Machine, value: bigint): void {
  m.cpu.setGpr(0, BigInt.asUintN(32, value));
  m.cpu.setGpr(2, BigInt.asUintN(32, value >> 32n));
}

const counter = (m: Machine): void => {
  const exit = { kind: "counter" as const, value: 0n };
  m.ask(exit);
  setHalfPair(m, exit.value);
};

/** RDFSBASE and its kin. */
const baseOf = (name: string) => (name.includes("FS") ? state.fsBase : state.gsBase) >> 3;

const readBase: Slow = (m, i) => writeOperand(m, i.operands[0], m.cpu.u64[baseOf(i.row.mnemonic)] ?? 0n);
const writeBase: Slow = (m, i) => {
  const value = readOperand(m, i.operands[0]);
  canonical(value);
  m.cpu.u64[baseOf(i.row.mnemonic)] = value;
};

export const systemInstructions: Record<string, Slow> = {
  HLT: (m) => m.halt(),
  CLI: interruptFlag(false),
  STI: interruptFlag(true),
  SMSW: (m, i) => writeOperand(m, i.operands[0], m.cpu.cr0),
  LMSW: (m, i) => {
    const value = readOperand(m, i.operands[0]) & 0xfn;
    setControl(m, 0, (m.cpu.cr0 & ~0xen) | value);
  },
  CLTS: (m) => {
    m.cpu.cr0 &= ~8n;
  },
  INVLPG: (m) => m.mmu.flush(),
  INVD: () => undefined,
  WBINVD: () => undefined,
  "MOV CR": (m, i) => {
    const [to, from] = i.operands;
    if (to?.kind === "control") setControl(m, to.index, readOperand(m, from));
    else writeOperand(m, to, getControl(m, numberOf(from)));
  },
  "MOV DR": (m, i) => {
    const [to, from] = i.operands;
    const msr = (o: Operand | undefined) => 0x1_0000_0000 + numberOf(o);
    // Debug registers are kept, not acted upon: the host's debugger has its own.
    if (to?.kind === "debug") m.msrs.set(msr(to), readOperand(m, from));
    else writeOperand(m, to, m.msrs.get(msr(from)) ?? (numberOf(from) === 7 ? 0x400n : 0n));
  },
  RDMSR: (m) => setHalfPair(m, readMsr(m, m.cpu.low(RCX) >>> 0)),
  WRMSR: (m) => writeMsr(m, m.cpu.low(RCX) >>> 0, halfPair(m)),
  SWAPGS: (m) => {
    const [gs, kernel] = [state.gsBase >> 3, state.kernelGsBase >> 3];
    const old = m.cpu.u64[gs] ?? 0n;
    m.cpu.u64[gs] = m.cpu.u64[kernel] ?? 0n;
    m.cpu.u64[kernel] = old;
  },
  RDFSBASE: readBase,
  RDGSBASE: readBase,
  WRFSBASE: writeBase,
  WRGSBASE: writeBase,
  RDPMC: () => {
    throw generalProtection("RDPMC without performance counters");
  },
  RDTSC: counter,
  RDTSCP: (m) => {
    counter(m);
    m.cpu.setGpr(RCX, readMsr(m, 0xc000_0103));
  },
  IN: (m, i) => {
    const [to, from] = i.operands;
    const size = (memoryOrRegisterWidth(to) / 8) as 1 | 2 | 4;
    const exit = { kind: "in" as const, port: portOf(m, from), size, value: 0 };
    m.ask(exit);
    writeOperand(m, to, BigInt(exit.value >>> 0));
  },
  OUT: (m, i) => {
    const [to, from] = i.operands;
    const size = (memoryOrRegisterWidth(from) / 8) as 1 | 2 | 4;
    m.ask({ kind: "out", port: portOf(m, to), size, value: Number(readOperand(m, from)) });
  },
  VMCALL: (m) => {
    if (m.exceptions === "exit") throw undefinedOpcode("VMCALL outside a virtual machine");
    m.ask({ kind: "hypercall" });
  },
  LDMXCSR: (m, i) => {
    const value = Number(readOperand(m, i.operands[0]));
    if ((value & ~0xffff) !== 0) throw generalProtection("reserved bits of MXCSR");
    m.setMxcsr(value);
  },
  STMXCSR: (m, i) => writeOperand(m, i.operands[0], BigInt(m.cpu.i32[state.mxcsr >> 2] ?? 0)),
};

const memoryOrRegisterWidth = (o: Operand | undefined): number =>
  o?.kind === "register" ? o.width : memoryOperand(o).width;

function portOf(m: Machine, o: Operand | undefined): number {
  requireIoPrivilege(m);
  return o?.kind === "immediate" ? o.low & 0xff : Number(readOperand(m, o) & 0xffffn);
}
