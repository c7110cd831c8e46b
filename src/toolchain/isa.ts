// What the toolchain has to know about an ISA: its names elsewhere, and the flags that compilers want for it.
import type { Isa } from "../abi/elf.js";

/** `stub` links anything and runs nowhere. */
export type BindingsTarget = "stub" | "spt" | "hvt" | "virtio" | "muen" | "genode" | "xen";

interface IsaNames {
  /** As in `<arch>-solo5-none-static`. */
  readonly arch: string;
  readonly triple: string;
  /** GNU ld's and lld's name of the output format (`-m`). */
  readonly emulation: string;
  /** For the bindings, which interrupts and traps run through: no vector registers, and stacks as they are. */
  readonly bindingsFlags: readonly string[];
  /** Targets that have bindings for it. */
  readonly targets: readonly BindingsTarget[];
}

export const isas: Readonly<Record<Isa, IsaNames>> = {
  "x86-64": {
    arch: "x86_64",
    triple: "x86_64-solo5-none-static",
    emulation: "elf_x86_64",
    bindingsFlags: ["-mgeneral-regs-only", "-mno-red-zone"],
    targets: ["stub", "spt", "hvt", "virtio", "muen", "genode", "xen"],
  },
  aarch64: {
    arch: "aarch64",
    triple: "aarch64-solo5-none-static",
    emulation: "aarch64linux",
    bindingsFlags: ["-mgeneral-regs-only", "-mno-outline-atomics"],
    targets: ["stub", "spt", "hvt"],
  },
};
