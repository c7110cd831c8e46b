// Builds generated programs and the switcher of stacks into dist/guest/shapes, for the tests and for the benchmark.
import { join } from "node:path";
import { manifestSource } from "../../src/image/manifest-source.js";
import { findCompiler } from "../../src/toolchain/compiler.js";
import { compileFlags, linkFlags } from "../../src/toolchain/flags.js";
import type { BindingsTarget } from "../../src/toolchain/isa.js";
import { readStamps, runJobs, writeStamps, type Job } from "../../src/toolchain/jobs.js";
import {
  bindingsObject,
  freestandingFolder,
  guestOutput,
  includeFolder,
  libFolder,
  linkerScript,
  packageRoot,
} from "../../src/toolchain/layout.js";
import { programText } from "./program.js";
import type { Shape } from "./shape.js";

const sources = join(packageRoot, "test", "shapes");
const output = join(guestOutput, "shapes");

/** A name to call the program by, and what it consists of beside the parts that all have. */
export interface Program {
  readonly name: string;
  readonly parts: readonly ({ readonly file: string } | { readonly text: string })[];
}

export const generated = (shape: Shape, seed: number): Program => ({
  name: `${shape.name}-${seed}`,
  parts: [{ file: "main.c" }, { text: programText(shape, seed) }],
});

/** Coroutines in C, switched in assembler. */
export const switcher: Program = { name: "switcher", parts: [{ file: "switcher.c" }] };

export const programFile = ({ name }: Program, target: BindingsTarget): string =>
  join(output, `${name}.${target}`);

/** Whatever is out of date is built; the bindings must be there (`npm run build`). */
export async function buildPrograms(
  programs: readonly Program[],
  targets: readonly BindingsTarget[],
): Promise<void> {
  const compiler = findCompiler("x86-64");
  const work = join(output, ".build");
  const lib = libFolder(guestOutput, "x86-64");
  const headers = { freestanding: freestandingFolder, solo5: includeFolder };
  const cc = [...compiler.cc, ...compileFlags(headers, compiler), "-std=gnu99", "-O2", "-Wall", "-Werror"];
  const manifest = join(work, "manifest.c");
  const partSource = (program: Program, n: number): string => {
    const part = program.parts[n];
    return part !== undefined && "file" in part ? join(sources, part.file) : join(work, `${program.name}.S`);
  };
  const object = (source: string): string => join(work, `${source.split("/").at(-1)}.o`);
  const texts: Job[] = programs.flatMap((program) =>
    program.parts.flatMap((part, n) =>
      "text" in part ? [{ output: partSource(program, n), inputs: [], make: { text: part.text } }] : [],
    ),
  );
  const compiled = new Set([
    manifest,
    ...programs.flatMap((program) => program.parts.map((_, n) => partSource(program, n))),
  ]);
  const compile = (source: string): Job => ({
    output: object(source),
    inputs: [source],
    make: [...cc, "-c", source, "-o", object(source)],
  });
  const link = (program: Program, target: BindingsTarget): Job => {
    const script = join(lib, linkerScript(target));
    const objects = [manifest, ...program.parts.map((_, n) => partSource(program, n))].map(object);
    const inputs = [script, join(lib, bindingsObject(target)), ...objects];
    const file = programFile(program, target);
    return { output: file, inputs, make: [...compiler.ld, ...linkFlags, "-T", ...inputs, "-o", file] };
  };
  const stages: (() => Job[])[] = [
    () => [{ output: manifest, inputs: [], make: { text: manifestSource([]) } }, ...texts],
    () => [...compiled].map(compile),
    () => programs.flatMap((program) => targets.map((target) => link(program, target))),
  ];
  const stampsFile = join(work, "stamps.json");
  let stamps = readStamps(stampsFile);
  for (const stage of stages) {
    const result = await runJobs(stage(), stamps);
    stamps = result.stamps;
    if (result.ran > 0) writeStamps(stampsFile, stamps);
  }
}
