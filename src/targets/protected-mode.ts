// A PC's CPU as loaders of 32-bit kernels leave it: protected mode without paging, flat segments, interrupts off. Multiboot 0.6.96,
// section 3.2; Xen's docs/misc/pvh.pandoc.
import type { Registers } from "../engine/contract.js";

const interruptFlag = 0x200n;

/** Null, flat code and flat data of 32 bits: what selectors 8 and 16 name. */
export const flatGdt = BigUint64Array.of(0n, 0x00cf_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn);

/** All other registers are 0. `gdt` is the address of the segments. */
export const protectedMode = (entry: number, gdt: number): Readonly<Record<string, number>> => ({
  gdt_base: gdt,
  gdt_limit: 8 * flatGdt.length - 1,
  rip: entry,
  rflags: 2,
  cr0: 0x11,
  cr4: 0,
  efer: 0,
  cs: 8,
  ss: 16,
  ds: 16,
  es: 16,
  fs: 16,
  gs: 16,
});

/** Whether the guest takes interrupts. */
export const takesInterrupts = (registers: Registers): boolean =>
  (registers.get("rflags") & interruptFlag) !== 0n;
