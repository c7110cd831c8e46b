// AssemblyScript to WebAssembly, by its own compiler from npm.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { packageRoot } from "../toolchain/layout.js";

/** Throws Solo5Error `NO_TOOL`, `BUNDLE` with the compiler's lines. */
export function compileAssemblyScript(file: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "solo5-assemblyscript-"));
  try {
    const output = join(folder, "out.wasm");
    const args = [compiler(dirname(resolve(file))), file, "--outFile", output, "-O3", "--noColors"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    if (status !== 0)
      throw new Solo5Error("BUNDLE", `${stderr}${stdout}`.trim().replaceAll(/\n\s*\n/g, "\n"));
    return Uint8Array.from(readFileSync(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function compiler(folder: string): string {
  for (const from of [folder, process.cwd(), packageRoot]) {
    for (let at = from; ; at = dirname(at)) {
      const script = join(at, "node_modules", "assemblyscript", "bin", "asc.js");
      if (existsSync(script)) return script;
      if (at === dirname(at)) break;
    }
  }
  throw new Solo5Error("NO_TOOL", "AssemblyScript's compiler is not there: npm install assemblyscript");
}
