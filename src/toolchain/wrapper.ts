// The cross toolchain that other projects' builds call: <triple>-cc, -ld and the rest, which run a real compiler and
// linker with what makes a unikernel of the result. docs/abi.md 7.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Isa } from "../abi/elf.js";
import { signalStatus } from "../abi/signals.js";
import { programFailure } from "../host/any/program.js";
import { Solo5Error } from "../bytes/error.js";
import { writeFile } from "../host/any/files.js";
import { joinResponse, parseDriverArguments, readResponseFiles, takeAbi } from "./arguments.js";
import { findCompiler, type Compiler } from "./compiler.js";
import { dependencies } from "./dependencies.js";
import { compileFlags, positionFlags, targetLink } from "./flags.js";
import { isas } from "./isa.js";
import { parseObjcopy, parseStrip, usage } from "./objcopy/arguments.js";
import { copy, knowsFormats } from "./objcopy/copy.js";
import { packageVersion, runtimeArchive } from "./layout.js";
import { findPrefix, type ToolchainPrefix } from "./prefix.js";

/** Kernels limit a command line to 2 MiB, of which the environment is part. */
const longCommandLine = 100_000;

/** What a wrapper works with. */
interface Context {
  readonly isa: Isa;
  readonly compiler: Compiler;
  readonly prefix: ToolchainPrefix;
  /** For what goes away with the wrapper. */
  temporaryFolder(): string;
}

type Tool = (args: readonly string[], context: Context) => number;

const tools: Readonly<Record<string, Tool>> = {
  cc,
  // What autoconf looks for before it takes the host's own gcc.
  gcc: cc,
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
  const linked = takeAbi(
    args.mode === "link" ? args.link.flatMap((part) => ("linker" in part ? [part.linker] : [])) : [],
  );
  const target = args.abi ?? linked.abi ?? "stub";
  const flags = [...compileFlags(prefix.headers, compiler), ...positionFlags(target)];
  if (args.mode === "compile") return run(context, [...compiler.cc, ...flags], args.all);

  const parts: string[] = [];
  const rules = new Map<string, string>();
  for (const [index, part] of args.link.entries()) {
    if ("linker" in part) {
      parts.push(part.linker);
      continue;
    }
    const object = join(context.temporaryFolder(), `${index}-${basename(part.source)}.o`);
    const wanted = dependencies(args.compiler, part.source, args.output);
    const rule = `${object}.d`;
    const status = run(
      context,
      [...compiler.cc, ...flags],
      [...args.compiler, ...(wanted?.flags(rule) ?? []), "-c", part.source, "-o", object],
    );
    if (status !== 0) return status;
    if (wanted !== undefined) {
      rules.set(wanted.file, (rules.get(wanted.file) ?? "") + readFileSync(rule, "utf8"));
    }
    parts.push(object);
  }
  for (const [file, text] of rules) writeFile(file, text);
  const { rest } = takeAbi(parts);
  return link(context, target, [...rest, "-o", args.output ?? "a.out"], args.compiler);
}

/** Without a target it is a plain linker, which has no root where the host's libraries would be. */
function ld(given: readonly string[], context: Context): number {
  const { rest, abi } = takeAbi(readResponseFiles(given));
  if (rest.some((arg) => /^--?print-sysroot$/.test(arg))) {
    process.stdout.write("\n");
    return 0;
  }
  // GNU ld prints the script that it links by; lld has none.
  const isLld = context.compiler.ld.some((word) => word.endsWith("ld.lld"));
  if (isLld && rest.join(" ") === "--verbose") {
    const rule = "=".repeat(50);
    const script = readFileSync(join(context.prefix.lib, "solo5_stub.lds"), "utf8");
    process.stdout.write(`using internal linker script:\n${rule}\n${script}${rule}\n`);
    return 0;
  }
  return abi === undefined ? plainLink(context, rest) : link(context, abi, rest);
}

function plainLink(context: Context, args: readonly string[], options: readonly string[] = []): number {
  const { ld, linkTime } = context.compiler;
  const lto = linkTime(options, () => context.temporaryFolder());
  return run(context, [...ld, ...lto.args], args, lto.env);
}

/** Partial links (`-r`) are the linker's own business. `options` are the compiler's. */
function link(
  context: Context,
  abi: string,
  args: readonly string[],
  options: readonly string[] = [],
): number {
  const { prefix } = context;
  if (args.includes("-r") || args.includes("--relocatable")) return plainLink(context, args, options);
  const script = join(prefix.lib, `solo5_${abi}.lds`);
  if (!/^[a-z]+$/.test(abi) || !existsSync(script)) {
    throw new Solo5Error("NO_ABI", `there are no bindings for -z solo5-abi=${abi}`);
  }
  const all = [
    ...targetLink(abi, prefix.lib),
    ...args,
    // Behind the folders that were given, so that their libc.a is found before ours, which is empty.
    `-L${prefix.lib}`,
    "-lgcc",
  ];
  return plainLink(context, all, options);
}

function objcopy(args: readonly string[], context: Context): number {
  const { objcopy: host } = context.compiler;
  return host === undefined ? copyTool("objcopy", parseObjcopy, args, context) : run(context, host, args);
}

function strip(args: readonly string[], context: Context): number {
  // binutils and LLVM have both, side by side.
  const host = context.compiler.objcopy?.map((word) => word.replace(/objcopy(?=[^/]*$)/, "strip"));
  const isThere = host?.some((word) => /strip[^/]*$/.test(word)) === true;
  return host === undefined || !isThere
    ? copyTool("strip", parseStrip, args, context)
    : run(context, host, args);
}

/** Ours, and where that is asked for more, one of the host. */
function copyTool(
  tool: "objcopy" | "strip",
  parse: typeof parseObjcopy,
  given: readonly string[],
  context: Context,
): number {
  const args = readResponseFiles(given);
  const parsed = parse(args);
  if (parsed === "version" || parsed === "help") {
    const title = `${tool}, compatible with GNU ${tool} (Solo5 for TypeScript ${packageVersion()})\n`;
    process.stdout.write(parsed === "version" ? title : usage(tool));
    return 0;
  }
  if (parsed === undefined || !knowsFormats(parsed)) return hostTool(tool, args, context);
  copy(parsed, context.isa, (archive) => run(context, context.compiler.ranlib, [archive]));
  return 0;
}

function hostTool(tool: string, args: readonly string[], context: Context): number {
  for (const name of [`${isas[context.isa].arch}-linux-gnu-${tool}`, `llvm-${tool}`]) {
    if (spawnSync(name, ["--version"], { stdio: "ignore" }).error === undefined)
      return run(context, [name], args);
  }
  throw new Solo5Error(
    "USAGE",
    `${args.join(" ")}: more than ${tool} of this package does, and no binutils are here: SOLO5_OBJCOPY names an objcopy`,
  );
}

/** Runs a tool; where the system may refuse so long a command line, by way of a response file. */
function run(
  context: Context,
  command: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): number {
  const [program = "", ...first] = command;
  let rest = args;
  if (args.reduce((sum, arg) => sum + arg.length + 1, 0) > longCommandLine) {
    const file = join(context.temporaryFolder(), "arguments");
    writeFileSync(file, joinResponse(args));
    rest = [`@${file}`];
  }
  const { status, signal, error } = spawnSync(program, [...first, ...rest], {
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  if (error !== undefined)
    throw new Solo5Error("NO_TOOL", `cannot run ${program}: ${programFailure(program, error)}`, {
      cause: error,
    });
  return status ?? signalStatus(signalNumber(signal));
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
