// The real programs: what each is made of, and how it is run. Builder, test and benchmark derive from this table.
import { join } from "node:path";
import { projectRoot } from "../project.js";

export interface Program {
  readonly name: string;
  /** Debian's static libraries, as the linker's -l names them. */
  readonly libraries: readonly string[];
  /** Folders of headers below /usr/include. */
  readonly headers: readonly string[];
  /** For both compilers. */
  readonly flags?: readonly string[];
  /** C that the build makes in the cache, with the folder that holds it; beside the program's own main.c. */
  readonly generated?: readonly string[];
}

export interface Run {
  readonly program: string;
  /** The workload, by the program's first argument. */
  readonly workload: string;
  /** For a test, and for a second of a CPU natively. */
  readonly rounds: { readonly test: number; readonly bench: number };
  /** The benchmark's table has one line for each. */
  readonly group: "quickjs" | "ocaml" | "libraries";
}

export const sources = join(projectRoot, "test/real");
export const programFolder = (name: string): string => join(sources, "programs", name);

export const programs: readonly Program[] = [
  { name: "quickjs", libraries: [], headers: [], generated: ["qjs.c"] },
  { name: "lua", libraries: ["lua5.4"], headers: ["lua5.4"] },
];

export const runs: readonly Run[] = [
  { program: "quickjs", workload: "start", rounds: { test: 1, bench: 1 }, group: "quickjs" },
  { program: "quickjs", workload: "objects", rounds: { test: 2, bench: 230 }, group: "quickjs" },
  { program: "quickjs", workload: "text", rounds: { test: 2, bench: 420 }, group: "quickjs" },
  { program: "lua", workload: "numbers", rounds: { test: 20, bench: 3000 }, group: "libraries" },
  { program: "lua", workload: "tables", rounds: { test: 20, bench: 9000 }, group: "libraries" },
  { program: "lua", workload: "text", rounds: { test: 20, bench: 4000 }, group: "libraries" },
];
