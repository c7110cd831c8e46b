// What the real programs are made from that no Debian package has: packages of npm, at one version each.
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Job } from "../../src/toolchain/jobs.js";
import { programFolder } from "./programs.js";

const run = promisify(execFile);

/** Installs `name`@`version` below `folder` without running its scripts; gives the package's folder. */
async function npmPackage(folder: string, name: string, version: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}\n");
  await run(
    "npm",
    ["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", `${name}@${version}`],
    {
      cwd: folder,
    },
  );
  return join(folder, "node_modules", name);
}

const quickjs = { name: "@jitl/quickjs-ng-wasmfile-release-sync", version: "0.32.0" };

/** QuickJS-ng's WebAssembly as C. */
function quickjsJob(work: string): Job {
  const folder = join(work, "quickjs");
  const output = join(folder, "qjs.c");
  return {
    output,
    inputs: [],
    make: {
      steps: `${quickjs.name}@${quickjs.version}, wasm2c`,
      run: async () => {
        const wasm = join(
          await npmPackage(folder, quickjs.name, quickjs.version),
          "dist/emscripten-module.wasm",
        );
        await run("wasm2c", [wasm, "--module-name=qjs", "-o", output]);
      },
    },
  };
}

/** The modules of the OCaml programs, in the order of their dependences; the last is the main one. */
const ocamlModules = {
  ocaml4: ["tables", "floats", "symbols", "trees", "edges", "main4"],
  ocaml5: ["tables", "floats", "symbols", "trees", "edges", "effects", "main5"],
} as const;

/** An OCaml program with its runtime as one object file, which needs a C library and nothing else. */
function ocamlJob(work: string, program: keyof typeof ocamlModules, compiler: string): Job {
  const folder = join(work, program);
  const output = join(folder, "program.o");
  const modules = ocamlModules[program].map((name) => `${name}.ml`);
  const from = programFolder({ name: "ocaml" });
  return {
    output,
    inputs: modules.map((file) => join(from, file)),
    make: {
      steps: `${compiler} -output-complete-obj`,
      run: async () => {
        // The compiler writes beside its sources.
        for (const file of modules) copyFileSync(join(from, file), join(folder, file));
        rmSync(output, { force: true });
        const args = ["-w", "-a", "-output-complete-obj", ...modules, "-o", output];
        await run(compiler, args, { cwd: folder });
      },
    },
  };
}

/** The jobs that fill the folder `work`. */
export const fetchJobs = (work: string): readonly Job[] => [
  quickjsJob(work),
  ocamlJob(work, "ocaml4", "ocamlopt"),
];
