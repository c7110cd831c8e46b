// The options of objcopy and strip that `changeElf` covers; whatever else is asked is for another objcopy.
import type { Changes } from "./objcopy.js";

export interface CopyArguments {
  readonly changes: Changes;
  readonly input: string;
  readonly output: string;
}

/** A symbol or section by its name or, with -w, by a pattern of `*`, `?` and `[…]`. */
function matcher(names: readonly string[], wildcard: boolean): (name: string) => boolean {
  const escape = (text: string): string => text.replace(/[.+^${}()|\\]/g, "\\$&");
  const pattern = (name: string): RegExp =>
    new RegExp(`^${escape(name).replace(/\*/g, ".*").replace(/\?/g, ".").replace(/\[!/g, "[^")}$`);
  const patterns = wildcard ? names.map(pattern) : [];
  return (name) => names.includes(name) || patterns.some((each) => each.test(name));
}

/** Long options and what takes a value, by their short form. */
const shortForm: Readonly<Record<string, string>> = {
  "--strip-all": "-S",
  "--strip-debug": "-g",
  "--remove-section": "-R",
  "--keep-global-symbol": "-G",
  "--localize-symbol": "-L",
  "--wildcard": "-w",
};
const takesValue = new Set(["-R", "-G", "-L"]);

/** What `objcopy [OPTIONS] INPUT [OUTPUT]` asks for, or undefined if that is more than we do. */
export function parseObjcopy(args: readonly string[]): CopyArguments | undefined {
  const flags = new Set<string>();
  const values: Record<string, string[]> = { "-R": [], "-G": [], "-L": [] };
  const files: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (!arg.startsWith("-")) {
      files.push(arg);
      continue;
    }
    const [, name = arg, joined] = /^(--[^=]+)(?:=(.*))?$/.exec(arg) ?? /^(-[RGL])(.+)$/.exec(arg) ?? [];
    const option = shortForm[name] ?? name;
    const value = takesValue.has(option) ? (joined ?? args[++i]) : undefined;
    if (value !== undefined) values[option]?.push(value);
    else if (joined === undefined && /^-[Sgw]$/.test(option)) flags.add(option);
    else return undefined;
  }
  const [input, output = input] = files;
  if (input === undefined || output === undefined || files.length > 2) return undefined;
  return { changes: changesOf(flags, values), input, output };
}

function changesOf(flags: ReadonlySet<string>, values: Readonly<Record<string, readonly string[]>>): Changes {
  const wildcard = flags.has("-w");
  const { "-R": remove = [], "-G": keep = [], "-L": local = [] } = values;
  const isKept = matcher(keep, wildcard);
  const isLocal = matcher(local, wildcard);
  return {
    stripAll: flags.has("-S"),
    debug: flags.has("-g"),
    remove: matcher(remove, true),
    ...(keep.length + local.length === 0
      ? {}
      : { localize: (name: string) => isLocal(name) || (keep.length > 0 && !isKept(name)) }),
  };
}

/** What `strip [-s|-S|-g|-d] [-o OUTPUT] FILE…` asks for, or undefined if that is more than we do. */
export function parseStrip(args: readonly string[]): readonly CopyArguments[] | undefined {
  const files: string[] = [];
  let debug = false;
  let output: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (arg === "-o") output = args[++i];
    else if (/^(?:-S|-g|-d|--strip-debug)$/.test(arg)) debug = true;
    else if (/^(?:-s|--strip-all)$/.test(arg)) debug = false;
    else if (arg.startsWith("-")) return undefined;
    else files.push(arg);
  }
  if (files.length === 0 || (output !== undefined && files.length > 1)) return undefined;
  const changes: Changes = debug ? { debug } : { stripAll: true };
  return files.map((input) => ({ changes, input, output: output ?? input }));
}
