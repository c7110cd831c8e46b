// System instructions: control registers, tables, MSRs, privilege changes. Specification: Intel SDM volume 2 and 3.
import type { Instruction, Operand } from "../../../isa/x86-64/instruction.js";
import { rflag } from "../cpu.js";
import { setCode, setPrivilege } from "../exceptions.js";
import { generalProtection, undefinedOpcode, vector } from "../fault.js";
import {
  addressOf,
  canonical,
  type Machine,
  memoryOperand,
  pop,
  push,
  readOperand,
  requireIoPrivilege,
  type Slow,
  writeOperand,
} from "../machine.js";
import { readMsr, writeMsr } from "../msr.js";
import { setControl, getControl } from "../control-registers.js";
import { type Descriptor, segmentNumbers } from "../segments.js";
import { state } from "../state.js";

const RCX = 1;
const RSP = 4;
const R11 = 11;

const numberOf = (o: Operand | undefined): number => {
  if (o === undefined || !("index" in o)) throw new RangeError("not a numbered register");
  return o.index;
};

/** RFLAGS as POPF and IRET may change it at this privilege. */
function popFlags(m: Machine, value: bigint, size: number): void {
  const { TF, IF, DF, NT, AC, ID, IOPL } = rflag;
  let mask = 0xcd5 | TF | DF | NT | AC | ID;
  if (m.cpu.cpl === 0) mask |= IOPL | IF;
  if (size === 2) mask &= 0xffff;
  const bits = Number(value & 0xffff_ffffn);
  m.cpu.rflags = (m.cpu.rflags & ~(mask | rflag.RF)) | (bits & mask);
  m.flagsChanged(false);
}

const stackSize = (i: Instruction) => (i.operandWidth === 16 ? 2 : i.row.traits.mode === 32 ? 4 : 8);

const iret: Slow = (m, i) => {
  const size = i.operandWidth === 64 ? 8 : i.operandWidth === 32 ? 4 : 2;
  const at = canonical(m.cpu.gpr(RSP));
  const frame = [0, 1, 2, 3, 4].map((n) => m.memory.read(at + n * size, size));
  const [rip = 0n, cs = 0n, flags = 0n, rsp = 0n, ss = 0n] = frame;
  const code = m.segments.checkCode(Number(cs & 0xffffn));
  const target = canonical(rip);
  const cpl = Number(cs & 3n);
  if (cpl < m.cpu.cpl) throw generalProtection("IRET to more privilege", Number(cs & 0xfffcn));
  popFlags(m, flags, size);
  setCode(m, code);
  m.segments.selectors[segmentNumbers.SS] = Number(ss & 0xffffn);
  m.cpu.setGpr(RSP, rsp);
  m.cpu.rip = target;
  setPrivilege(m, cpl);
};

/** RETF: what bindings use to reload CS. To the same privilege only, as far as 64-bit mode needs it. */
const farReturn: Slow = (m, i) => {
  const size = i.operandWidth / 8;
  const at = canonical(m.cpu.gpr(RSP));
  const rip = m.memory.read(at, size);
  const cs = Number(m.memory.read(at + size, size) & 0xffffn);
  if ((cs & 3) !== m.cpu.cpl) throw generalProtection("far return to another privilege", cs & 0xfffc);
  const code = m.segments.checkCode(cs);
  const target = canonical(rip);
  const extra = i.operands[0]?.kind === "immediate" ? BigInt(i.operands[0].low & 0xffff) : 0n;
  setCode(m, code);
  m.cpu.setGpr(RSP, BigInt.asUintN(64, m.cpu.gpr(RSP) + BigInt(size * 2) + extra));
  m.cpu.rip = target;
};

/** Where a far jump or call goes: from memory, or in 32-bit mode from the instruction itself. */
function farTarget(m: Machine, i: Instruction): readonly [offset: bigint, selector: number] {
  const [first, second] = i.operands;
  if (first?.kind === "immediate" && second?.kind === "immediate") {
    return [BigInt(first.low >>> 0), second.low & 0xffff];
  }
  const at = addressOf(m, first);
  const size = i.operandWidth / 8;
  return [m.memory.read(at, size), Number(m.memory.read(at + size, 2))];
}

const farJump =
  (call: boolean): Slow =>
  (m, i) => {
    const [offset, selector] = farTarget(m, i);
    const size = i.operandWidth / 8;
    const target = canonical(offset);
    const code = m.segments.checkCode(selector);
    if (call) {
      const rsp = canonical(m.cpu.gpr(RSP));
      m.memory.write(rsp - 2 * size, size, BigInt.asUintN(size * 8, BigInt(i.next)));
      m.memory.write(rsp - size, size, BigInt(m.segments.selectors[segmentNumbers.CS] ?? 0));
      m.cpu.setGpr(RSP, BigInt.asUintN(64, m.cpu.gpr(RSP) - BigInt(2 * size)));
    }
    setCode(m, { ...code, selector: (code.selector & ~3) | m.cpu.cpl });
    m.cpu.rip = target;
  };

/** SYSCALL: a process's kernel is the host; a machine's is at LSTAR. */
const syscall: Slow = (m, i) => {
  const { cpu } = m;
  const flags = BigInt((cpu.rflags & ~rflag.RF) >>> 0);
  if (m.exceptions === "exit") {
    cpu.setGpr(RCX, BigInt.asUintN(64, BigInt(i.next)));
    cpu.setGpr(R11, flags);
    return m.ask({ kind: "syscall" });
  }
  if ((cpu.efer & 1n) === 0n) throw undefinedOpcode("SYSCALL without EFER.SCE");
  const star = readMsr(m, 0xc000_0081);
  const target = canonical(readMsr(m, 0xc000_0082));
  cpu.setGpr(RCX, BigInt.asUintN(64, BigInt(i.next)));
  cpu.setGpr(R11, flags);
  cpu.rflags = Number(flags & ~readMsr(m, 0xc000_0084) & 0xffff_ffffn);
  const selector = Number((star >> 32n) & 0xfffcn);
  setCode(m, { selector, long: true });
  m.segments.selectors[segmentNumbers.SS] = selector + 8;
  cpu.rip = target;
  setPrivilege(m, 0);
};

const sysret: Slow = (m, i) => {
  const { cpu } = m;
  if ((cpu.efer & 1n) === 0n) throw undefinedOpcode("SYSRET without EFER.SCE");
  const selector = Number((readMsr(m, 0xc000_0081) >> 48n) & 0xffffn);
  const target = i.operandWidth === 64 ? canonical(cpu.gpr(RCX)) : cpu.low(RCX) >>> 0;
  cpu.rflags = Number(cpu.gpr(R11) & 0x3c_7fd7n);
  m.flagsChanged(false);
  setCode(m, {
    selector: (selector + (i.operandWidth === 64 ? 16 : 0)) | 3,
    long: i.operandWidth === 64,
  });
  m.segments.selectors[segmentNumbers.SS] = (selector + 8) | 3;
  cpu.rip = target;
  setPrivilege(m, 3);
};

const tableOf = (m: Machine, name: "gdt" | "idt") => m.segments[name];

const loadTable =
  (name: "gdt" | "idt"): Slow =>
  (m, i) => {
    const at = addressOf(m, i.operands[0]);
    const limit = Number(m.memory.read(at, 2));
    const base = canonical(m.memory.read(at + 2, m.mode === 64 ? 8 : 4));
    Object.assign(tableOf(m, name), { base, limit });
  };

const storeTable =
  (name: "gdt" | "idt"): Slow =>
  (m, i) => {
    const { base, limit } = tableOf(m, name);
    m.memory.writeBytes(addressOf(m, i.operands[0]), 10, (view, at) => {
      view.setUint16(at, limit, true);
      view.setBigInt64(at + 2, BigInt(base), true);
    });
  };

const softwareInterrupt =
  (number?: number): Slow =>
  (m, i) => {
    const [operand] = i.operands;
    m.interrupt(number ?? (operand?.kind === "immediate" ? operand.low & 0xff : 0));
  };

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

const ZF = 0x40;

const verify =
  (access: "readable" | "writable"): Slow =>
  (m, i) => {
    const selector = Number(readOperand(m, i.operands[0]) & 0xffffn);
    m.cpu.setStatus(ZF, m.segments.allows(selector, access) ? ZF : 0);
  };

/** System segments that are told of: LDT and TSS, and for LAR call gates. */
const descriptorTypes = { LAR: [2, 9, 11, 12], LSL: [2, 9, 11] } as const;

const describeSegment =
  (f: (d: Descriptor) => number, systemTypes: readonly number[]): Slow =>
  (m, i) => {
    const selector = Number(readOperand(m, i.operands[1]) & 0xffffn);
    const found = m.segments.look(selector, systemTypes);
    if (found !== undefined) writeOperand(m, i.operands[0], BigInt.asUintN(i.operandWidth, BigInt(f(found))));
    m.cpu.setStatus(ZF, found === undefined ? 0 : ZF);
  };

const attributesOf = ({ attributes }: Descriptor) => attributes & 0x00ff_ff00;
const limitOf = ({ limit }: Descriptor) => limit;

/** A register and a segment register from an offset and a selector in memory. */
const loadFar =
  (segment: number): Slow =>
  (m, i) => {
    const at = addressOf(m, i.operands[1]);
    const size = i.operandWidth / 8;
    const offset = m.memory.read(at, size);
    m.segments.load(segment, Number(m.memory.read(at + size, 2)));
    writeOperand(m, i.operands[0], offset);
  };

export const systemInstructions: Record<string, Slow> = {
  HLT: (m) => m.halt(),
  CLI: interruptFlag(false),
  STI: interruptFlag(true),
  IRET: iret,
  IRETD: iret,
  IRETQ: iret,
  RETF: farReturn,
  "JMP FAR": farJump(false),
  "CALL FAR": farJump(true),
  SYSCALL: syscall,
  SYSRET: sysret,
  INT1: (m) => m.interrupt(vector.DB, "external"),
  INT3: softwareInterrupt(vector.BP),
  INT: softwareInterrupt(),
  UD2: () => {
    throw undefinedOpcode("UD2");
  },
  UD0: () => {
    throw undefinedOpcode("UD0");
  },
  UD1: () => {
    throw undefinedOpcode("UD1");
  },
  LGDT: loadTable("gdt"),
  LIDT: loadTable("idt"),
  SGDT: storeTable("gdt"),
  SIDT: storeTable("idt"),
  LTR: (m, i) => m.segments.loadTask(Number(readOperand(m, i.operands[0]))),
  STR: (m, i) => writeOperand(m, i.operands[0], BigInt(m.segments.task.selector)),
  LLDT: (m, i) => {
    const selector = Number(readOperand(m, i.operands[0]));
    if ((selector & 0xfffc) !== 0) throw generalProtection("LLDT of a table", selector & 0xfffc);
    m.segments.ldt.selector = selector;
  },
  SLDT: (m, i) => writeOperand(m, i.operands[0], BigInt(m.segments.ldt.selector)),
  VERR: verify("readable"),
  VERW: verify("writable"),
  LAR: describeSegment(attributesOf, descriptorTypes.LAR),
  LSL: describeSegment(limitOf, descriptorTypes.LSL),
  LSS: loadFar(segmentNumbers.SS),
  LFS: loadFar(segmentNumbers.FS),
  LGS: loadFar(segmentNumbers.GS),
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
  "MOV Sreg": (m, i) => {
    const [to, from] = i.operands;
    if (to?.kind === "segment") {
      if (to.index === segmentNumbers.CS || to.index > 5) throw undefinedOpcode("MOV to CS");
      m.segments.load(to.index, Number(readOperand(m, from) & 0xffffn));
      if (to.index === segmentNumbers.SS) m.holdTraps();
    } else {
      if (numberOf(from) > 5) throw undefinedOpcode("MOV from no segment register");
      writeOperand(m, to, BigInt(m.segments.selectors[numberOf(from)] ?? 0));
    }
  },
  "PUSH Sreg": (m, i) => {
    push(m, stackSize(i), BigInt(m.segments.selectors[numberOf(i.operands[0])] ?? 0));
  },
  "POP Sreg": (m, i) => {
    const size = stackSize(i);
    const value = m.memory.read(canonical(m.cpu.gpr(RSP)), size);
    m.segments.load(numberOf(i.operands[0]), Number(value & 0xffffn));
    pop(m, size);
  },
  PUSHF: (m, i) => {
    push(m, stackSize(i), BigInt((m.cpu.rflags & ~(rflag.RF | rflag.VM)) >>> 0));
  },
  POPF: (m, i) => popFlags(m, pop(m, stackSize(i)), stackSize(i)),
  ENTER: (m, i) => {
    const [frame, nesting] = i.operands;
    const bytes = frame?.kind === "immediate" ? frame.low & 0xffff : 0;
    const levels = nesting?.kind === "immediate" ? nesting.low & 31 : 0;
    const size = stackSize(i);
    const rsp = canonical(m.cpu.gpr(RSP));
    const rbp = canonical(m.cpu.gpr(5));
    const depth = levels > 0 ? levels + 1 : 1;
    const link = (n: number, value: bigint) =>
      m.memory.write(rsp - n * size, size, BigInt.asUintN(64, value));
    link(1, m.cpu.gpr(5));
    for (let n = 1; n < levels; n++) link(n + 1, m.memory.read(rbp - n * size, size));
    if (levels > 0) link(depth, BigInt(rsp - size));
    // The new top of the stack must be writable, though nothing is written there.
    m.mmu.byteAt(rsp - depth * size - bytes, "write");
    const width = size * 8;
    const keep = (m.cpu.gpr(5) >> BigInt(width)) << BigInt(width);
    m.cpu.setGpr(5, BigInt.asUintN(64, keep | BigInt.asUintN(width, BigInt(rsp - size))));
    m.cpu.setGpr(RSP, BigInt.asUintN(64, BigInt(rsp - depth * size - bytes)));
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
