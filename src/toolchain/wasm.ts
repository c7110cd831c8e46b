// Builds unikernels of C that was made of WebAssembly (src/wasm/to-c): its units, guest/wasm and the embedder's own C.
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { manifestSource } from "../image/manifest-source.js";
import type { Declaration } from "../image/manifest-json.js";
import type { CSource } from "../wasm/to-c/module.js";
import { findCompiler } from "./compiler.js";
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
  const {
    isa,
    targets,
    work,
    module,
    sources,
    headers = [],
    devices = [],
    flags = [],
    sourceFlags = [],
    output,
  } = program;
  const { memoryBase = linearMemoryBase, stackBase, unitFlags = () => [] } = program;
  const compiler = findCompiler(isa);
  const lib = libFolder(guestOutput, isa);
  const cc = [
    ...compiler.cc,
    ...compileFlags({ freestanding: freestandingFolder, solo5: includeFolder }, compiler),
    "-std=gnu11",
    "-O2",
    "-fno-pic",
    "-fno-pie",
    "-fno-math-errno",
    "-fno-asynchronous-unwind-tables",
    "-fno-strict-aliasing",
    "-ffunction-sections",
    `-I${work}`,
    `-I${wasmFolder}`,
    ...(stackBase === undefined ? [] : ["-DWASM_MEMORY_GUARDED"]),
    ...flags,
  ];
  const header = join(work, "wasm-module.h");
  const units = module.units.map((_, i) => join(work, `unit${i}.c`));
  const manifest = join(work, "manifest.c");
  const own = ["wasm.h", "runtime.h"].map((name) => join(wasmFolder, name));
  const object = (name: string): string => join(work, `${name}.o`);
  const compile = (source: string, name: string, more: readonly string[]): Job => ({
    output: object(name),
    inputs: [source, header, ...own, ...headers],
    make: [...cc, ...more, "-c", source, "-o", object(name)],
  });
  const runtimes = new Map(
    targets.map((target) => [
      target,
      compile(
        join(wasmFolder, "runtime.c"),
        `runtime-${target}`,
        // What a virtio unikernel is given was somebody else's.
        ["-fno-builtin", ...(target === "virtio" ? ["-DWASM_MEMORY_UNCLEARED"] : [])],
      ),
    ]),
  );
  const parts = [
    ...units.map((source, i) => compile(source, `unit${i}`, ["-w", "-fno-stack-protector", ...unitFlags(i)])),
    ...sources.map((source, i) => compile(source, `own${i}`, ["-Wall", "-Wextra", ...sourceFlags])),
    compile(manifest, "manifest", []),
  ];
  const link = (target: BindingsTarget): Job => {
    const files = [
      join(lib, bindingsObject(target)),
      ...parts.map((part) => part.output),
      object(`runtime-${target}`),
      join(lib, runtimeArchive),
    ];
    const script = join(lib, linkerScript(target));
    const places = [
      `--defsym=wasm_memory=${memoryBase}`,
      ...(stackBase === undefined ? [] : [`--defsym=wasm_stack_base=${stackBase}`]),
    ];
    return {
      output: output(target),
      inputs: [script, ...files],
      make: [
        ...compiler.ld,
        ...linkFlags,
        "--gc-sections",
        ...places,
        "-T",
        script,
        ...files,
        "-o",
        output(target),
      ],
    };
  };

  const stages: (() => readonly Job[])[] = [
    () => [
      { output: header, inputs: [], make: { text: module.header } },
      ...units.map((file, i) => ({
        output: file,
        inputs: [],
        make: { text: module.units[i] ?? "" },
      })),
      { output: manifest, inputs: [], make: { text: manifestSource(devices) } },
    ],
    () => [...parts, ...runtimes.values()],
    () => targets.map(link),
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
