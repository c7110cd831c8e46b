// OCaml for the real programs: Debian's compiler, and 5.3 from npm, which is its complete source. Programs become object
// files that hold their runtime and need a C library and nothing else.
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Job } from "../../src/toolchain/jobs.js";
import { npmPackage, run } from "./npm.js";
import { programFolder } from "./programs.js";

const release = { name: "ocaml", version: "5.3.0" };
const compilerFolder = (work: string): string => join(work, `ocaml-${release.version}`);

/** What no program here needs, and takes most of the time. */
const leftOut = [
  "--disable-debug-runtime",
  "--disable-debugger",
  "--disable-instrumented-runtime",
  "--disable-native-toplevel",
  "--disable-ocamldoc",
  "--disable-ocamltest",
  "--disable-shared",
  "--disable-systhreads",
  "--disable-unix-lib",
];

/** Minutes of two cores. */
export function ocaml5Compiler(work: string): Job {
  const folder = compilerFolder(work);
  const output = join(folder, "bin", "ocamlopt.opt");
  return {
    output,
    inputs: [],
    make: {
      steps: `${release.name}@${release.version} configure ${leftOut.join(" ")}`,
      run: async () => {
        const source = await npmPackage(folder, release.name, release.version);
        await run("sh", ["./configure", "--prefix", folder, ...leftOut], source);
        await run("make", ["-j2", "world.opt"], source);
        await run("make", ["install"], source);
        rmSync(join(folder, "node_modules"), { recursive: true });
      },
    },
  };
}

/** Each program's modules, in the order of their dependences; the last is the main one. */
const modules = {
  ocaml4: ["tables", "floats", "symbols", "trees", "edges", "main4"],
  ocaml5: ["tables", "floats", "symbols", "trees", "edges", "effects", "main5"],
} as const;

function programJob(work: string, program: keyof typeof modules, compiler: string): Job {
  const folder = join(work, program);
  const output = join(folder, "program.o");
  const files = modules[program].map((name) => `${name}.ml`);
  const from = programFolder({ name: "ocaml" });
  return {
    output,
    inputs: files.map((file) => join(from, file)),
    make: {
      steps: `${compiler} -output-complete-obj`,
      run: async () => {
        // The compiler writes beside its sources.
        for (const file of files) copyFileSync(join(from, file), join(folder, file));
        rmSync(output, { force: true });
        await run(compiler, ["-w", "-a", "-output-complete-obj", ...files, "-o", output], folder);
      },
    },
  };
}

export const ocamlPrograms = (work: string): readonly Job[] => [
  programJob(work, "ocaml4", "ocamlopt"),
  programJob(work, "ocaml5", ocaml5Compiler(work).output),
];
