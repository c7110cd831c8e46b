// Builds the real programs: each as a unikernel for every target, with our toolchain and Debian's musl over test/real/libc,
// and for Linux, with the machine's gcc and glibc. What is up to date stays.
import { mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { manifestSource } from "../../src/image/manifest-source.js";
import { type Job, readStamps, runJobs, writeStamps } from "../../src/toolchain/jobs.js";
import { bindingsObject, guestOutput, libFolder, linkerScript } from "../../src/toolchain/layout.js";
import { commandFile } from "../command.js";
import { cacheFolder, programFile, unikernelTargets } from "./cache.js";
import { ocaml5Compiler, ocamlPrograms } from "./ocaml.js";
import { type Program, programFolder, programs, sources } from "./programs.js";
import { quickjsSource } from "./quickjs.js";

const musl = { headers: "/usr/include/x86_64-linux-musl", library: "/usr/lib/x86_64-linux-musl/libc.a" };
const debian = { headers: "/usr/include", libraries: "/usr/lib/x86_64-linux-gnu" };
const work = join(cacheFolder, "work");
const object = (name: string): string => join(work, `${name}.o`);
const triple = "x86_64-solo5-none-static";
const bin = join(work, "bin");
const cc: readonly string[] = [process.execPath, join(bin, `${triple}-cc`)];

const libc = readdirSync(join(sources, "libc")).filter((file) => file.endsWith(".c"));
const manifest = join(work, "manifest.c");

/** Headers that musl has not are Debian's libraries' own. */
const guestFlags = [
  "-O2",
  "-Wall",
  `-isystem${musl.headers}`,
  `-idirafter${debian.headers}`,
  `-idirafter${join(debian.headers, "x86_64-linux-gnu")}`,
];

const compile = (source: string, name: string, flags: readonly string[], inputs: readonly string[]): Job => ({
  output: object(name),
  inputs: [source, ...inputs],
  make: [...cc, ...guestFlags, ...flags, "-c", source, "-o", object(name)],
});

/** The C files of a program: its own, and what was made; with the flags that each needs. */
function units(program: Program) {
  const { name, headers, flags = [], generated = [] } = program;
  const folder = programFolder(program);
  const made = join(work, name);
  const own = [
    ...flags,
    ...headers.map((header) => `-isystem${join(debian.headers, header)}`),
    `-I${made}`,
    `-DSCRIPTS="${folder}"`,
  ];
  const inputs = [
    ...readdirSync(folder)
      .filter((file) => !file.endsWith(".ml"))
      .map((file) => join(folder, file)),
    join(sources, "programs", "script.h"),
  ];
  return [
    { source: join(folder, "main.c"), object: name, flags: own, inputs },
    ...generated.map((file) => ({
      source: join(made, file),
      object: `${name}-${file}`,
      flags: ["-w", ...own],
      inputs: [],
    })),
  ];
}

/** The object files that were made. */
const madeObjects = ({ name, objects = [] }: Program): readonly string[] =>
  objects.map((file) => join(work, name, file));

function guestLink(program: Program): readonly Job[] {
  const lib = libFolder(guestOutput, "x86-64");
  const objects = [
    ...units(program).map((unit) => object(unit.object)),
    ...madeObjects(program),
    ...libc.map(object),
  ];
  const archives = program.libraries.map((name) => join(debian.libraries, `lib${name}.a`));
  const parts = [object("manifest"), ...objects, ...archives, musl.library];
  return unikernelTargets.map((target) => ({
    output: programFile(program.name, target),
    inputs: [...parts, join(lib, bindingsObject(target)), join(lib, linkerScript(target))],
    make: [...cc, "-z", `solo5-abi=${target}`, ...parts, "-o", programFile(program.name, target)],
  }));
}

function linuxBuild(program: Program): Job {
  const files = units(program);
  const libraries = [
    ...madeObjects(program),
    ...program.libraries.map((name) => join(debian.libraries, `lib${name}.a`)),
  ];
  const output = programFile(program.name, "linux");
  const flags = ["-O1", "-w", "-fno-strict-aliasing", ...(files[0]?.flags ?? [])];
  return {
    output,
    inputs: [...files.flatMap(({ source, inputs }) => [source, ...inputs]), ...libraries],
    make: ["gcc", ...flags, ...files.map(({ source }) => source), ...libraries, "-lm", "-o", output],
  };
}

/** Throws Solo5Error `BUILD`. Says on `log` what it is about to do. */
export async function buildPrograms(log: (text: string) => void): Promise<void> {
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  for (const tool of ["cc", "ld", "ar"])
    symlinkSync(commandFile(`${triple}-${tool}`), join(bin, `${triple}-${tool}`));
  const stages: readonly { readonly what: string; jobs(): readonly Job[] }[] = [
    { what: "sources and compilers", jobs: () => [quickjsSource(work), ocaml5Compiler(work)] },
    { what: "OCaml", jobs: () => ocamlPrograms(work) },
    {
      what: "compiling",
      jobs: () => [
        { output: manifest, inputs: [], make: { text: manifestSource([]) } },
        ...libc.map((file) =>
          compile(join(sources, "libc", file), file, [], [join(sources, "libc", "libc.h")]),
        ),
        ...programs.flatMap((program) =>
          units(program).map((unit) => compile(unit.source, unit.object, unit.flags, unit.inputs)),
        ),
      ],
    },
    { what: "manifest", jobs: () => [compile(manifest, "manifest", [], [])] },
    {
      what: "linking",
      jobs: () => programs.flatMap((program) => [...guestLink(program), linuxBuild(program)]),
    },
  ];
  const stampsFile = join(work, "stamps.json");
  for (const { what, jobs } of stages) {
    const { stamps, ran } = await runJobs(jobs(), readStamps(stampsFile));
    writeStamps(stampsFile, stamps);
    if (ran > 0) log(`${what}: ${ran} built`);
  }
}
