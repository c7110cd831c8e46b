// The real programs: what each is made of, and how it is run. Builder, test and benchmark derive from this table.
import { join } from "node:path";
import { projectRoot } from "../project.js";

export interface Program {
  readonly name: string;
  /** Its folder below programs/, where that has another name. */
  readonly folder?: string;
  /** Debian's static libraries, as the linker's -l names them. */
  readonly libraries: readonly string[];
  /** Folders of headers below /usr/include. */
  readonly headers: readonly string[];
  /** For both compilers. */
  readonly flags?: readonly string[];
  /** C that the build makes in the cache, with the folder that holds it; beside the program's own main.c. */
  readonly generated?: readonly string[];
  /** Object files, likewise. */
  readonly objects?: readonly string[];
}

export interface Run {
  readonly program: string;
  /** The workload, by the program's first argument. */
  readonly workload: string;
  /** For a test, and for a second of a CPU natively; 0 where there is nothing to measure. */
  readonly rounds: { readonly test: number; readonly bench: number };
  /** Tested on the engine for each target; else the targets take turns. */
  readonly everywhere?: true;
  /** The benchmark's table has one line for each. */
  readonly group: "quickjs" | "ocaml" | "libraries";
}

export const sources = join(projectRoot, "test/real");
export const programFolder = ({ name, folder = name }: Pick<Program, "name" | "folder">): string =>
  join(sources, "programs", folder);

export const programs: readonly Program[] = [
  { name: "quickjs", libraries: [], headers: [], generated: ["qjs.c"] },
  { name: "lua", libraries: ["lua5.4"], headers: ["lua5.4"] },
  { name: "sqlite", libraries: ["sqlite3"], headers: [] },
  { name: "zlib", libraries: ["z"], headers: [] },
  { name: "mbedtls", libraries: ["mbedtls", "mbedx509", "mbedcrypto"], headers: [] },
  { name: "ocaml4", folder: "ocaml", libraries: [], headers: [], objects: ["program.o"] },
  { name: "ocaml5", folder: "ocaml", libraries: [], headers: [], objects: ["program.o"] },
];

export const runs: readonly Run[] = [
  {
    program: "quickjs",
    workload: "start",
    rounds: { test: 1, bench: 1 },
    group: "quickjs",
    everywhere: true,
  },
  { program: "quickjs", workload: "objects", rounds: { test: 1, bench: 230 }, group: "quickjs" },
  { program: "quickjs", workload: "text", rounds: { test: 1, bench: 420 }, group: "quickjs" },
  { program: "lua", workload: "numbers", rounds: { test: 5, bench: 3000 }, group: "libraries" },
  { program: "lua", workload: "tables", rounds: { test: 5, bench: 9000 }, group: "libraries" },
  { program: "lua", workload: "text", rounds: { test: 5, bench: 4000 }, group: "libraries" },
  { program: "sqlite", workload: "memory", rounds: { test: 1, bench: 600 }, group: "libraries" },
  { program: "zlib", workload: "deflate", rounds: { test: 3, bench: 320 }, group: "libraries" },
  { program: "mbedtls", workload: "handshakes", rounds: { test: 1, bench: 200 }, group: "libraries" },
  { program: "ocaml4", workload: "tables", rounds: { test: 2, bench: 1600 }, group: "ocaml" },
  { program: "ocaml4", workload: "floats", rounds: { test: 2, bench: 22_000 }, group: "ocaml" },
  { program: "ocaml4", workload: "symbols", rounds: { test: 5, bench: 17_000 }, group: "ocaml" },
  { program: "ocaml4", workload: "trees", rounds: { test: 2, bench: 6500 }, group: "ocaml" },
  { program: "ocaml4", workload: "edges", rounds: { test: 3, bench: 0 }, group: "ocaml", everywhere: true },
  { program: "ocaml4", workload: "edges", rounds: { test: 7, bench: 0 }, group: "ocaml", everywhere: true },
  { program: "ocaml5", workload: "tables", rounds: { test: 2, bench: 1600 }, group: "ocaml" },
  { program: "ocaml5", workload: "floats", rounds: { test: 2, bench: 22_000 }, group: "ocaml" },
  { program: "ocaml5", workload: "symbols", rounds: { test: 5, bench: 17_000 }, group: "ocaml" },
  { program: "ocaml5", workload: "trees", rounds: { test: 2, bench: 6500 }, group: "ocaml" },
  {
    program: "ocaml5",
    workload: "effects",
    rounds: { test: 2, bench: 100_000 },
    group: "ocaml",
    everywhere: true,
  },
  { program: "ocaml5", workload: "edges", rounds: { test: 3, bench: 0 }, group: "ocaml", everywhere: true },
  { program: "ocaml5", workload: "edges", rounds: { test: 7, bench: 0 }, group: "ocaml", everywhere: true },
];
