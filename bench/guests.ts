// Builds the benchmark unikernels of bench/guest/: dist/guest/bench/<workload>.{spt,hvt,virtio}.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Isa } from "../src/abi/elf.js";
import { manifestSource } from "../src/image/manifest-source.js";
import { findCompiler } from "../src/toolchain/compiler.js";
import { compileFlags, positionFlags, targetLink } from "../src/toolchain/flags.js";
import type { BindingsTarget } from "../src/toolchain/isa.js";
import { type Job, readStamps, runJobs, writeStamps } from "../src/toolchain/jobs.js";
import {
  bindingsObject,
  freestandingFolder,
  genodeLibrary,
  guestOutput,
  includeFolder,
  libFolder,
  linkerScript,
  packageRoot,
} from "../src/toolchain/layout.js";
import { unikernelFile } from "../test/elf-file.js";

export const sources = join(packageRoot, "bench", "guest");
const output = join(guestOutput, "bench");
const shared = ["main.c", "string.c"];

/** The workloads' names, in the order of their files. */
export const workloads: readonly string[] = readdirSync(sources)
  .filter((file) => file.endsWith(".c") && !shared.includes(file))
  .map((file) => file.slice(0, -2))
  .toSorted();

/** Those of floating point that compilers turn into packed and scalar code on the same registers. */
export const floatWorkloads: ReadonlySet<string> = new Set([
  "filter",
  "fourier",
  "matrix",
  "particles",
  "spectral",
]);

/** About three times the rounds that a workload makes by itself; what `fib` does grows by the golden ratio. */
export function longRounds(name: string): number {
  const source = readFileSync(join(sources, `${name}.c`), "utf8");
  const rounds = Number(/workload_rounds = (\d+);/.exec(source)?.[1]);
  return name === "fib" ? rounds + 2 : 3 * rounds;
}

/** Those of this machine's ISA lie in the folder itself. */
const folderOf = (isa: Isa): string => (isa === "x86-64" ? output : join(output, isa));

export const workloadFile = (name: string, target: BindingsTarget, isa: Isa = "x86-64"): string =>
  join(folderOf(isa), `${name}.${target}`);

/** One checksum on every ISA: no operation is fused with another, and a root is an instruction. */
const languageFlags = ["-std=gnu99", "-O2", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Werror"];

/** Whatever is out of date is built; the bindings must be there (`npm run build`). */
export async function buildWorkloads(
  targets: readonly BindingsTarget[] = ["spt", "hvt", "virtio"],
  isa: Isa = "x86-64",
): Promise<void> {
  const compiler = findCompiler(isa);
  const work = join(folderOf(isa), ".build");
  /** Code for any address is another object. */
  const object = (file: string, target: string) =>
    join(work, positionFlags(target).length === 0 ? `${file}.o` : `${file}.any.o`);
  const manifest = join(work, "manifest.c");
  const headers = { freestanding: freestandingFolder, solo5: includeFolder };
  const cc = [...compiler.cc, ...compileFlags(headers, compiler), ...languageFlags];
  const compile = (source: string, name: string, target: string): Job => ({
    output: object(name, target),
    inputs: [source, join(sources, "workload.h")],
    make: [...cc, ...positionFlags(target), "-c", source, "-o", object(name, target)],
  });
  const files = readdirSync(sources).filter((file) => file.endsWith(".c"));
  const lib = libFolder(guestOutput, isa);
  const link = (name: string, target: BindingsTarget): Job => {
    const script = join(lib, linkerScript(target));
    const parts = [`${name}.c`, ...shared, "manifest.c"].map((file) => object(file, target));
    const out = workloadFile(name, target, isa);
    const library = target === "genode" ? genodeLibrary : bindingsObject(target);
    return {
      output: out,
      inputs: [script, join(lib, library), ...parts],
      make: [...compiler.ld, ...parts, ...targetLink(target, lib), "-o", out],
    };
  };
  /** A target for each kind of objects. */
  const kinds = new Map(targets.map((target) => [positionFlags(target).join(" "), target]));
  const stages: Job[][] = [
    [{ output: manifest, inputs: [], make: { text: manifestSource([]) } }],
    [...kinds.values()].flatMap((target) => [
      ...files.map((file) => compile(join(sources, file), file, target)),
      compile(manifest, "manifest.c", target),
    ]),
    targets.flatMap((target) => workloads.map((name) => link(name, target))),
  ];
  const stampsFile = join(work, "stamps.json");
  let stamps = readStamps(stampsFile);
  for (const stage of stages) {
    const result = await runJobs(stage, stamps);
    stamps = result.stamps;
    if (result.ran > 0) writeStamps(stampsFile, stamps);
  }
}

/** The source of a workload, for wrappers other than ours. */
export const sourceOf = (name: string): string => readFileSync(join(sources, `${name}.c`), "utf8");

/** A guest that makes WALLTIME hypercalls for ever: mov dx, 0x501; mov eax, 0x110000; L: out dx, eax; jmp L. */
export const caller = unikernelFile({
  target: 1,
  headers: [
    {
      type: 1,
      flags: 5,
      vaddr: 0x100000n,
      data: Uint8Array.of(0x66, 0xba, 0x01, 0x05, 0xb8, 0, 0, 0x11, 0, 0xef, 0xeb, 0xfd),
    },
  ],
});
