// A step of the build: the declarations that the interfaces consist of, in dist/types, and no others.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { packageRoot } from "../src/toolchain/layout.js";
import { typesFolder } from "./contents.js";

const source = join(packageRoot, "dist", "src");
const output = join(packageRoot, typesFolder);

/** A declaration and all that it imports. */
function closure(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, to = ""] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g))
    closure(resolve(dirname(file), to.replace(/\.js$/, ".d.ts")), found);
  return found;
}

export function copyTypes(): void {
  rmSync(output, { recursive: true, force: true });
  const entries = ["index.d.ts", "browser/index.d.ts"].map((file) => join(source, file));
  for (const file of new Set(entries.flatMap((entry) => [...closure(entry)]))) {
    const to = join(output, relative(source, file));
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(file, to);
  }
}
