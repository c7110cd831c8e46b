// Finds esbuild: the platform package's own program, since the launcher in front of it costs a start of Node.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Solo5Error } from "../bytes/error.js";
import { packageRoot } from "../toolchain/layout.js";

/** Throws Solo5Error `NO_BUNDLER`. */
export function bundler(): string {
  const name = `@esbuild/${process.platform}-${process.arch}`;
  for (const from of [packageRoot, process.cwd()]) {
    try {
      const folder = dirname(createRequire(join(from, "package.json")).resolve(`${name}/package.json`));
      const program = join(folder, process.platform === "win32" ? "esbuild.exe" : "bin/esbuild");
      if (existsSync(program)) return program;
    } catch {
      // Not from there.
    }
  }
  throw new Solo5Error(
    "NO_BUNDLER",
    `${name} is not there: npm install esbuild, with its optional dependencies`,
  );
}
