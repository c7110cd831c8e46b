// Transfers of control with a change of segment or privilege: far jumps, calls and returns, system calls, interrupts. Specification:
// Intel SDM volume 2.
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { rflag } from "../cpu.js";
import { setCode, setPrivilege } from "../exceptions.js";
import { generalProtection, undefinedOpcode, vector } from "../fault.js";
import { addressOf, canonical, type Machine, type Slow } from "../machine.js";
import { readMsr } from "../msr.js";
import { segmentNumbers } from "../segments.js";
import { popFlags } from "./stack.js";

const RCX = 1;
const RSP = 4;
const R11 = 11;

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

const softwareInterrupt =
  (number?: number): Slow =>
  (m, i) => {
    const [operand] = i.operands;
    m.interrupt(number ?? (operand?.kind === "immediate" ? operand.low & 0xff : 0));
  };

export const controlTransfers: Record<string, Slow> = {
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
};
