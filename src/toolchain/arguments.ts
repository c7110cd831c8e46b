// A compiler driver's command line, taken apart as far as a wrapper needs: what it is asked to do, what goes to the
// compiler and what to the linker. The options are those that gcc and clang share.
import { readFileSync } from "node:fs";

/** Options whose value is the next argument. Those of the linker are kept apart. */
const compilerOptions = new Set([
  ..."-I -D -U -include -imacros -isystem -iquote -idirafter -iprefix -isysroot".split(" "),
  ..."-MF -MT -MQ -Xclang -Xassembler -Xpreprocessor -mllvm -target --param -A -aux-info".split(" "),
]);
const linkerOptions = new Set(["-L", "-l", "-T", "-z", "-u", "-e"]);
/** What a driver makes of these when it links, the wrapper does itself or must not be done. */
const ignoredWhenLinking =
  /^(?:-nostdlib|-nostartfiles|-nodefaultlibs|-static|-no-pie|-pie|-static-pie|-pipe|-fuse-ld=.*)$/;
const sourceName = /\.(?:c|i|ii|m|s|S|sx|cc|cp|cpp|cxx|c\+\+|C|CPP)$/;

export type DriverMode = "compile" | "link" | "query";

/** An input of a link in its place: a file to be compiled first, or an argument of the linker. */
type LinkPart = { readonly source: string } | { readonly linker: string };

interface DriverArguments {
  readonly mode: DriverMode;
  /** All, response files read, without `-z solo5-abi`. */
  readonly all: readonly string[];
  /** The value of the last `-z solo5-abi=`. */
  readonly abi: string | undefined;
  /** For compiling, without sources and outputs. */
  readonly compiler: readonly string[];
  readonly link: readonly LinkPart[];
  readonly output: string | undefined;
}

const abiValue = /^solo5-abi=(.*)$/;

/** Splits off `-z solo5-abi=ABI`, also written `-zsolo5-abi=ABI` or behind -Wl. */
export function takeAbi(args: readonly string[]): {
  readonly rest: readonly string[];
  readonly abi: string | undefined;
} {
  const rest: string[] = [];
  let abi: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    const joined = /^(?:-Wl,-z,|-z)(solo5-abi=.*)$/.exec(arg)?.[1];
    const value = abiValue.exec(joined ?? (arg === "-z" ? (args[i + 1] ?? "") : ""))?.[1];
    if (value === undefined) rest.push(arg);
    else {
      abi = value;
      if (joined === undefined) i++;
    }
  }
  return { rest, abi };
}

export function parseDriverArguments(given: readonly string[]): DriverArguments {
  const { rest: all, abi } = takeAbi(given);
  const compiler: string[] = [];
  const link: LinkPart[] = [];
  let mode: DriverMode = "query";
  let output: string | undefined;
  let language = false;
  const linker = (...args: string[]): void => {
    for (const arg of args) link.push({ linker: arg });
  };
  for (let i = 0; i < all.length; i++) {
    const arg = all[i] ?? "";
    const next = (): string => all[++i] ?? "";
    if (/^-(?:c|S|E|M|MM|fsyntax-only)$/.test(arg)) mode = "compile";
    else if (arg === "-o") output = next();
    else if (/^-o./.test(arg)) output = arg.slice(2);
    else if (arg === "-x") {
      const value = next();
      language = value !== "none";
      compiler.push(arg, value);
    } else if (compilerOptions.has(arg)) compiler.push(arg, next());
    else if (linkerOptions.has(arg)) linker(arg, next());
    else if (/^-[LlTuez]./.test(arg)) linker(arg);
    else if (arg.startsWith("-Wl,")) linker(...arg.slice("-Wl,".length).split(","));
    else if (arg === "-Xlinker") linker(next());
    else if (arg === "-s" || arg === "-r") linker(arg);
    else if (arg === "-rdynamic") linker("--export-dynamic");
    else if (ignoredWhenLinking.test(arg)) continue;
    else if (arg.startsWith("-") && arg !== "-") compiler.push(arg);
    else if (language || sourceName.test(arg)) link.push({ source: arg });
    else linker(arg);
  }
  const hasInput = link.some((part) => "source" in part || !part.linker.startsWith("-"));
  if (mode === "query" && hasInput) mode = "link";
  return { mode, all, abi, compiler, link, output };
}

/** Replaces each `@FILE` by the arguments in FILE, quoted as gcc and binutils have it; one that is not there stays. */
export function readResponseFiles(args: readonly string[]): readonly string[] {
  return args.flatMap((arg) => {
    if (!arg.startsWith("@")) return [arg];
    let text: string;
    try {
      text = readFileSync(arg.slice(1), "utf8");
    } catch {
      return [arg];
    }
    return readResponseFiles(splitResponse(text));
  });
}

/** White space separates; single and double quotes and backslashes protect. */
export function splitResponse(text: string): readonly string[] {
  const words = text.match(/(?:[^\s'"\\]|\\[^]|'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*")+/g) ?? [];
  return words.map((word) =>
    word.replace(
      /\\([^])|'((?:[^'\\]|\\[^])*)'|"((?:[^"\\]|\\[^])*)"/g,
      (_, escaped, single, double) => escaped ?? String(single ?? double).replace(/\\([^])/g, "$1"),
    ),
  );
}

/** The contents of a response file that `splitResponse` reads back as `args`. */
export const joinResponse = (args: readonly string[]): string =>
  args.map((arg) => `"${arg.replace(/["\\]/g, "\\$&")}"\n`).join("");
