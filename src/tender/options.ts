// The options of the tenders, declared once: parsing, usage and what each tender takes are derived. ABI.md 6.6.
import { defaultMemMiB } from "../abi/start.js";
import { Solo5Error } from "../bytes/error.js";
import { netUsage } from "../net/schemes.js";

/** One row an option: `name` where it is given per device (`--net:NAME=…`), `value` where it takes one. */
interface Option {
  readonly name?: true;
  readonly value?: string;
  /** The value may also be the next word. */
  readonly separate?: true;
  readonly help: string;
}

/** What every tender takes. */
export const classicOptions = {
  mem: { value: "MB", help: `guest memory in MiB (default ${defaultMemMiB})` },
  block: { name: true, value: "PATH", help: "attach the file or block device PATH as block device NAME" },
  "block-sector-size": { name: true, value: "BYTES", help: "sector size of block device NAME (default 512)" },
  net: {
    name: true,
    value: "NET",
    help: "attach the network NET as NAME",
  },
  "net-mac": { name: true, value: "MAC", help: "hardware address of NAME (default: random)" },
  "net-dump": { name: true, value: "FILE", help: "capture the frames of NAME to the pcap FILE" },
  engine: { value: "ENGINE", help: "insist on an engine: auto, native, kvm or wasm" },
  cache: { value: "DIR|none", help: "where translated code is kept (default: the user's cache folder)" },
  verbose: { help: "say which engine runs the unikernel, and why" },
  help: { help: "print this text" },
  version: { help: "print the version" },
} as const satisfies Record<string, Option>;

export const sptOptions = {
  ...classicOptions,
  "x-exec-heap": { help: "make heap and stack executable" },
} as const satisfies Record<string, Option>;

/** What the debugging tender takes beside the classic ones. */
const debugging = {
  gdb: { help: "wait for a gdb and let it have the guest" },
  "gdb-port": { value: "[ADDRESS:]PORT", help: "where gdb connects to (default 127.0.0.1:1234)" },
  dumpcore: { value: "DIR", help: "write a core file to DIR where the guest aborts or traps" },
  trace: { help: "print hypercalls or system calls to stderr as they happen" },
} as const satisfies Record<string, Option>;

export const debugOptions = { ...classicOptions, ...debugging } as const satisfies Record<string, Option>;

/** What `solo5 replay` takes. */
export const replayOptions = {
  gdb: debugging.gdb,
  "gdb-port": debugging["gdb-port"],
  trace: debugging.trace,
  help: classicOptions.help,
  version: classicOptions.version,
} as const satisfies Record<string, Option>;

/** What `solo5 run` takes. */
export const runOptions = {
  ...sptOptions,
  ...debugging,
  record: { value: "FILE", separate: true, help: "record the run to FILE, for solo5 replay" },
} as const satisfies Record<string, Option>;

type OptionName = keyof typeof runOptions;

/** An option as it was given. */
export interface Given {
  readonly option: OptionName;
  /** The device, for options that are given per device. */
  readonly name: string;
  readonly value: string;
}

/** The last value given for an option, or undefined. */
export const valueOf = (given: readonly Given[], option: OptionName): string | undefined =>
  given.findLast((one) => one.option === option)?.value;

interface Parsed {
  readonly given: readonly Given[];
  /** The unikernel's file; undefined where the operand is missing. */
  readonly kernel: string | undefined;
  readonly args: readonly string[];
}

export type OptionTable = Readonly<Partial<Record<OptionName, Option>>>;

/** For an option that does not exist or has the wrong form, with the rule that it broke; the usage follows it. */
export const invalidOption = (argument: string, reason?: string): Solo5Error =>
  new Solo5Error(
    "INVALID_OPTION",
    `${reason === undefined ? "" : `${reason}\n`}Invalid option: \`${argument}'`,
  );

/** Splits a command line: options, `--`, the unikernel, its arguments. Options after the unikernel are its own. */
export function parseOptions(args: readonly string[], table: OptionTable): Parsed {
  const given: Given[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") {
      at++;
      break;
    }
    if (!argument.startsWith("--")) break;
    const match = /^--([a-z-]+)(?::([A-Za-z0-9]{1,67}))?(?:=(.*))?$/s.exec(argument);
    const [, key = "", name, own] = match ?? [];
    const option = Object.hasOwn(table, key) ? table[key as OptionName] : undefined;
    const value = own === undefined && option?.separate === true ? args[++at] : own;
    const fits =
      option !== undefined &&
      (option.name === true) === (name !== undefined) &&
      (option.value !== undefined) === (value !== undefined && value !== "");
    if (!fits) throw invalidOption(argument);
    given.push({ option: key as OptionName, name: name ?? "", value: value ?? "" });
  }
  return { given, kernel: args[at], args: args.slice(at + 1) };
}

/** `--net:NAME=NET` and what it means, a line an option, and a line or more for each kind of network. */
export function usage(command: string, table: OptionTable): string {
  const rows = Object.entries(table).map(([key, option]) => {
    const form = `--${key}${option.name === true ? ":NAME" : ""}${option.value === undefined ? "" : `=${option.value}`}`;
    return `    ${form.padEnd(32)}${option.help}\n`;
  });
  return `usage: ${command} [OPTIONS] [--] KERNEL [ARGUMENTS]

KERNEL is the unikernel's file, ARGUMENTS are passed to it.
OPTIONS:
${rows.join("")}${table.net === undefined ? "" : `NET is one of\n${netUsage()}`}`;
}
