// What makes files for one ISA's guests: jobs that compile, link and strip, whatever for.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";
import type { Isa } from "../../abi/elf.js";
import { findCompiler, type Compiler } from "../compiler.js";
import { compileFlags, linkFlags, targetLink } from "../flags.js";
import type { BindingsTarget } from "../isa.js";
import type { Job } from "../jobs.js";
import {
  bindingsObject,
  freestandingFolder,
  genodeLibrary,
  includeFolder,
  libFolder,
  linkerScript,
  packageRoot,
} from "../layout.js";
import { changeElf } from "../objcopy/change.js";
import type { Changes } from "../objcopy/changes.js";

/** Every file below `folder`, sorted. */
export const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();

/** Debug information names sources by their path in the package, so that it is the same wherever that lies. */
const reproducible = [
  `-ffile-prefix-map=${packageRoot}${sep}=`,
  `-ffile-prefix-map=${packageRoot}=.`,
] as const;

export class GuestTools {
  readonly isa: Isa;
  /** Where what is built goes. */
  readonly output: string;
  readonly compiler: Compiler;
  /** What is installed, and what is made on the way. */
  readonly lib: string;
  readonly work: string;
  readonly #includes: readonly string[];
  readonly #cc: readonly string[];

  constructor(isa: Isa, output: string) {
    this.isa = isa;
    this.output = output;
    this.compiler = findCompiler(isa);
    this.lib = libFolder(output, isa);
    this.work = join(output, ".build", isa);
    this.#includes = filesBelow(includeFolder);
    this.#cc = [
      ...this.compiler.cc,
      ...compileFlags({ freestanding: freestandingFolder, solo5: includeFolder }, this.compiler),
      ...reproducible,
    ];
  }

  /** The object of a target's bindings with what debuggers want. */
  wholeBindings(target: BindingsTarget): string {
    return join(this.work, "bindings", bindingsObject(target));
  }

  compile(source: string, object: string, inputs: readonly string[], flags: readonly string[]): Job {
    return {
      output: object,
      inputs: [...this.#includes, ...inputs],
      make: [...this.#cc, ...flags, "-c", source, "-o", object],
    };
  }

  link(file: string, target: BindingsTarget, parts: readonly string[]): Job {
    const script = join(this.lib, linkerScript(target));
    // The library is the bindings there.
    const isShared = target === "genode";
    const how = isShared ? targetLink(target, this.lib) : [...linkFlags, "-T", script];
    return {
      output: file,
      inputs: [script, ...parts, ...(isShared ? [join(this.lib, genodeLibrary)] : [])],
      make: [...this.compiler.ld, ...how, ...parts, "-o", file],
    };
  }

  /** Debug information leads to sources that a package does not have. */
  strip(input: string, file: string, mode: number): Job {
    return this.#stripped(input, file, mode, { debug: true });
  }

  /** A program that nobody debugs has no names either. */
  stripAll(input: string, file: string, mode: number): Job {
    return this.#stripped(input, file, mode, { stripAll: true });
  }

  #stripped(input: string, file: string, mode: number, changes: Changes): Job {
    const run = async () => writeFileSync(file, changeElf(readFileSync(input), changes), { mode });
    return { output: file, inputs: [input], make: { steps: `strip ${JSON.stringify(changes)}`, run } };
  }
}
