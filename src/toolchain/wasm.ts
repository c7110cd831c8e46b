// Builds unikernels of C that was made of WebAssembly (src/wasm/to-c): its units, guest/wasm and the embedder's own C.
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { manifestSource } from "../image/manifest-source.js";
import type { Declaration } from "../image/manifest-json.js";
import type { CSource } from "../wasm/to-c/module.js";
import { findCompiler, type Compiler } from "./compiler.js";
import { compileFlags, linkFlags } from "./flags.js";
import type { BindingsTarget } from "./isa.js";
import { readStamps, runJobs, writeStamps, type Job } from "./jobs.js";
import {
  bindingsObject,
  freestandingFolder,
  guestOutput,
  guestSource,
  includeFolder,
  libFolder,
  linkerScript,
  runtimeArchive,
} from "./layout.js";

/** Where linear memory begins unless a program says otherwise: behind the image and what devices keep behind that. */
const linearMemoryBase = 0x1000000;

/** The C that every module's embedder needs, and headers. */
export const wasmFolder = join(guestSource, "wasm");

/** Of all that is compiled here. */
const wasmFlags = [
  "-std=gnu11",
  "-O2",
  "-fno-pic",
  "-fno-pie",
  "-fno-math-errno",
  "-fno-asynchronous-unwind-tables",
  "-fno-strict-aliasing",
  "-ffunction-sections",
];

export interface WasmProgram {
  readonly isa: Isa;
  readonly targets: readonly BindingsTarget[];
  /** For what is made on the way. */
  readonly work: string;
  readonly module: CSource;
  /** The embedder's C files. */
  readonly sources: readonly string[];
  /** Headers that these include, besides the module's. */
  readonly headers?: readonly string[];
  readonly devices?: readonly Declaration[];
  readonly flags?: readonly string[];
  /** For each of the module's units, by index, besides. */
  readonly unitFlags?: (unit: number) => readonly string[];
  /** For the embedder's C alone. */
  readonly sourceFlags?: readonly string[];
  /** Where linear memory begins. */
  readonly memoryBase?: number;
  /** Where the stack in front of it does: what accesses memory compares nothing then (guest/wasm/runtime.c). */
  readonly stackBase?: number | undefined;
  output(target: BindingsTarget): string;
}

/** Compiles and links what is out of date. Throws Solo5Error `BUILD`, `NO_COMPILER`. */
export async function buildWasmProgram(program: WasmProgram): Promise<number> {
  const { work, targets } = program;
  const compiler = findCompiler(program.isa);
  const files = filesOf(program);
  const parts = partJobs(program, compiler, files);
  const stages: (() => readonly Job[])[] = [
    () => textJobs(program, files),
    () => [...parts, ...targets.map((target) => runtimeJob(program, compiler, files, target))],
    () => targets.map((target) => linkJob(program, compiler, parts, target)),
  ];
  const stampsFile = join(work, "stamps.json");
  let stamps = readStamps(stampsFile);
  let made = 0;
  for (const stage of stages) {
    const result = await runJobs(stage(), stamps);
    stamps = result.stamps;
    made += result.ran;
    writeStamps(stampsFile, stamps);
  }
  return made;
}

/** What is written before anything is compiled. */
interface Files {
  readonly header: string;
  readonly units: readonly string[];
  readonly manifest: string;
}

const filesOf = ({ work, module }: WasmProgram): Files => ({
  header: join(work, "wasm-module.h"),
  units: module.units.map((_, i) => join(work, `unit${i}.c`)),
  manifest: join(work, "manifest.c"),
});

function textJobs({ module, devices = [] }: WasmProgram, { header, units, manifest }: Files): Job[] {
  const write = (output: string, text: string): Job => ({ output, inputs: [], make: { text } });
  return [
    write(header, module.header),
    ...units.map((file, i) => write(file, module.units[i] ?? "")),
    write(manifest, manifestSource(devices)),
  ];
}

const ownHeaders = ["wasm.h", "runtime.h"].map((name) => join(wasmFolder, name));
const objectOf = ({ work }: WasmProgram, name: string): string => join(work, `${name}.o`);

function compileJob(
  program: WasmProgram,
  compiler: Compiler,
  { header }: Files,
  source: string,
  name: string,
  more: readonly string[],
): Job {
  const { work, headers = [], flags = [], stackBase } = program;
  const output = objectOf(program, name);
  const folders = { freestanding: freestandingFolder, solo5: includeFolder };
  const guarded = stackBase === undefined ? [] : ["-DWASM_MEMORY_GUARDED"];
  return {
    output,
    inputs: [source, header, ...ownHeaders, ...headers],
    make: [
      ...compiler.cc,
      ...compileFlags(folders, compiler),
      ...wasmFlags,
      `-I${work}`,
      `-I${wasmFolder}`,
      ...guarded,
      ...flags,
      ...more,
      "-c",
      source,
      "-o",
      output,
    ],
  };
}

/** What is the same for every target. */
function partJobs(program: WasmProgram, compiler: Compiler, files: Files): Job[] {
  const { sources, sourceFlags = [], unitFlags = () => [] } = program;
  const compile = (source: string, name: string, more: readonly string[]): Job =>
    compileJob(program, compiler, files, source, name, more);
  return [
    ...files.units.map((source, i) =>
      compile(source, `unit${i}`, ["-w", "-fno-stack-protector", ...unitFlags(i)]),
    ),
    ...sources.map((source, i) => compile(source, `own${i}`, ["-Wall", "-Wextra", ...sourceFlags])),
    compile(files.manifest, "manifest", []),
  ];
}

function runtimeJob(program: WasmProgram, compiler: Compiler, files: Files, target: BindingsTarget): Job {
  // What a virtio unikernel is given was somebody else's.
  const uncleared = target === "virtio" ? ["-DWASM_MEMORY_UNCLEARED"] : [];
  const source = join(wasmFolder, "runtime.c");
  return compileJob(program, compiler, files, source, `runtime-${target}`, ["-fno-builtin", ...uncleared]);
}

function linkJob(
  program: WasmProgram,
  compiler: Compiler,
  parts: readonly Job[],
  target: BindingsTarget,
): Job {
  const { isa, memoryBase = linearMemoryBase, stackBase } = program;
  const lib = libFolder(guestOutput, isa);
  const script = join(lib, linkerScript(target));
  const output = program.output(target);
  const files = [
    join(lib, bindingsObject(target)),
    ...parts.map((part) => part.output),
    objectOf(program, `runtime-${target}`),
    join(lib, runtimeArchive),
  ];
  const places = [
    `--defsym=wasm_memory=${memoryBase}`,
    ...(stackBase === undefined ? [] : [`--defsym=wasm_stack_base=${stackBase}`]),
  ];
  return {
    output,
    inputs: [script, ...files],
    make: [...compiler.ld, ...linkFlags, "--gc-sections", ...places, "-T", script, ...files, "-o", output],
  };
}
