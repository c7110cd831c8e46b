// The jobs that build one ISA's bindings, self-tests and demonstrations: what is read, what is written, by which command.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import type { Isa } from "../abi/elf.js";
import { parseManifest } from "../image/manifest-json.js";
import { manifestSource } from "../image/manifest-source.js";
import { findCompiler } from "./compiler.js";
import {
  bindingsFlags,
  compileFlags,
  genodeLibraryLink,
  linkFlags,
  positionFlags,
  targetLink,
} from "./flags.js";
import { isas, type BindingsTarget } from "./isa.js";
import type { Job } from "./jobs.js";
import {
  bindingsObject,
  demoFile,
  diskBootFile,
  emptyArchives,
  freestandingFolder,
  genodeLibrary,
  genodeProcess,
  guestSource,
  includeFolder,
  libFolder,
  linkerScript,
  packageRoot,
  packageVersion,
  runtimeArchive,
} from "./layout.js";
import { changeElf } from "./objcopy/change.js";
import { runtimeFlags, splitArchive, zigRuntimeFlags } from "./runtime.js";
import { demosFolder } from "./demos.js";
import { testLibrary, testsFolder } from "./self-tests.js";

/** What a self-test is compiled with, as any application might be. */
const testFlags = ["-O2", "-g", "-Wall", "-Wextra", "-Werror"] as const;
const languageFlags = (source: string): readonly string[] =>
  source.endsWith(".cc") ? ["-std=c++17", "-fno-exceptions", "-fno-rtti"] : ["-std=gnu99"];

/** The C and C++ files in a program's folder. */
const sources = (folder: string): readonly string[] =>
  readdirSync(folder).filter((file) => /\.(c|cc)$/.test(file));

/** Every file below `folder`, sorted. */
const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();

/** Debug information names sources by their path in the package, so that it is the same wherever that lies. */
const reproducible = [
  `-ffile-prefix-map=${packageRoot}${sep}=`,
  `-ffile-prefix-map=${packageRoot}=.`,
] as const;

const testsOutput = (output: string, isa: Isa): string => join(output, "tests", isa === "x86-64" ? "" : isa);

/** Where a self-test ends up below `output`. */
export const selfTestFile = (output: string, isa: Isa, name: string, target: BindingsTarget): string =>
  join(testsOutput(output, isa), `test_${name}.${target}`);

/** Where the malformed unikernel ends up below `output`. */
export const buggyElfFile = (output: string, isa: Isa): string =>
  join(testsOutput(output, isa), "buggyelf.hvt");

/** Objects that several programs share. */
interface Library {
  readonly folder: string;
  objects(target: BindingsTarget): readonly string[];
  readonly compile: readonly Job[];
}

/** A unikernel from the C sources and the manifest in a folder. */
interface ProgramJobs {
  /** The C source of its manifest; before `compile`. */
  readonly manifest: Job;
  readonly compile: readonly Job[];
  /** After `compile` and `bindings`. */
  link(target: BindingsTarget): Job;
}

interface GuestJobs {
  /** The bindings' object, with what debuggers want, and their linker script. */
  bindings(target: BindingsTarget): readonly Job[];
  /** What stands for Genode's library, while linking and in a process: objects, then the files, after `bindings`. */
  readonly genode: { readonly compile: Job; readonly link: readonly Job[] };
  /** The object as it is installed; after `bindings`. */
  installBindings(target: BindingsTarget): Job;
  /** The compiler's runtime and the libraries that are empty: parts first, then archives. */
  readonly runtime: { readonly parts: readonly Job[]; readonly archives: readonly Job[] };
  selfTest(name: string): ProgramJobs;
  /** What self-tests share. */
  readonly testLibrary: readonly Job[];
  demo(name: string): ProgramJobs;
  /** A demonstration as the package has it; after its `link`. */
  installDemo(name: string, target: BindingsTarget): Job;
  /** The malformed hvt unikernel, which is all its own source: its object, then, after `bindings`, itself. */
  readonly buggyElf: { readonly compile: Job; readonly link: Job };
  /** The boot code of disks, for PCs. */
  readonly diskBoot: { readonly compile: Job; readonly link: Job };
}

export function guestJobs(isa: Isa, output: string): GuestJobs {
  const compiler = findCompiler(isa);
  const lib = libFolder(output, isa);
  const work = join(output, ".build", isa);
  const includes = filesBelow(includeFolder);
  const cc = [
    ...compiler.cc,
    ...compileFlags({ freestanding: freestandingFolder, solo5: includeFolder }, compiler),
    ...reproducible,
  ];

  const wholeBindings = (target: BindingsTarget): string => join(work, "bindings", bindingsObject(target));
  const wholeDemo = (name: string, target: BindingsTarget): string => join(work, "demo", `${name}.${target}`);
  /** Debug information leads to sources that a package does not have. */
  const stripJob = (input: string, file: string, mode: number): Job => ({
    output: file,
    inputs: [input],
    make: {
      steps: "strip debug",
      run: async () => writeFileSync(file, changeElf(readFileSync(input), { debug: true }), { mode }),
    },
  });

  const compileJob = (
    source: string,
    object: string,
    inputs: readonly string[],
    flags: readonly string[],
  ): Job => ({
    output: object,
    inputs: [...includes, ...inputs],
    make: [...cc, ...flags, "-c", source, "-o", object],
  });
  const linkJob = (file: string, target: BindingsTarget, parts: readonly string[]): Job => {
    const script = join(lib, linkerScript(target));
    // The library is the bindings there.
    const isShared = target === "genode";
    return {
      output: file,
      inputs: [script, ...parts, ...(isShared ? [join(lib, genodeLibrary)] : [])],
      make: [
        ...compiler.ld,
        ...(isShared ? targetLink(target, lib) : [...linkFlags, "-T", script]),
        ...parts,
        "-o",
        file,
      ],
    };
  };
  /** The ways that code is compiled for the targets there are. */
  const positions = isas[isa].targets.includes("genode") ? [[], positionFlags("genode")] : [[]];
  /** The C and C++ files of a folder; what they include is in it, or in what else is given. */
  const folderJobs = (folder: string, shared: readonly string[] = []): Library => {
    const inputs = [folder, ...shared].flatMap(filesBelow);
    const flags = [...testFlags, ...shared.flatMap((one) => ["-I", one])];
    const object = (source: string, position: readonly string[]): string =>
      join(work, basename(folder), `${source}${position.join("")}.o`);
    return {
      folder,
      objects: (target) => sources(folder).map((source) => object(source, positionFlags(target))),
      compile: sources(folder).flatMap((source) =>
        positions.map((position) =>
          compileJob(join(folder, source), object(source, position), inputs, [
            ...languageFlags(source),
            ...flags,
            ...position,
          ]),
        ),
      ),
    };
  };
  const programJobs = (
    folder: string,
    file: (target: BindingsTarget) => string,
    shared?: Library,
  ): ProgramJobs => {
    const own = folderJobs(folder, shared === undefined ? [] : [shared.folder]);
    const json = join(folder, "manifest.json");
    const text = manifestSource(parseManifest(readFileSync(json, "utf8"), relative(packageRoot, json)));
    const manifest = join(work, basename(folder), "manifest.c");
    const manifestObject = `${manifest}.o`;
    return {
      manifest: { output: manifest, inputs: [], make: { text } },
      compile: [
        ...own.compile,
        compileJob(manifest, manifestObject, [manifest], ["-std=gnu99", "-O2", "-fPIC"]),
      ],
      link: (target) =>
        linkJob(file(target), target, [
          ...(target === "genode" ? [] : [wholeBindings(target)]),
          ...own.objects(target),
          manifestObject,
          ...(shared?.objects(target) ?? []),
        ]),
    };
  };
  const library = folderJobs(join(testsFolder, testLibrary), [join(testsFolder, testLibrary)]);
  const runtimeJobs = (): GuestJobs["runtime"] => {
    const runtime = compiler.runtime();
    const archive = join(lib, runtimeArchive);
    const empty = emptyArchives.map((name): Job => ({
      output: join(lib, name),
      inputs: [],
      make: { text: "!<arch>\n" },
    }));
    if ("archive" in runtime) {
      const copy = { steps: "copy", run: async () => copyFileSync(runtime.archive, archive) };
      return { parts: [], archives: [{ output: archive, inputs: [runtime.archive], make: copy }, ...empty] };
    }
    const folder = join(work, "runtime");
    const source = join(guestSource, "runtime", "missing.c");
    const missing = join(folder, "missing.o");
    const object = join(folder, "compiler_rt.o");
    const caches = ["--cache-dir", join(folder, "cache"), "--global-cache-dir", join(folder, "cache")];
    const zig = [
      ...runtime.zig,
      ...zigRuntimeFlags,
      ...caches,
      "--name",
      "compiler_rt",
      `-femit-bin=${object}`,
    ];
    const split = () => splitArchive(archive, [object, missing], compiler, join(folder, "members"));
    return {
      parts: [
        compileJob(source, missing, [source], runtimeFlags),
        { output: object, inputs: [runtime.version], make: zig },
      ],
      archives: [
        {
          output: archive,
          inputs: [object, missing],
          make: { steps: "split, localize, strip all that is not needed", run: split },
        },
        ...empty,
      ],
    };
  };

  const genodeFolder = join(guestSource, "bindings", "genode");
  const processObject = join(work, "bindings", "genode-process.o");

  const buggySource = join(guestSource, "malformed", "buggyelf", "main.S");
  const buggyObject = join(work, "buggyelf", "main.S.o");

  const bootFolder = join(guestSource, "boot");
  const bootSource = join(bootFolder, "disk.S");
  const bootScript = join(bootFolder, "disk.lds");
  const bootObject = join(work, "boot", "disk.S.o");
  const bootCode = diskBootFile(output);

  return {
    runtime: runtimeJobs(),
    diskBoot: {
      compile: compileJob(bootSource, bootObject, [bootSource], []),
      link: {
        output: bootCode,
        inputs: [bootScript, bootObject],
        make: [...compiler.ld, "--oformat=binary", "-T", bootScript, bootObject, "-o", bootCode],
      },
    },
    buggyElf: {
      compile: compileJob(buggySource, buggyObject, [buggySource], []),
      link: linkJob(buggyElfFile(output, isa), "hvt", [buggyObject]),
    },
    bindings: (target) => {
      const folder = join(guestSource, "bindings", target);
      const script = join(folder, `${target}.lds`);
      return [
        compileJob(
          join(folder, "bindings.c"),
          wholeBindings(target),
          filesBelow(join(guestSource, "bindings")),
          [
            ...bindingsFlags(isa),
            ...testFlags.slice(1),
            ...positionFlags(target),
            `-DSOLO5_VERSION="v${packageVersion()}"`,
          ],
        ),
        { output: join(lib, linkerScript(target)), inputs: [], make: { text: readFileSync(script, "utf8") } },
      ];
    },
    genode: {
      compile: compileJob(
        join(genodeFolder, "process.c"),
        processObject,
        filesBelow(join(guestSource, "bindings")),
        [...bindingsFlags(isa), ...testFlags.slice(1)],
      ),
      link: [
        {
          output: join(lib, genodeLibrary),
          inputs: [wholeBindings("genode")],
          make: [
            ...compiler.ld,
            ...genodeLibraryLink,
            "-s",
            wholeBindings("genode"),
            "-o",
            join(lib, genodeLibrary),
          ],
        },
        {
          output: join(lib, genodeProcess),
          inputs: [join(genodeFolder, "process.lds"), processObject],
          make: [
            ...compiler.ld,
            ...linkFlags,
            "--strip-debug",
            "-T",
            join(genodeFolder, "process.lds"),
            processObject,
            "-o",
            join(lib, genodeProcess),
          ],
        },
      ],
    },
    selfTest: (name) =>
      programJobs(join(testsFolder, name), (target) => selfTestFile(output, isa, name, target), library),
    testLibrary: library.compile,
    installBindings: (target) => stripJob(wholeBindings(target), join(lib, bindingsObject(target)), 0o644),
    demo: (name) => programJobs(join(demosFolder, name), (target) => wholeDemo(name, target)),
    installDemo: (name, target) => stripJob(wholeDemo(name, target), demoFile(output, name, target), 0o755),
  };
}
