// The command lines of objcopy and strip, by the tables of their options in GNU binutils' manual.
import { readFile } from "../../host/any/files.js";
import { decodeText } from "../../bytes/text.js";
import type { Changes, NewSection, SectionFlags } from "./changes.js";

export interface CopyArguments {
  readonly changes: Changes;
  readonly inputs: readonly string[];
  /** Undefined where each input is changed in its place. */
  readonly output: string | undefined;
  readonly inputFormat: string | undefined;
  readonly outputFormat: string | undefined;
  readonly gapFill: number | undefined;
  readonly padTo: number;
  /** Sections whose bytes go into files of their own, by name. */
  readonly dump: readonly { readonly name: string; readonly file: string }[];
  readonly preservesDates: boolean;
}

/** Canonical name first; `=` where a value follows. What is not here is for another objcopy. */
const common = [
  "--strip-debug -g =0",
  "--strip-all =0",
  "--strip-unneeded =0",
  "--strip-symbol -N =",
  "--keep-symbol -K =",
  "--keep-section =",
  "--remove-section -R =",
  "--only-keep-debug =0",
  "--discard-all -x =0",
  "--discard-locals -X =0",
  "--wildcard -w =0",
  "--preserve-dates -p =0",
  "--enable-deterministic-archives -D =0",
  "--disable-deterministic-archives -U =0",
  "--merge-notes -M =0",
  "--no-merge-notes =0",
  "--verbose -v =0",
  "--version -V =0",
  "--help -h =0",
  "--target -F =",
  "--input-target -I =",
  "--output-target -O =",
] as const;
const objcopyOptions = [
  ...common,
  "--strip-all -S =0",
  "--only-section -j =",
  "--localize-symbol -L =",
  "--keep-global-symbol -G =",
  "--globalize-symbol =",
  "--weaken-symbol -W =",
  "--weaken =0",
  "--redefine-sym =",
  "--redefine-syms =",
  ...["strip", "keep", "localize", "globalize", "keep-global", "weaken"].map((what) => `--${what}-symbols =`),
  "--prefix-symbols =",
  "--prefix-sections =",
  "--prefix-alloc-sections =",
  "--add-section =",
  "--update-section =",
  "--dump-section =",
  "--rename-section =",
  "--set-section-flags =",
  "--add-gnu-debuglink =",
  "--gap-fill =",
  "--pad-to =",
  "--binary-architecture -B =",
];
const stripOptions = [...common, "--strip-all -s =0", "--strip-debug -S -d =0", "--output -o ="];

type Given = readonly { readonly option: string; readonly value: string }[];

interface Parsed {
  readonly given: Given;
  readonly files: readonly string[];
}

/** getopt_long's rules: `-j.text`, `-gw`, `--only-section=.text`, `--only-sec .text`. Undefined for an unknown option. */
function parse(args: readonly string[], table: readonly string[]): Parsed | undefined {
  const known = new Map<string, { readonly option: string; readonly takesValue: boolean }>();
  for (const row of table) {
    const [option = "", ...others] = row.split(" ").slice(0, -1);
    for (const name of [option, ...others]) known.set(name, { option, takesValue: row.endsWith("=") });
  }
  const find = (name: string) => {
    const matches = [...known].filter(([each]) => each.startsWith("--") && each.startsWith(name));
    return known.get(name) ?? (matches.length === 1 ? matches[0]?.[1] : undefined);
  };
  const given: { option: string; value: string }[] = [];
  const files: string[] = [];
  let onlyFiles = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (onlyFiles || !arg.startsWith("-") || arg === "-") files.push(arg);
    else if (arg === "--") onlyFiles = true;
    else if (arg.startsWith("--")) {
      const [, name = "", value] = /^(--[^=]*)(?:=([^]*))?$/.exec(arg) ?? [];
      const found = find(name);
      if (found === undefined || (!found.takesValue && value !== undefined)) return undefined;
      given.push({ option: found.option, value: found.takesValue ? (value ?? args[++i] ?? "") : "" });
    } else {
      for (let at = 1; at < arg.length; at++) {
        const found = known.get(`-${arg[at]}`);
        if (found === undefined) return undefined;
        const rest = arg.slice(at + 1);
        given.push({ option: found.option, value: found.takesValue ? rest || (args[++i] ?? "") : "" });
        if (found.takesValue) break;
      }
    }
  }
  return { given, files };
}

/** What `objcopy [OPTIONS] INPUT [OUTPUT]` asks for, "help" or "version", or undefined if that is more than we do. */
export function parseObjcopy(args: readonly string[]): CopyArguments | "help" | "version" | undefined {
  const parsed = parse(args, objcopyOptions);
  if (parsed === undefined) return undefined;
  const [input, output] = parsed.files;
  const question = asks(parsed.given);
  if (question !== undefined) return question;
  if (input === undefined || parsed.files.length > 2) return undefined;
  return copyArguments(parsed.given, [input], output);
}

/** What `strip [OPTIONS] FILE…` asks for, in the same way. Without an option it strips all. */
export function parseStrip(args: readonly string[]): CopyArguments | "help" | "version" | undefined {
  const parsed = parse(args, stripOptions);
  if (parsed === undefined) return undefined;
  const { given, files } = parsed;
  const question = asks(given);
  if (question !== undefined) return question;
  const output = given.findLast(({ option }) => option === "--output")?.value;
  if (files.length === 0 || (output !== undefined && files.length > 1)) return undefined;
  const says = given.some(({ option }) => /^--(?:strip|only-keep|discard)/.test(option));
  return copyArguments(says ? given : [...given, { option: "--strip-all", value: "" }], files, output);
}

export const usage = (tool: string): string => {
  const rows = tool === "strip" ? stripOptions : objcopyOptions;
  const lines = rows.map((row) => `  ${row.replace(/ =0?$/, "")}${row.endsWith("=") ? " VALUE" : ""}\n`);
  return `usage: ${tool} [OPTIONS] ${tool === "strip" ? "FILE..." : "INPUT [OUTPUT]"}\n${[...new Set(lines)].join("")}`;
};

const asks = (given: Given): "help" | "version" | undefined =>
  given.some(({ option }) => option === "--help")
    ? "help"
    : given.some(({ option }) => option === "--version")
      ? "version"
      : undefined;

function copyArguments(given: Given, inputs: readonly string[], output: string | undefined): CopyArguments {
  const values = (...options: readonly string[]): readonly string[] =>
    given.filter(({ option }) => options.includes(option)).map(({ value }) => value);
  const last = (...options: readonly string[]): string | undefined => values(...options).at(-1);
  return {
    changes: changesOf(given, values),
    inputs,
    output,
    inputFormat: last("--input-target", "--target"),
    outputFormat: last("--output-target", "--target"),
    gapFill: values("--gap-fill")
      .map((text) => Number(text) & 0xff)
      .at(-1),
    padTo: Number(last("--pad-to") ?? 0),
    dump: values("--dump-section")
      .map((text) => pair(text))
      .map(([name, file]) => ({ name, file })),
    preservesDates: values("--preserve-dates").length > 0,
  };
}

function pair(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** The words of a file of symbols, one a line; `#` begins a comment. */
const linesOf = (file: string): readonly string[] =>
  decodeText(readFile(file))
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "");

function changesOf(given: Given, values: (...options: readonly string[]) => readonly string[]): Changes {
  const has = (option: string): boolean => given.some((each) => each.option === option);
  const wildcard = has("--wildcard");
  /** Symbols by name, also from the files of `OPTIONs`; undefined where none is named. */
  const symbols = (option: string) => {
    const names = [...values(option), ...values(`${option}s`).flatMap(linesOf)];
    return names.length === 0 ? undefined : matcher(names, wildcard);
  };
  const sections = (option: string) => {
    const names = values(option);
    return names.length === 0 ? undefined : matcher(names, true);
  };
  const [keepGlobal, localize] = [symbols("--keep-global-symbol"), symbols("--localize-symbol")];
  const [prefix = "", sectionPrefix = "", allocPrefix = sectionPrefix] = [
    values("--prefix-symbols").at(-1),
    values("--prefix-sections").at(-1),
    values("--prefix-alloc-sections").at(-1),
  ];
  const redefined = new Map([
    ...values("--redefine-sym").map(pair),
    ...values("--redefine-syms")
      .flatMap(linesOf)
      .map((line) => pair(line.replace(/\s+/, "="))),
  ]);
  const renamed = new Map(values("--rename-section").map((text) => pair(text.replace(/,.*/, ""))));
  const flags = new Map([
    ...values("--rename-section")
      .filter((text) => text.includes(","))
      .map((text) => [pair(text)[0], text.replace(/^[^,]*,/, "")] as const),
    ...values("--set-section-flags").map(pair),
  ]);
  const files = (option: string): readonly NewSection[] =>
    values(option)
      .map(pair)
      .map(([name, file]) => ({ name, data: readFile(file) }));
  const links = values("--add-gnu-debuglink").map((file) => ({
    name: ".gnu_debuglink",
    data: debugLink(file),
  }));
  return {
    stripAll: has("--strip-all"),
    debug: has("--strip-debug"),
    unneeded: has("--strip-unneeded"),
    onlyKeepDebug: has("--only-keep-debug"),
    add: [...files("--add-section"), ...links],
    update: files("--update-section"),
    ...optional("discard", has("--discard-all") ? "all" : has("--discard-locals") ? "labels" : undefined),
    ...optional("only", sections("--only-section")),
    ...optional("remove", sections("--remove-section")),
    ...optional("keepSection", sections("--keep-section")),
    ...optional("stripSymbol", symbols("--strip-symbol")),
    ...optional("keepSymbol", symbols("--keep-symbol")),
    ...optional("globalize", symbols("--globalize-symbol")),
    ...optional("weaken", has("--weaken") ? () => true : symbols("--weaken-symbol")),
    ...optional(
      "localize",
      keepGlobal === undefined && localize === undefined
        ? undefined
        : (name: string) => localize?.(name) === true || keepGlobal?.(name) === false,
    ),
    ...(redefined.size === 0 && prefix === ""
      ? {}
      : { symbolName: (name: string) => prefix + (redefined.get(name) ?? name) }),
    sectionName: (name, isAllocated) =>
      (isAllocated ? allocPrefix : sectionPrefix) + (renamed.get(name) ?? name),
    sectionFlags: (name) => {
      const text = flags.get(name);
      return text === undefined ? undefined : parseFlags(text);
    },
  };
}

const optional = <K extends keyof Changes>(
  key: K,
  value: Changes[K] | undefined,
): Partial<Pick<Changes, K>> => (value === undefined ? {} : ({ [key]: value } as Partial<Pick<Changes, K>>));

/** A symbol or section by its name or, with -w, by a pattern of `*`, `?` and `[…]`; `!` in front takes it out again. */
function matcher(names: readonly string[], wildcard: boolean): (name: string) => boolean {
  const escape = (text: string): string => text.replace(/[.+^${}()|\\]/g, "\\$&");
  const pattern = (name: string): RegExp =>
    new RegExp(`^${escape(name).replace(/\*/g, ".*").replace(/\?/g, ".").replace(/\[!/g, "[^")}$`);
  const excluded = names
    .filter((name) => wildcard && name.startsWith("!"))
    .map((name) => pattern(name.slice(1)));
  const patterns = wildcard ? names.map(pattern) : [];
  return (name) =>
    !excluded.some((each) => each.test(name)) &&
    (names.includes(name) || patterns.some((each) => each.test(name)));
}

/** SHF_* of objcopy's words: what is not read-only is writable. gABI chapter 4. */
function parseFlags(text: string): SectionFlags {
  const words = text.split(",");
  const has = (word: string): boolean => words.includes(word);
  const flags = (has("readonly") ? 0n : 1n) | (has("alloc") ? 2n : 0n) | (has("code") ? 4n : 0n);
  return { flags, contents: has("contents") || has("load") };
}

/** A debug file's name and CRC, as gdb looks for it. */
function debugLink(file: string): Uint8Array {
  const name = new TextEncoder().encode(file.replace(/.*\//, ""));
  const size = (name.length + 4) & ~3;
  const link = new Uint8Array(size + 4);
  link.set(name);
  new DataView(link.buffer).setUint32(size, crc32(readFile(file)), true);
  return link;
}

/** IEEE 802.3's. */
function crc32(data: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return ~crc >>> 0;
}
