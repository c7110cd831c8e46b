// Builds unikernels that tests and benchmarks bring themselves, from C and assembler, into dist/guest/<folder>.
import { basename, join } from "node:path";
import { manifestSource } from "../src/image/manifest-source.js";
import { findCompiler } from "../src/toolchain/compiler.js";
import { compileFlags, linkFlags } from "../src/toolchain/flags.js";
import type { BindingsTarget } from "../src/toolchain/isa.js";
import { readStamps, runJobs, writeStamps, type Job } from "../src/toolchain/jobs.js";
import {
  bindingsObject,
  freestandingFolder,
  guestOutput,
  includeFolder,
  libFolder,
  linkerScript,
  packageRoot,
} from "../src/toolchain/layout.js";

/** What a program consists of: a file of the source tree, or text for the assembler. */
export type Part =
  | { readonly file: string; readonly headers?: readonly string[] }
  | { readonly text: string };

export interface Program {
  /** Of `dist/guest`: where it and what it is made from are put. */
  readonly folder: string;
  readonly name: string;
  readonly parts: readonly Part[];
  readonly devices?: Parameters<typeof manifestSource>[0];
}

export const programFile = ({ folder, name }: Program, target: BindingsTarget): string =>
  join(guestOutput, folder, `${name}.${target}`);

/** In the source tree. */
export const sourceFolder = (name: string): string => join(packageRoot, "test", name);

/** A part, and where its source lies or is put. */
interface Unit {
  readonly source: string;
  readonly headers: readonly string[];
  readonly text?: string;
}

/** Whatever is out of date is built; the bindings must be there (`npm run build`). */
export async function buildPrograms(
  programs: readonly Program[],
  targets: readonly BindingsTarget[],
): Promise<void> {
  const compiler = findCompiler("x86-64");
  const lib = libFolder(guestOutput, "x86-64");
  const headers = { freestanding: freestandingFolder, solo5: includeFolder };
  const cc = [...compiler.cc, ...compileFlags(headers, compiler), "-std=gnu99", "-O2", "-Wall", "-Werror"];

  const work = (folder: string): string => join(guestOutput, folder, ".build");
  const object = (folder: string, { source }: Unit): string => join(work(folder), `${basename(source)}.o`);
  const unitsOf = ({ folder, name, parts, devices = [] }: Program): readonly Unit[] => [
    {
      source: join(work(folder), `${name}-manifest.c`),
      headers: [],
      text: manifestSource(devices),
    },
    ...parts.map((part) =>
      "text" in part
        ? { source: join(work(folder), `${name}.S`), headers: [], text: part.text }
        : { source: part.file, headers: part.headers ?? [] },
    ),
  ];
  const write = ({ source, text }: Unit): readonly Job[] =>
    text === undefined ? [] : [{ output: source, inputs: [], make: { text } }];
  const compile = (folder: string, unit: Unit): Job => ({
    output: object(folder, unit),
    inputs: [unit.source, ...unit.headers],
    make: [...cc, "-c", unit.source, "-o", object(folder, unit)],
  });
  const link = (program: Program, target: BindingsTarget): Job => {
    const script = join(lib, linkerScript(target));
    const objects = unitsOf(program).map((unit) => object(program.folder, unit));
    const inputs = [script, join(lib, bindingsObject(target)), ...objects];
    const file = programFile(program, target);
    return { output: file, inputs, make: [...compiler.ld, ...linkFlags, "-T", ...inputs, "-o", file] };
  };

  for (const folder of new Set(programs.map((program) => program.folder))) {
    const members = programs.filter((program) => program.folder === folder);
    // Programs share parts.
    const units = new Map(members.flatMap(unitsOf).map((unit) => [unit.source, unit]));
    const stages: (() => readonly Job[])[] = [
      () => [...units.values()].flatMap(write),
      () => [...units.values()].map((unit) => compile(folder, unit)),
      () => members.flatMap((program) => targets.map((target) => link(program, target))),
    ];
    const stampsFile = join(work(folder), "stamps.json");
    let stamps = readStamps(stampsFile);
    for (const stage of stages) {
      const result = await runJobs(stage(), stamps);
      stamps = result.stamps;
      if (result.ran > 0) writeStamps(stampsFile, stamps);
    }
  }
}
