// A PC's CPU as a multiboot loader leaves it. Multiboot 0.6.96, section 3.2.
import { flatGdt, protectedMode, takesInterrupts } from "../../protected-mode.js";

const bootMagic = 0x2bad_b002;

export const x8664 = {
  gdt: flatGdt,
  /** At the first instruction; all others are 0. `info` is the address of what the loader tells, `gdt` that of the segments. */
  registers: (entry: number, info: number, gdt: number): Readonly<Record<string, number>> => ({
    ...protectedMode(entry, gdt),
    rax: bootMagic,
    rbx: info,
  }),
  takesInterrupts,
  /** The register that points to what a guest tells of its end. */
  cookie: "rcx",
} as const;
