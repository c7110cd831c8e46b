// Integer instructions that are seldom or awkward: RCL, RCR, PDEP, PEXT, CRC32, CMPXCHG8B and 16B, RDRAND, CPUID.
// Specification: Intel SDM volume 2.
import { STATUS_FLAGS } from "../../../isa/x86-64/emitter.js";
import type { Exit } from "../../contract.js";
import { cpuid } from "../cpuid.js";
import { generalProtection } from "../fault.js";
import { addressOf, type Machine, memoryOperand, readOperand, type Slow, writeOperand } from "../machine.js";
import type { Instruction } from "../../../isa/x86-64/instruction.js";

const CF = 1;
const ZF = 0x40;
const OF = 0x800;

const widthAt = (i: Instruction, position: number): number => {
  const o = i.operands[position];
  return o?.kind === "register" ? o.width : memoryOperand(o).width;
};

/** Rotation through carry: of width + 1 bits. */
const rotateThroughCarry =
  (left: boolean): Slow =>
  (m, i) => {
    const width = widthAt(i, 0);
    const masked = Number(readOperand(m, i.operands[1]) & (width === 64 ? 63n : 31n));
    const bits = BigInt(width + 1);
    const count = BigInt(masked % (width + 1));
    const old = BigInt(m.cpu.rflags & CF);
    const value = readOperand(m, i.operands[0]) | (old << BigInt(width));
    const n = left ? count : (bits - count) % bits;
    const rotated = BigInt.asUintN(width + 1, (value << n) | (value >> (bits - n)));
    writeOperand(m, i.operands[0], BigInt.asUintN(width, rotated));
    if (masked === 0) return;
    const carry = Number(rotated >> BigInt(width));
    const top = Number((rotated >> BigInt(width - 1)) & 1n);
    const next = Number((rotated >> BigInt(width - 2)) & 1n);
    m.cpu.setStatus(CF | OF, carry | ((top ^ (left ? carry : next)) === 1 ? OF : 0));
  };

/** PDEP puts low bits where the mask has ones; PEXT gathers them. */
const byMask =
  (deposit: boolean): Slow =>
  (m, i) => {
    const source = readOperand(m, i.operands[1]);
    const mask = readOperand(m, i.operands[2]);
    let result = 0n;
    let low = 0n;
    for (let bit = 0n; bit < 64n; bit++) {
      if (((mask >> bit) & 1n) === 0n) continue;
      if (deposit) result |= ((source >> low) & 1n) << bit;
      else result |= ((source >> bit) & 1n) << low;
      low++;
    }
    writeOperand(m, i.operands[0], result);
  };

/** CRC-32C, bit by bit, of the polynomial 11EDC6F41 reflected. */
const crc32: Slow = (m, i) => {
  const source = readOperand(m, i.operands[1]);
  let crc = Number(readOperand(m, i.operands[0]) & 0xffff_ffffn);
  for (let n = 0; n < widthAt(i, 1); n += 8) {
    crc ^= Number((source >> BigInt(n)) & 0xffn);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0x82f6_3b78);
  }
  writeOperand(m, i.operands[0], BigInt(crc >>> 0));
};

const compareExchange =
  (half: 4 | 8): Slow =>
  (m, i) => {
    const { cpu } = m;
    const at = addressOf(m, i.operands[0]);
    if (half === 8 && at % 16 !== 0) throw generalProtection("CMPXCHG16B of an unaligned operand");
    const cut = (index: number) => BigInt.asUintN(half * 8, cpu.gpr(index));
    const [low, high] = [m.memory.read(at, half), m.memory.read(at + half, half)];
    const equal = low === cut(0) && high === cut(2);
    // The operand is written either way, as the CPU does: a page that is read-only faults.
    m.memory.writeBytes(at, half * 2, (view, place) => {
      const [first, second] = equal ? [cut(3), cut(1)] : [low, high];
      if (half === 8) {
        view.setBigUint64(place, first, true);
        view.setBigUint64(place + 8, second, true);
      } else {
        view.setUint32(place, Number(first), true);
        view.setUint32(place + 4, Number(second), true);
      }
    });
    if (!equal) {
      cpu.setGpr(0, low);
      cpu.setGpr(2, high);
    }
    cpu.setStatus(ZF, equal ? ZF : 0);
  };

const random: Slow = (m, i) => {
  const size = (widthAt(i, 0) / 8) as 2 | 4 | 8;
  const exit = { kind: "random" as const, size, value: 0n };
  m.ask(exit);
  writeOperand(m, i.operands[0], exit.value);
  m.cpu.setStatus(STATUS_FLAGS, CF);
};

function hypervisor(m: Machine, leaf: number): readonly [number, number, number, number] {
  const exit: Extract<Exit, { kind: "cpuid" }> = { kind: "cpuid", leaf, values: [0, 0, 0, 0] };
  m.ask(exit);
  return exit.values;
}

export const integerInstructions: Record<string, Slow> = {
  RCL: rotateThroughCarry(true),
  RCR: rotateThroughCarry(false),
  PDEP: byMask(true),
  PEXT: byMask(false),
  CRC32: crc32,
  CMPXCHG8B: compareExchange(4),
  CMPXCHG16B: compareExchange(8),
  RDRAND: random,
  RDSEED: random,
  CPUID: (m: Machine) => {
    const leaf = m.cpu.low(0) >>> 0;
    const [eax, ebx, ecx, edx] =
      leaf >>> 16 === 0x4000 ? hypervisor(m, leaf) : cpuid(leaf, m.cpu.low(1) >>> 0);
    m.cpu.setLow(0, eax);
    m.cpu.setLow(3, ebx);
    m.cpu.setLow(1, ecx);
    m.cpu.setLow(2, edx);
  },
};
