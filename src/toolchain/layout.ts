// Where the toolchain's parts lie, in the source tree and in the installed package alike: guest/ has the sources,
// dist/guest/ what is built from them.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Isa } from "../abi/elf.js";
import { isas, type BindingsTarget } from "./isa.js";

/** The folder of package.json; this module runs from dist/src/toolchain. */
export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

export const guestSource = join(packageRoot, "guest");
export const includeFolder = join(guestSource, "include");
/** The C headers that a compiler without a C library lacks. */
export const freestandingFolder = join(includeFolder, "freestanding");
/** What `buildGuest` makes: lib/ and tests/. */
export const guestOutput = join(packageRoot, "dist", "guest");

/** Where a demonstration ends up below `output`: guest/demo has a folder for each. */
export const demoFile = (output: string, name: string, target: BindingsTarget): string =>
  join(output, "demo", `${name}.${target}`);
/** What `solo5 demo` boots: a web server. */
export const demoUnikernel = demoFile(guestOutput, "web", "spt");

/** Where the boot code of disks ends up below `output`: src/launchers/disk-image.ts. */
export const diskBootFile = (output: string): string => join(output, "boot", "disk.bin");
export const diskBootCode = diskBootFile(guestOutput);

/** The bindings, as the linker takes them. */
export const bindingsObject = (target: string): string => `solo5_${target}.o`;
/** What stands for Genode's library while linking; the object is what it is made of. */
export const genodeLibrary = "solo5.lib.so";
/** And what stands for it in a Linux process: src/node/genode-process.ts. */
export const genodeProcess = "solo5_genode_process";
export const linkerScript = (target: string): string => `solo5_${target}.lds`;

/** The compiler's runtime, and what is empty: there is no C library, but builds ask for it. */
export const runtimeArchive = "libgcc.a";
export const emptyArchives: readonly string[] = ["libc.a", "libm.a"];

/** Where all of these lie under a prefix such as `guestOutput`. */
export const libFolder = (prefix: string, isa: Isa): string => join(prefix, "lib", isas[isa].triple);

export const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string }).version;
