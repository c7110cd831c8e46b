// Flags on the stack, and ENTER. Specification: Intel SDM volume 2.
import type { Instruction } from "../../../isa/x86-64/instruction.js";
import { rflag } from "../cpu.js";
import { canonical, type Machine, pop, push, type Slow } from "../machine.js";

const RSP = 4;

/** RFLAGS as POPF and IRET may change it at this privilege. */
export function popFlags(m: Machine, value: bigint, size: number): void {
  const { TF, IF, DF, NT, AC, ID, IOPL } = rflag;
  let mask = 0xcd5 | TF | DF | NT | AC | ID;
  if (m.cpu.cpl === 0) mask |= IOPL | IF;
  if (size === 2) mask &= 0xffff;
  const bits = Number(value & 0xffff_ffffn);
  m.cpu.rflags = (m.cpu.rflags & ~(mask | rflag.RF)) | (bits & mask);
  m.flagsChanged(false);
}

/** Bytes that an instruction pushes or pops at once. */
export const stackSize = (i: Instruction) => (i.operandWidth === 16 ? 2 : i.row.traits.mode === 32 ? 4 : 8);

export const stackInstructions: Record<string, Slow> = {
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
};
