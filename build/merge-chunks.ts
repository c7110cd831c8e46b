// Makes few files of the many chunks into which esbuild cuts what programs share: a file takes half a millisecond to load,
// whatever is in it, and a run needs sixty of them. A group has the chunks of some programs that no group before has.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type BuildOptions, type BuildResult, type Plugin } from "esbuild";

/** The name of a group's file, and the programs whose chunks it has: source files, without their suffix. */
export interface Group {
  readonly name: string;
  readonly programs: readonly string[];
}

type Made = BuildResult<{ readonly metafile: true; readonly write: false }>;

const outputs = { logOverride: { "ignored-bare-import": "silent" }, write: false } as const;
const chunkName = /^\.\/(chunk-[^/]+\.js)$/;
/** Where modules come from that were bundled before. */
const [BUNDLED, MOVED] = ["bundled", "moved"];

/** A file of the first pass. */
interface File {
  readonly text: string;
  readonly exports: readonly string[];
  /** Those that it imports before it runs. */
  readonly imports: readonly string[];
  readonly source: string | undefined;
}

function filesOf({ outputFiles, metafile }: Made): ReadonlyMap<string, File> {
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  return new Map(
    Object.entries(metafile.outputs).map(([path, { exports, imports, entryPoint }]) => [
      basename(path),
      {
        text: texts.get(basename(path)) ?? "",
        exports,
        imports: imports.flatMap((one) => (one.kind === "import-statement" ? [basename(one.path)] : [])),
        source: entryPoint,
      },
    ]),
  );
}

/** Which group has a chunk; in each, a chunk comes after those that it imports. */
function grouped(files: ReadonlyMap<string, File>, groups: readonly Group[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (name: string, group: string): void => {
    const file = files.get(name);
    if (file === undefined || seen.has(name)) return;
    seen.add(name);
    for (const one of file.imports) visit(one, group);
    if (chunkName.test(`./${name}`)) found.set(name, group);
  };
  for (const { name, programs } of groups) {
    for (const [file, { source }] of files) {
      if (source !== undefined && programs.some((one) => source.endsWith(`/${one}.js`))) visit(file, name);
    }
  }
  return found;
}

/** A capital, which begins no word of the language, and what tells names apart. */
const shortName = (number: number): string =>
  String.fromCodePoint(65 + (number % 26)) + Math.floor(number / 26).toString(36);

/** What groups' files call the exports of their chunks, and which of these anybody wants. */
class Names {
  readonly #files: ReadonlyMap<string, File>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #wanted = new Set<string>();

  /** `chunks` are those that are in groups. */
  constructor(files: ReadonlyMap<string, File>, chunks: Iterable<string>) {
    this.#files = files;
    const all = [...chunks].flatMap(
      (chunk) => files.get(chunk)?.exports.map((name) => `${chunk} ${name}`) ?? [],
    );
    this.#names = new Map(all.toSorted().map((key, number) => [key, shortName(number)]));
  }

  #list(chunk: string): (readonly [name: string, known: string])[] {
    const exports = this.#files.get(chunk)?.exports ?? [];
    return exports.map((name) => [name, this.#names.get(`${chunk} ${name}`) ?? name]);
  }

  /** A chunk as a module that takes everything from its group's file. */
  outside(chunk: string, group: string): string {
    const list = this.#list(chunk).map(([name, known]) => `${known} as ${name}`);
    return `export { ${list.join(", ")} } from "./${group}.js";`;
  }

  /** What a group's file exports of a chunk. */
  inside(chunk: string): string {
    const list = this.#list(chunk).filter(([, known]) => this.#wanted.has(known));
    return `export { ${list.map(([name, known]) => `${name} as ${known}`).join(", ")} } from "./${chunk}";`;
  }

  /** Notes what a file that is made takes of groups. */
  note(text: string): void {
    for (const [, list = ""] of text.matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*"\.\//g)) {
      for (const [name] of list.matchAll(/(?<![\w$]|as\s)[A-Z][\da-z]+/g)) this.#wanted.add(name);
    }
  }
}

/** Bundles `options`, whose output is one folder of modules, and writes it with its chunks in groups. */
export async function buildMerged(options: BuildOptions, groups: readonly Group[]): Promise<void> {
  const files = filesOf(await build({ ...options, splitting: true, metafile: true, write: false }));
  const groupOf = grouped(files, groups);
  const names = new Names(files, groupOf.keys());
  /** Within its own group a chunk is itself, elsewhere what the group's file gives. */
  const plugin = (own: string): Plugin => ({
    name: "groups",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind }) => {
        if (kind === "entry-point") return { path, namespace: BUNDLED };
        const [, chunk = ""] = chunkName.exec(path) ?? [];
        const group = groupOf.get(chunk);
        if (group === undefined) return { path, external: true };
        return group === own ? { path: chunk, namespace: BUNDLED } : { path: chunk, namespace: MOVED, sideEffects: false }; // prettier-ignore
      });
      onLoad({ filter: /./, namespace: BUNDLED }, ({ path }) => ({ contents: files.get(path)?.text ?? insideOf(own) }));
      onLoad({ filter: /./, namespace: MOVED }, ({ path }) => ({
        contents: names.outside(path, groupOf.get(path) ?? ""),
      }));
    },
  }); // prettier-ignore
  const insideOf = (own: string): string =>
    [...groupOf].flatMap(([chunk, group]) => (group === own ? [names.inside(chunk)] : [])).join("\n");
  const make = async (file: string, own: string): Promise<void> => {
    const entryPoints = [{ in: file, out: basename(file, ".js") }];
    const made = await build({ ...options, entryPoints, plugins: [plugin(own)], ...outputs });
    for (const { path, text } of made.outputFiles) {
      names.note(text);
      writeFileSync(path, text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
  };
  mkdirSync(join(options.absWorkingDir ?? "", options.outdir ?? ""), { recursive: true });
  await Promise.all([...files.keys()].filter((file) => !groupOf.has(file)).map((file) => make(file, "")));
  // What a group takes of another is of one before it.
  for (const { name } of groups.toReversed()) await make(`${name}.js`, name);
}
