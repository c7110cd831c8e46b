// Packages that are there by the user's wish alone: beside this one, or where the command runs.
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { packageRoot } from "./layout.js";

/** The folder of a package that npm installed; undefined where it is not there. */
export function packageFolder(name: string): string | undefined {
  for (const from of [packageRoot, process.cwd()]) {
    for (let folder = from; ; folder = dirname(folder)) {
      const candidate = join(folder, "node_modules", name);
      if (existsSync(candidate)) return realpathSync(candidate);
      if (folder === dirname(folder)) break;
    }
  }
  return undefined;
}
