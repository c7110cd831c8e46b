// A PC's CPU as a multiboot loader leaves it: protected mode without paging, flat segments, interrupts off. Multiboot 0.6.96,
// section 3.2.
import type { Registers } from "../../../engine/contract.js";

const bootMagic = 0x2bad_b002;
const interruptFlag = 0x200n;

export const x8664 = {
  /** Null, flat code and flat data of 32 bits: what selectors 8 and 16 name. */
  gdt: BigUint64Array.of(0n, 0x00cf_9b00_0000_ffffn, 0x00cf_9300_0000_ffffn),
  /** At the first instruction; all others are 0. `info` is the address of what the loader tells, `gdt` that of the segments. */
  registers: (entry: number, info: number, gdt: number): Readonly<Record<string, number>> => ({
    gdt_base: gdt,
    gdt_limit: 23,
    rip: entry,
    rax: bootMagic,
    rbx: info,
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
  }),
  /** Whether the guest takes interrupts. */
  takesInterrupts: (registers: Registers): boolean => (registers.get("rflags") & interruptFlag) !== 0n,
  /** The register that points to what a guest tells of its end. */
  cookie: "rcx",
} as const;
