// Which branches of the engine its tests take: runs them, and reads what V8 has written down (NODE_V8_COVERAGE). A branch is a block that
// V8 counts by itself, and was taken where any process has taken it. Fails where a file has less than its share.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../src/toolchain/layout.js";

/** Tests that are the engine's, by parts of their paths. */
const tests = ["src/engine", "test/x86-64", "test/aarch64", "wasm-engine", "interpreter", "programs.test", "cpu-exceptions", "reverse", "companion", "code-cache", "tier-cache", "virtio-pc", "muen"]; // prettier-ignore

/** Of the branches of each file, in percent. */
const least = 80;
/** What an index falls back to for the compiler's sake, where the element is always there: no branch. */
const fallback = /^\]\s\?\? 0n?$/;
const engine = `${pathToFileURL(join(packageRoot, "dist/src/engine")).href}/`;

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Profile {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly Range[] }[];
  }[];
}

/** What is known of a file: the branches that there are, and which of its characters have ever been run. */
class File {
  readonly #branches = new Set<string>();
  readonly #taken: Uint8Array;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
    this.#taken = new Uint8Array(source.length);
  }

  /** One process's ranges: the inner ones come after those around them. */
  add(ranges: readonly Range[]): void {
    const taken = new Uint8Array(this.#taken.length);
    for (const { startOffset, endOffset, count } of ranges) {
      if (!fallback.test(this.#source.slice(Math.max(0, startOffset - 2), endOffset)))
        this.#branches.add(`${startOffset},${endOffset}`);
      taken.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
    taken.forEach((isTaken, at) => (this.#taken[at] ||= isTaken));
  }

  get counts(): { readonly taken: number; readonly all: number } {
    const starts = [...this.#branches].map((branch) => Number(branch.split(",")[0]));
    return { taken: starts.filter((at) => this.#taken[at] === 1).length, all: starts.length };
  }
}

const folder = mkdtempSync(join(tmpdir(), "solo5-coverage-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
const { status } = spawnSync(process.execPath, [join(packageRoot, "dist/test/run.js"), ...tests], {
  stdio: ["ignore", "ignore", "inherit"],
  env: { ...process.env, NODE_V8_COVERAGE: folder },
});
if (status !== 0) throw new Error("the engine's tests fail");
const files = new Map<string, File>();
for (const name of readdirSync(folder)) {
  const { result } = JSON.parse(readFileSync(join(folder, name), "utf8")) as Profile;
  for (const { url, functions } of result) {
    if (!url.startsWith(engine) || /\.(test|cases)\.js$/.test(url)) continue;
    const path = url.slice(engine.length);
    const file = files.get(path) ?? new File(readFileSync(new URL(url), "utf8"));
    files.set(path, file);
    file.add(functions.flatMap(({ ranges }) => ranges));
  }
}
const rows = [...files].map(([path, { counts }]) => ({
  path,
  ...counts,
  share: (100 * counts.taken) / counts.all,
}));
rows.sort((a, b) => a.share - b.share);
for (const { path, all, share } of rows)
  process.stdout.write(`${share.toFixed(0).padStart(4)} % of ${String(all).padStart(4)} branches: ${path}\n`);
const sum = (of: "taken" | "all"): number => rows.reduce((total, row) => total + row[of], 0);
const share = ((100 * sum("taken")) / sum("all")).toFixed(1);
process.stdout.write(`${share} % of the engine's ${sum("all")} branches\n`);
const low = rows.filter(({ share }) => share < least);
if (rows.length === 0 || low.length > 0) {
  process.stderr.write(`less than it should be: ${low.map(({ path }) => path).join(", ")}\n`);
  process.exitCode = 1;
}
