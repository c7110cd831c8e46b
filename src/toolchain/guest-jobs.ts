// The jobs that build one ISA's bindings, self-tests and demonstrations: what is read, what is written, by which command.
import { join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { demosFolder } from "./demos.js";
import { bindingsJobs, diskBootJobs, genodeJobs } from "./guest/bindings.js";
import { folderJobs, programJobs, type ProgramJobs } from "./guest/programs.js";
import { runtimeJobs, type RuntimeJobs } from "./guest/runtime.js";
import { GuestTools } from "./guest/tools.js";
import type { BindingsTarget } from "./isa.js";
import type { Job } from "./jobs.js";
import { bindingsObject, demoFile, guestSource } from "./layout.js";
import { testLibrary, testsFolder } from "./self-tests.js";

const testsOutput = (output: string, isa: Isa): string => join(output, "tests", isa === "x86-64" ? "" : isa);

/** Where a self-test ends up below `output`. */
export const selfTestFile = (output: string, isa: Isa, name: string, target: BindingsTarget): string =>
  join(testsOutput(output, isa), `test_${name}.${target}`);

/** Where the malformed unikernel ends up below `output`. */
export const buggyElfFile = (output: string, isa: Isa): string =>
  join(testsOutput(output, isa), "buggyelf.hvt");

interface GuestJobs {
  /** The bindings' object, with what debuggers want, and their linker script. */
  bindings(target: BindingsTarget): readonly Job[];
  /** What stands for Genode's library, while linking and in a process: objects, then the files, after `bindings`. */
  readonly genode: { readonly compile: Job; readonly link: readonly Job[] };
  /** The object as it is installed; after `bindings`. */
  installBindings(target: BindingsTarget): Job;
  /** The compiler's runtime and the libraries that are empty: parts first, then archives. */
  readonly runtime: RuntimeJobs;
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
  const tools = new GuestTools(isa, output);
  const wholeDemo = (name: string, target: BindingsTarget): string =>
    join(tools.work, "demo", `${name}.${target}`);
  const library = folderJobs(tools, join(testsFolder, testLibrary), [join(testsFolder, testLibrary)]);
  const buggySource = join(guestSource, "malformed", "buggyelf", "main.S");
  const buggyObject = join(tools.work, "buggyelf", "main.S.o");
  return {
    runtime: runtimeJobs(tools),
    diskBoot: diskBootJobs(tools),
    buggyElf: {
      compile: tools.compile(buggySource, buggyObject, [buggySource], []),
      link: tools.link(buggyElfFile(output, isa), "hvt", [buggyObject]),
    },
    bindings: (target) => bindingsJobs(tools, target),
    genode: genodeJobs(tools),
    selfTest: (name) =>
      programJobs(
        tools,
        join(testsFolder, name),
        (target) => selfTestFile(output, isa, name, target),
        library,
      ),
    testLibrary: library.compile,
    installBindings: (target) =>
      tools.strip(tools.wholeBindings(target), join(tools.lib, bindingsObject(target)), 0o644),
    demo: (name) => programJobs(tools, join(demosFolder, name), (target) => wholeDemo(name, target)),
    installDemo: (name, target) =>
      tools.stripAll(wholeDemo(name, target), demoFile(output, name, target), 0o755),
  };
}
