// Model-specific registers: those that 64-bit kernels and Solo5's bindings use. Others are #GP.
// Specification: Intel SDM volume 4, table 2-2.
import { LMA } from "./cpu.js";
import { generalProtection } from "./fault.js";
import { canonical, type Machine } from "./machine.js";
import { state } from "./state.js";

const EFER = 0xc000_0080;
/** SCE, LME, LMA, NXE. */
const EFER_BITS = 0xd01n;

const bases = new Map([
  [0xc000_0100, state.fsBase],
  [0xc000_0101, state.gsBase],
  [0xc000_0102, state.kernelGsBase],
]);

/** Kept as written, with what they hold at reset: STAR, LSTAR, CSTAR, FMASK, TSC_AUX, SYSENTER, APIC base, PAT. */
const kept = new Map<number, bigint>([
  [0xc000_0081, 0n],
  [0xc000_0082, 0n],
  [0xc000_0083, 0n],
  [0xc000_0084, 0n],
  [0xc000_0103, 0n],
  [0x174, 0n],
  [0x175, 0n],
  [0x176, 0n],
  [0x1b, 0xfee0_0900n],
  [0x277, 0x0007_0406_0007_0406n],
]);
/** LSTAR, CSTAR and SYSENTER_EIP hold addresses. */
const addresses = new Set([0xc000_0082, 0xc000_0083, 0x175, 0x176]);

export function readMsr(m: Machine, number: number): bigint {
  if (number === EFER) return m.cpu.efer;
  const base = bases.get(number);
  if (base !== undefined) return m.cpu.u64[base >> 3] ?? 0n;
  const initial = kept.get(number);
  if (initial === undefined) throw generalProtection(`no MSR 0x${number.toString(16)}`);
  return m.msrs.get(number) ?? initial;
}

export function writeMsr(m: Machine, number: number, value: bigint): void {
  const base = bases.get(number);
  if (number === EFER) {
    if ((value & ~EFER_BITS) !== 0n) throw generalProtection("reserved bits of EFER");
    // LMA follows LME and CR0.PG.
    m.cpu.efer = (value & ~LMA) | (m.cpu.efer & LMA);
    m.mmu.flush();
  } else if (base !== undefined) {
    canonical(value);
    m.cpu.u64[base >> 3] = value;
  } else if (kept.has(number)) {
    if (addresses.has(number)) canonical(value);
    m.msrs.set(number, value);
  } else {
    const exit = { kind: "msr" as const, number, value, exists: false };
    m.ask(exit);
    if (!exit.exists) throw generalProtection(`no MSR 0x${number.toString(16)}`);
  }
}
