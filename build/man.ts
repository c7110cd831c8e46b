// A step of the build: the manual pages, in dist/man.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manPages } from "../src/cli/help/pages.js";
import { packageRoot } from "../src/toolchain/layout.js";
import { manFolder } from "./contents.js";

export function writeManPages(): void {
  const output = join(packageRoot, manFolder);
  rmSync(output, { recursive: true, force: true });
  mkdirSync(output, { recursive: true });
  for (const [name, page] of manPages()) writeFileSync(join(output, name), page);
}
