// How C is compiled and linked into a unikernel: the flags of the wrappers (docs/abi.md 7) and those of the bindings.
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { pageSize } from "../bytes/align.js";
import { hex } from "../bytes/text.js";
import type { Compiler } from "./compiler.js";
import { isas } from "./isa.js";
import { bindingsObject, genodeLibrary, linkerScript } from "./layout.js";

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

const commonLinkFlags = ["-nostdlib", "--build-id=none", "-z", `max-page-size=${hex(pageSize)}`] as const;

/** For every link of an executable. */
export const linkFlags: readonly string[] = ["-static", ...commonLinkFlags];

/** Unikernels for Genode are shared objects, of code for any address; what they define themselves nobody else defines for them. */
const isShared = (target: string): boolean => target === "genode";

/** What code for a target has to be compiled with besides. */
export const positionFlags = (target: string): readonly string[] => (isShared(target) ? ["-fPIC"] : []);

/** A link for a target with its bindings, which lie in the folder `lib`. */
export const targetLink = (target: string, lib: string): readonly string[] => [
  ...(isShared(target)
    ? [...commonLinkFlags, "-shared", "-Bsymbolic", "--eh-frame-hdr", "--hash-style=both"]
    : linkFlags),
  "-T",
  join(lib, linkerScript(target)),
  ...(isShared(target) ? ["-L", lib, `-l:${genodeLibrary}`] : [join(lib, bindingsObject(target))]),
];

/** How the library of that name is made of its object. */
export const genodeLibraryLink: readonly string[] = [...commonLinkFlags, "-shared"];
