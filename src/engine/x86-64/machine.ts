// What slow instructions and exceptions work on: the CPU's state, its segments and tables, memory, and the way out.
import type { Instruction, MemoryOperand, Operand } from "../../isa/x86-64/instruction.js";
import { effectiveAddress } from "../../isa/x86-64/operands.js";
import type { Exit } from "../contract.js";
import type { Cpu } from "./cpu.js";
import type { Evaluator } from "./evaluator.js";
import { generalProtection, notCanonical } from "./fault.js";
import { linearOf, type MemoryAccess } from "./memory-access.js";
import type { Mmu } from "./mmu.js";
import type { Segments } from "./segments.js";

/** Model-specific registers that are only kept: STAR, LSTAR, CSTAR, FMASK, and the rest by number. */
export interface Machine {
  readonly cpu: Cpu;
  readonly mmu: Mmu;
  readonly memory: MemoryAccess;
  readonly evaluator: Evaluator;
  readonly segments: Segments;
  readonly msrs: Map<number, bigint>;
  /** Who takes exceptions; a process (`exit`) has no privileged instructions. */
  readonly exceptions: "guest" | "exit";
  /** What code is: 32-bit or 64-bit. */
  readonly mode: 32 | 64;
  /** Asks the host; what `answer` filled in is in `exit`. */
  ask(exit: Exit): void;
  /** Delivers a software interrupt or trap now: INT n, INT3; INT1 as if it came from outside. The return address is in rip. */
  interrupt(vector: number, source?: "software" | "external"): void;
  /** IF, TF or AC may have been set; STI holds interrupts back for one more instruction, which is executed by itself. */
  flagsChanged(shadowed: boolean): void;
  /** A new stack segment holds back interrupts and traps for one more instruction. */
  holdTraps(): void;
  setMxcsr(value: number): void;
  /** HLT: sleep until an interrupt. */
  halt(): void;
}

/** An instruction done on the state itself. Throws `GuestFault` before any effect. */
export type Slow = (m: Machine, i: Instruction) => void;

export function memoryOperand(o: Operand | undefined): MemoryOperand {
  if (o?.kind !== "memory") throw new RangeError("not a memory operand");
  return o;
}

/** A control, debug, segment or general register by number. */
export function numberOf(o: Operand | undefined): number {
  if (o === undefined || !("index" in o)) throw new RangeError("not a numbered register");
  return o.index;
}

/** The linear address of a memory operand. */
export function addressOf(m: Machine, o: Operand | undefined): number {
  const v = effectiveAddress(m.evaluator, memoryOperand(o));
  const { i32 } = m.evaluator.slots;
  return linearOf(i32[v] ?? 0, i32[v + 1] ?? 0);
}

/** #GP where ports are not the running code's to use. */
export function requireIoPrivilege(m: Machine): void {
  if (m.cpu.cpl > ((m.cpu.rflags >> 12) & 3)) throw generalProtection("port access without privilege");
}

/** An integer operand as an unsigned bigint. */
export function readOperand(m: Machine, o: Operand | undefined): bigint {
  if (o?.kind === "register") {
    const value = m.cpu.gpr(o.index);
    return BigInt.asUintN(o.width, o.high ? value >> 8n : value);
  }
  if (o?.kind === "immediate") return (BigInt(o.high >>> 0) << 32n) | BigInt(o.low >>> 0);
  return m.memory.read(addressOf(m, o), memoryOperand(o).width / 8);
}

export function writeOperand(m: Machine, o: Operand | undefined, value: bigint): void {
  if (o?.kind !== "register") {
    return m.memory.write(addressOf(m, o), memoryOperand(o).width / 8, value);
  }
  const old = m.cpu.gpr(o.index);
  if (o.width >= 32) m.cpu.setGpr(o.index, BigInt.asUintN(o.width, value));
  else {
    const shift = o.high ? 8n : 0n;
    const mask = ((1n << BigInt(o.width)) - 1n) << shift;
    m.cpu.setGpr(o.index, (old & ~mask) | ((value << shift) & mask));
  }
}

/** A canonical address from 64 bits, or #GP. */
export function canonical(value: bigint): number {
  const signed = BigInt.asIntN(64, value);
  if (BigInt.asIntN(48, signed) !== signed) {
    throw notCanonical(BigInt.asUintN(64, value));
  }
  return Number(signed);
}

export function push(m: Machine, size: number, value: bigint): void {
  const rsp = BigInt.asUintN(64, m.cpu.gpr(4) - BigInt(size));
  m.memory.write(canonical(rsp), size, value);
  m.cpu.setGpr(4, rsp);
}

export function pop(m: Machine, size: number): bigint {
  const rsp = m.cpu.gpr(4);
  const value = m.memory.read(canonical(rsp), size);
  m.cpu.setGpr(4, BigInt.asUintN(64, rsp + BigInt(size)));
  return value;
}
