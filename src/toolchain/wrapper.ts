// The cross toolchain that other projects' builds call: <triple>-cc, -ld and the rest, which run a real compiler and
// linker with what makes a unikernel of the result. ABI.md 10.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { Solo5Error } from "../bytes/error.js";
import { systemErrorMessage } from "../node/errno.js";
import { readFile, writeFile } from "../node/files.js";
import { joinResponse, parseDriverArguments, readResponseFiles, takeAbi } from "./arguments.js";
import { findCompiler, type Compiler } from "./compiler.js";
import { compileFlags, linkFlags } from "./flags.js";
import { isas } from "./isa.js";
import { changeElf } from "./objcopy.js";
import { parseObjcopy, parseStrip, type CopyArguments } from "./objcopy-arguments.js";
import { runtimeArchive } from "./layout.js";
import { findPrefix, type Prefix } from "./prefix.js";

/** Kernels limit a command line to 2 MiB, of which the environment is part. */
const longCommandLine = 100_000;

/** What a wrapper works with. */
interface Context {
  readonly isa: Isa;
  readonly compiler: Compiler;
  readonly prefix: Prefix;
  /** For what goes away with the wrapper. */
  temporaryFolder(): string;
}

type Tool = (args: readonly string[], context: Context) => number;

const tools: Readonly<Record<string, Tool>> = {
  cc,
  ld,
  as: (args, context) => run(context, [...context.compiler.cc, "-c", "-x", "assembler", "-o", "a.out"], args),
  objcopy,
  strip,
  ar: (args, context) => run(context, context.compiler.ar, args),
  ranlib: (args, context) => run(context, context.compiler.ranlib, args),
};

const toolNames: readonly string[] = Object.keys(tools);

/** The ISA and the tool that a name such as `x86_64-solo5-none-static-cc` stands for. */
export function parseToolName(name: string): { readonly isa: Isa; readonly tool: string } | undefined {
  for (const isa of Object.keys(isas) as Isa[]) {
    const { triple } = isas[isa];
    const tool = name.startsWith(`${triple}-`) ? name.slice(triple.length + 1).replace(/\.[cm]?js$/, "") : "";
    if (Object.hasOwn(tools, tool)) return { isa, tool };
  }
  return undefined;
}

/**
 * Runs the tool `name` as the wrapper at `path`, its real path. Gives the exit status; a tool that died of a signal
 * counts as 128 + its number. Throws Solo5Error `USAGE`, `NO_ABI`, `NO_COMPILER`, `NO_TOOL`.
 */
export function runWrapper(name: string, path: string, args: readonly string[]): number {
  const parsed = parseToolName(name);
  if (parsed === undefined) throw new Solo5Error("USAGE", `${name} is the name of no tool`);
  if (args.length === 0) throw new Solo5Error("USAGE", "no input files");
  const { isa, tool } = parsed;
  let folder: string | undefined;
  try {
    return (tools[tool] as Tool)(args, {
      isa,
      compiler: findCompiler(isa),
      prefix: findPrefix(path, isa),
      temporaryFolder: () => (folder ??= mkdtempSync(join(tmpdir(), "solo5-cc-"))),
    });
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true });
  }
}

function cc(given: readonly string[], context: Context): number {
  const { compiler, prefix } = context;
  const args = parseDriverArguments(readResponseFiles(given));
  if (args.mode === "query") {
    const known = args.all.map((arg) => answer(arg, context)).find((line) => line !== undefined);
    if (known !== undefined) {
      process.stdout.write(`${known}\n`);
      return 0;
    }
    return run(context, compiler.cc, args.all);
  }
  const flags = compileFlags(prefix.headers, compiler);
  if (args.mode === "compile") return run(context, [...compiler.cc, ...flags], args.all);

  const parts: string[] = [];
  for (const [index, part] of args.link.entries()) {
    if ("linker" in part) {
      parts.push(part.linker);
      continue;
    }
    const object = join(context.temporaryFolder(), `${index}-${basename(part.source)}.o`);
    const status = run(
      context,
      [...compiler.cc, ...flags],
      [...args.compiler, "-c", part.source, "-o", object],
    );
    if (status !== 0) return status;
    parts.push(object);
  }
  const { rest, abi } = takeAbi(parts);
  return link(context, args.abi ?? abi ?? "stub", [...rest, "-o", args.output ?? "a.out"]);
}

function ld(given: readonly string[], context: Context): number {
  const { rest, abi } = takeAbi(readResponseFiles(given));
  const asks = rest.every((arg) => /^(?:-v|-V|--version|--help|-m|-z)$/.test(arg));
  if (asks) return run(context, context.compiler.ld, rest);
  return link(context, abi, rest);
}

/** Partial links (`-r`) are the linker's own business. */
function link(context: Context, abi: string | undefined, args: readonly string[]): number {
  const { compiler, prefix } = context;
  if (args.includes("-r") || args.includes("--relocatable")) return run(context, compiler.ld, args);
  if (abi === undefined) throw new Solo5Error("NO_ABI", "no target: give one with -z solo5-abi=ABI");
  const script = join(prefix.lib, `solo5_${abi}.lds`);
  if (!/^[a-z]+$/.test(abi) || !existsSync(script)) {
    throw new Solo5Error("NO_ABI", `there are no bindings for -z solo5-abi=${abi}`);
  }
  return run(context, compiler.ld, [
    ...linkFlags,
    "-T",
    script,
    join(prefix.lib, `solo5_${abi}.o`),
    ...args,
    // Behind the folders that were given, so that their libc.a is found before ours, which is empty.
    `-L${prefix.lib}`,
    "-lgcc",
  ]);
}

function objcopy(args: readonly string[], context: Context): number {
  const { objcopy: host } = context.compiler;
  if (host !== undefined) return run(context, host, args);
  const parsed = parseObjcopy(args);
  if (parsed === undefined) throw tooMuch;
  copyElf(parsed);
  return 0;
}

function strip(args: readonly string[]): number {
  const parsed = parseStrip(args);
  if (parsed === undefined) throw tooMuch;
  for (const each of parsed) copyElf(each);
  return 0;
}

const tooMuch = new Solo5Error(
  "USAGE",
  "only -S -g -R -G -L -w, one input and one output are known: SOLO5_OBJCOPY names an objcopy of the host",
);

/** The output is as executable as the input. */
function copyElf({ input, output, changes }: CopyArguments): void {
  const data = readFile(input);
  try {
    writeFile(output, changeElf(data, changes), statSync(input).mode & 0o777);
  } catch (cause) {
    if (!(cause instanceof Solo5Error) || cause.code !== "BAD_ELF") throw cause;
    throw new Solo5Error(cause.code, `${input}: ${cause.message}`, { cause });
  }
}

/** Runs a tool; where the system may refuse so long a command line, by way of a response file. */
function run(context: Context, command: readonly string[], args: readonly string[]): number {
  const [program = "", ...first] = command;
  let rest = args;
  if (args.reduce((sum, arg) => sum + arg.length + 1, 0) > longCommandLine) {
    const file = join(context.temporaryFolder(), "arguments");
    writeFileSync(file, joinResponse(args));
    rest = [`@${file}`];
  }
  const { status, signal, error } = spawnSync(program, [...first, ...rest], { stdio: "inherit" });
  if (error !== undefined)
    throw new Solo5Error("NO_TOOL", `cannot run ${program}: ${systemErrorMessage(error)}`, { cause: error });
  return status ?? 128 + signalNumber(signal);
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (constants.signals[signal] ?? 0);
}

/** What the wrapper, not the compiler, knows about itself; undefined for the rest. */
function answer(question: string, { isa, prefix: { headers, lib } }: Context): string | undefined {
  const { triple } = isas[isa];
  const [option = "", value = ""] = question.split("=");
  switch (option) {
    case "-dumpmachine":
      return triple;
    case "-print-prog-name":
    case "--print-prog-name":
      return toolNames.includes(value) ? `${triple}-${value}` : value;
    case "-print-file-name":
    case "--print-file-name":
      if (value === "include") return headers.freestanding;
      return existsSync(join(lib, value)) ? join(lib, value) : value;
    case "-print-search-dirs":
    case "--print-search-dirs":
      return `install: ${lib}\nprograms: =\nlibraries: =${lib}`;
    case "-print-libgcc-file-name":
    case "--print-libgcc-file-name":
      return join(lib, runtimeArchive);
    case "-print-multi-directory":
    case "-print-multi-os-directory":
      return ".";
    case "-print-multiarch":
    case "-print-sysroot":
      return "";
    default:
      return undefined;
  }
}
