// How C is compiled and linked into a unikernel: the flags of the wrappers (docs/abi.md 7) and those of the bindings.
import type { Isa } from "../abi/elf.js";
import { pageSize } from "../bytes/align.js";
import { hex } from "../bytes/text.js";
import type { Compiler } from "./compiler.js";
import { isas } from "./isa.js";

/** Where the headers are: `include/<triple>` and `include/solo5` of an installed prefix, or the source tree's. */
export interface Headers {
  readonly freestanding: string;
  readonly solo5: string;
}

/** For every compilation. The guard is the global `__stack_chk_guard`, never a thread-local slot. */
export const compileFlags = (
  headers: Headers,
  compiler: Pick<Compiler, "headerFlags">,
): readonly string[] => [
  ...compiler.headerFlags(),
  "-isystem",
  headers.freestanding,
  "-I",
  headers.solo5,
  "-ffreestanding",
  "-fstack-protector-strong",
  "-mstack-protector-guard=global",
];

/** For the bindings, besides. Unikernels are not relocated, so the code need not be position-independent. */
export const bindingsFlags = (isa: Isa): readonly string[] => [
  "-std=gnu99",
  "-O2",
  "-fno-pic",
  "-fno-pie",
  ...isas[isa].bindingsFlags,
];

/** For every link. */
export const linkFlags: readonly string[] = [
  "-nostdlib",
  "-static",
  "--build-id=none",
  "-z",
  `max-page-size=${hex(pageSize)}`,
];
