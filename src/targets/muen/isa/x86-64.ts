// What a subject finds in the CPU's registers. docs/abi.md 9.1.
import { bootInfoBase } from "../../../abi/muen.js";

/**
 * 64-bit mode with paging, flat segments without tables, the FPU as the bindings want it, interrupts off. Addresses of the first
 * instruction, of the end of the memory, and of the root of the page tables.
 */
export const initialRegisters = ({
  entry,
  ramEnd,
  tables,
}: Readonly<Record<"entry" | "ramEnd" | "tables", number>>): Readonly<Record<string, number>> => ({
  rip: entry,
  rsp: ramEnd - 8,
  rdi: bootInfoBase,
  rflags: 2,
  cr0: 0x8001_0033,
  cr3: tables,
  cr4: 0x2660,
  efer: 0xd00,
  cs: 8,
  ss: 16,
  ds: 16,
  es: 16,
  fs: 0,
  gs: 0,
  tr: 24,
  fctrl: 0x37f,
  mxcsr: 0x1f80,
});
