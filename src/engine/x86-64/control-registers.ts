// Control registers: which bits exist, and what a change means. Specification: Intel SDM volume 3, 2.5.
import { LMA } from "./cpu.js";
import { generalProtection, undefinedOpcode } from "./fault.js";
import type { Machine } from "./machine.js";

const PE = 1n;
const PG = 1n << 31n;
const CD = 1n << 30n;
const NW = 1n << 29n;
const WP = 1n << 16n;
const PAE = 1n << 5n;
const LME = 1n << 8n;
/** VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT FSGSBASE: what CPUID announces or costs nothing. */
const CR4_BITS = 0x1_07ffn;

export function getControl(m: Machine, number: number): bigint {
  const { cpu } = m;
  switch (number) {
    case 0:
      return cpu.cr0;
    case 2:
      return cpu.cr2;
    case 3:
      return cpu.cr3;
    case 4:
      return cpu.cr4;
    case 8:
      return cpu.cr8;
    default:
      throw undefinedOpcode(`no control register ${number}`);
  }
}

/** As MOV to a control register does, with its checks. */
export function setControl(m: Machine, number: number, value: bigint): void {
  const { cpu } = m;
  const refuse = (reason: string): never => {
    throw generalProtection(`CR${number}: ${reason}`);
  };
  switch (number) {
    case 0: {
      if (value >> 32n !== 0n) refuse("reserved bits");
      if ((value & PG) !== 0n && (value & PE) === 0n) refuse("paging without protection");
      if ((value & NW) !== 0n && (value & CD) === 0n) refuse("no write-through, and caches on");
      const turnsOn = (value & ~cpu.cr0 & PG) !== 0n;
      if (turnsOn && (cpu.efer & LME) === 0n) refuse("only long mode's paging is supported");
      if (turnsOn && (cpu.cr4 & PAE) === 0n) refuse("long mode without PAE");
      const flushes = ((value ^ cpu.cr0) & (PG | PE | WP)) !== 0n;
      // ET is fixed at 1.
      cpu.cr0 = (value & 0xe005_002fn) | 0x10n;
      if ((cpu.efer & LME) !== 0n) cpu.efer = (value & PG) !== 0n ? cpu.efer | LMA : cpu.efer & ~LMA;
      if (flushes) m.mmu.flush();
      return;
    }
    case 2:
      cpu.cr2 = value;
      return;
    case 3:
      cpu.cr3 = value & ~(1n << 63n);
      m.mmu.flush();
      return;
    case 4:
      if ((value & ~CR4_BITS) !== 0n) refuse("reserved bits");
      if ((cpu.efer & LMA) !== 0n && (value & PAE) === 0n) refuse("long mode without PAE");
      cpu.cr4 = value;
      m.mmu.flush();
      return;
    case 8:
      if (value > 15n) refuse("reserved bits");
      cpu.cr8 = value;
      return;
    default:
      throw undefinedOpcode(`no control register ${number}`);
  }
}
