// A step of the build: writes a hash of all modules that the engine consists of into the one that says which
// version the translator is, so that nothing that another translator made is ever taken for its own.
import { createHash } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { portableEngines } from "../src/engine/engines.js";
import { unstamped } from "../src/engine/portable/link/version.js";

const dist = resolve(import.meta.dirname, "..");
const engine = join(dist, "src", "engine");
const versionFile = join(engine, "portable", "link", "version.js");
const declaration = /(export const translatorVersion = )"[^"]*"/;

/** A module and all that it imports, directly or not. */
function closure(file: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(file) || file === versionFile) return found;
  const text = readFileSync(file, "utf8");
  found.set(file, text);
  for (const [, to] of text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    closure(resolve(dirname(file), to ?? ""), found);
  }
  return found;
}

export function stampTranslator(): void {
  const hash = createHash("sha256");
  const found = new Map<string, string>();
  for (const isa of Object.keys(portableEngines)) closure(join(engine, isa, "wasm-vcpu.js"), found);
  const modules = [...found].map(([file, text]) => [relative(dist, file), text] as const);
  for (const part of modules.toSorted(([a], [b]) => (a < b ? -1 : 1)).flat()) hash.update(part).update("\0");
  const text = readFileSync(versionFile, "utf8");
  if (!declaration.test(text))
    throw new Error(`${versionFile}: nothing to stamp, neither ${unstamped} nor older`);
  writeFileSync(versionFile, text.replace(declaration, `$1"${hash.digest("hex").slice(0, 32)}"`));
  // The next compilation writes everything, this module without a stamp: who compiles alone has no stale one.
  rmSync(join(dist, ".tsbuildinfo"), { force: true });
}
