// The options of the tenders, declared once: parsing, usage and what each tender takes are derived. docs/abi.md 6.1.
import { defaultMemMiB } from "../abi/start.js";
import { Solo5Error } from "../bytes/error.js";
import { engineNames } from "./running.js";
import { netForms } from "../net/schemes.js";

/** What options are about; help shows them in this order. */
export const topics = {
  guest: "The unikernel",
  devices: "Devices",
  engine: "Engine",
  debugging: "Debugging",
  output: "Output",
  relay: "Relay",
  setup: "Set-up",
  container: "Container",
  general: "General",
} as const;
export type Topic = keyof typeof topics;

/** One row an option: `name` where it is given per device (`--net:NAME=…`), `value` where it takes one. */
export interface Option {
  readonly name?: true;
  readonly value?: string;
  /** The value may also be the next word. */
  readonly separate?: true;
  /** A letter that stands for it: `-o FILE`. */
  readonly short?: string;
  readonly help: string;
  readonly topic: Topic;
  /** What the value may be, where it has several forms: each with lines about it. */
  readonly forms?: readonly (readonly [form: string, help: readonly string[]])[];
  /** What a shell completes the value to: names of files, of folders, or one of these words. Nothing by default. */
  readonly values?: "file" | "folder" | readonly string[];
}

const engineWords = ["auto", ...engineNames] as const;

/** What every tender takes. */
export const classicOptions = {
  mem: { value: "MB", help: `guest memory in MiB (default ${defaultMemMiB})`, topic: "guest" },
  block: {
    name: true,
    value: "PATH",
    help: "attach the file or block device PATH as block device NAME",
    topic: "devices",
    values: "file",
  },
  "block-sector-size": {
    name: true,
    value: "BYTES",
    help: "sector size of block device NAME (default 512)",
    topic: "devices",
  },
  net: {
    name: true,
    value: "NET",
    help: "attach the network NET as NAME",
    topic: "devices",
    forms: netForms,
  },
  "net-mac": {
    name: true,
    value: "MAC",
    help: "hardware address of NAME (default: random)",
    topic: "devices",
  },
  "net-dump": {
    name: true,
    value: "FILE",
    help: "capture the frames of NAME to the pcap FILE",
    topic: "devices",
    values: "file",
  },
  engine: {
    value: "ENGINE",
    help: "insist on an engine: auto, native, kvm, vmm or wasm",
    topic: "engine",
    values: engineWords,
  },
  cache: {
    value: "DIR|none",
    help: "where translated code is kept (default: the user's cache folder)",
    topic: "engine",
    values: "folder",
  },
  verbose: { help: "say which engine runs the unikernel, and why", topic: "engine" },
  help: { help: "print this text", topic: "general" },
  version: { help: "print the version", topic: "general" },
} as const satisfies Record<string, Option>;

export const sptOptions = {
  ...classicOptions,
  "x-exec-heap": { help: "make heap and stack executable", topic: "guest" },
} as const satisfies Record<string, Option>;

/** What the debugging tender takes beside the classic ones. */
const debugging = {
  gdb: { help: "wait for a gdb and let it have the guest", topic: "debugging" },
  "gdb-port": {
    value: "[ADDRESS:]PORT",
    help: "where gdb connects to (default 127.0.0.1:1234)",
    topic: "debugging",
  },
  dumpcore: {
    value: "DIR",
    help: "write a core file to DIR where the guest aborts or traps",
    topic: "debugging",
    values: "folder",
  },
  trace: { help: "print hypercalls or system calls to stderr as they happen", topic: "debugging" },
} as const satisfies Record<string, Option>;

export const debugOptions = { ...classicOptions, ...debugging } as const satisfies Record<string, Option>;

const channel = {
  value: "NAME=FILE",
  separate: true,
  help: "write what passes the channel NAME of a muen unikernel to FILE; repeated for more",
  topic: "debugging",
} as const satisfies Option;

/** What every command of our own takes. */
export const generalOptions = {
  help: { ...classicOptions.help, short: "h" },
  version: classicOptions.version,
} as const satisfies Record<string, Option>;

/** What `solo5 replay` takes. */
export const replayOptions = {
  gdb: debugging.gdb,
  "gdb-port": debugging["gdb-port"],
  trace: debugging.trace,
  channel,
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 run` takes. */
export const runOptions = {
  ...sptOptions,
  ...debugging,
  record: {
    value: "FILE",
    separate: true,
    help: "record the run to FILE, for solo5 replay",
    topic: "debugging",
    values: "file",
  },
  channel,
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 seal` takes: a sealed file has no engine, and nobody beside it who could capture frames. */
export const sealOptions = {
  output: {
    value: "FILE",
    separate: true,
    short: "o",
    help: "the executable to write",
    topic: "output",
    values: "file",
  },
  mem: sptOptions.mem,
  "x-exec-heap": sptOptions["x-exec-heap"],
  block: sptOptions.block,
  "block-sector-size": sptOptions["block-sector-size"],
  net: sptOptions.net,
  "net-mac": sptOptions["net-mac"],
  "net-dump": sptOptions["net-dump"],
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 build` takes: what becomes an executable takes devices as `solo5 seal` does. */
export const buildOptions = {
  target: {
    value: "TARGET",
    help: "make a unikernel of that target, not an executable: spt, hvt or virtio",
    topic: "output",
    values: ["spt", "hvt", "virtio"],
  },
  isa: {
    value: "ISA",
    help: "x86-64 or aarch64 (default: this machine's)",
    topic: "output",
    values: ["x86-64", "aarch64"],
  },
  ...sealOptions,
  files: {
    value: "DIR",
    separate: true,
    help: "give the program the files below DIR, as solo5:fs",
    topic: "guest",
    values: "folder",
  },
  env: {
    value: "NAME=VALUE",
    separate: true,
    help: "bake an environment variable into the program",
    topic: "guest",
  },
  verbose: { help: "say how far the program ran at build time", topic: "output" },
} as const satisfies Record<string, Option>;

/** What `solo5 relay` takes. */
export const relayOptions = {
  listen: { value: "[ADDR:]PORT", help: "where it listens (default 127.0.0.1:5001)", topic: "relay" },
  "token-file": {
    value: "FILE",
    help: "tokens that open the relay, a line each",
    topic: "relay",
    values: "file",
  },
  origin: { value: "ORIGIN", help: "pages of ORIGIN need no token; repeated for more", topic: "relay" },
  restrict: { help: "no way out but to what is allowed", topic: "relay" },
  allow: { value: "ADDR[/BITS][:PORT]", help: "a way to what is denied; repeated for more", topic: "relay" },
  connections: { value: "N", help: "WebSockets at a time (default 64)", topic: "relay" },
  streams: { value: "N", help: "connections of each WebSocket at a time (default 256)", topic: "relay" },
  megabytes: { value: "N", help: "what a token may move in all (default: no bound)", topic: "relay" },
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 net` takes. */
export const netSetupOptions = {
  address: {
    value: "ADDR/BITS",
    help: "the host's address on the link, IPv4 or IPv6; repeated for more",
    topic: "setup",
  },
  user: { value: "USER", help: "who may open the tap (default: you)", topic: "setup" },
  mtu: { value: "N", help: "its MTU (default 1500)", topic: "setup" },
  bridge: { value: "BRIDGE", help: "put it into BRIDGE, which gets the addresses", topic: "setup" },
  nat: { help: "let what is behind it reach other networks by the host's address", topic: "setup" },
  out: { value: "IFACE", help: "the interface that --nat leads to; FreeBSD must be told", topic: "setup" },
  do: { help: "do it, instead of printing what to type; needs root", topic: "setup" },
  for: {
    value: "SYSTEM",
    help: "print for linux, freebsd or openbsd (default: this system)",
    topic: "setup",
    values: ["linux", "freebsd", "openbsd"],
  },
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 image build` takes. */
export const imageOptions = {
  output: { ...sealOptions.output, help: "FILE.tar, or the folder of a layout" },
  tag: {
    value: "NAME[:VERSION]",
    help: "what the image is called",
    separate: true,
    short: "t",
    topic: "output",
  },
  block: { ...sptOptions.block, help: "put the file PATH into the image as block device NAME" },
  label: { value: "NAME=VALUE", help: "a label; repeated for more", separate: true, topic: "output" },
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 check` takes. */
export const checkOptions = {
  json: { help: "print JSON, for programs", topic: "output" },
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 self-test` takes. */
export const selfTestOptions = {
  engine: classicOptions.engine,
  test: { value: "NAME", help: "run the test NAME alone; repeated for more", topic: "setup" },
  from: {
    value: "DIR",
    help: "where the self-tests are (default: the package solo5-self-tests)",
    topic: "setup",
    values: "folder",
  },
  format: {
    value: "FORMAT",
    help: "table, tap or junit (default table)",
    topic: "output",
    values: ["table", "tap", "junit"],
  },
  ...generalOptions,
} as const satisfies Record<string, Option>;

/** What `solo5 dev` takes. */
export const devOptions = {
  port: {
    value: "PORT",
    help: "the host's port that leads to the program (default 8080; 0 is any that is free)",
    topic: "devices",
  },
  "guest-port": { value: "PORT", help: "the program's port (default 80)", topic: "devices" },
  block: sptOptions.block,
  "block-sector-size": sptOptions["block-sector-size"],
  mem: sptOptions.mem,
  files: buildOptions.files,
  env: buildOptions.env,
  ...generalOptions,
} as const satisfies Record<string, Option>;

export type OptionName = keyof typeof runOptions | keyof typeof sealOptions;

/** An option as it was given. */
export interface Given<Name extends string = OptionName> {
  readonly option: Name;
  /** The device, for options that are given per device. */
  readonly name: string;
  readonly value: string;
}

/** The last value given for an option, or undefined. */
export const valueOf = <Name extends string>(
  given: readonly Given<Name>[],
  option: NoInfer<Name>,
): string | undefined => given.findLast((one) => one.option === option)?.value;

interface Parsed<Name extends string> {
  readonly given: readonly Given<Name>[];
  /** The first operand: the unikernel's file, for tenders; undefined where it is missing. */
  readonly kernel: string | undefined;
  readonly args: readonly string[];
}

export type OptionTable<Name extends string = string> = Readonly<Record<Name, Option>>;

/** For an option that does not exist or has the wrong form, with the rule that it broke; the usage follows it. */
export const invalidOption = (argument: string, reason?: string): Solo5Error =>
  new Solo5Error(
    "INVALID_OPTION",
    `${reason === undefined ? "" : `${reason}\n`}Invalid option: \`${argument}'`,
  );

const longForm = /^--([a-z-]+)(?::([A-Za-z0-9]{1,67}))?(?:=(.*))?$/s;

/**
 * Splits a command line: options, `--`, the first operand, what follows it. `refuse` makes the error for an option that
 * does not exist or has the wrong form; the classic one by default.
 */
export function parseOptions<Name extends string>(
  args: readonly string[],
  table: OptionTable<Name>,
  refuse: (argument: string) => Error = invalidOption,
): Parsed<Name> {
  const given: Given<Name>[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") {
      at++;
      break;
    }
    const letter = letterOption(argument, table);
    if (!argument.startsWith("--") && letter === undefined) break;
    const [, key = "", name, own] =
      letter === undefined
        ? (longForm.exec(argument) ?? [])
        : [argument, letter, undefined, argument.slice(2) || undefined];
    const option = Object.hasOwn(table, key) ? table[key as Name] : undefined;
    const value = own === undefined && option?.separate === true ? args[++at] : own;
    const fits =
      option !== undefined &&
      (option.name === true) === (name !== undefined) &&
      (option.value !== undefined) === (value !== undefined && value !== "");
    if (!fits) throw refuse(argument);
    given.push({ option: key as Name, name: name ?? "", value: value ?? "" });
  }
  return { given, kernel: args[at], args: args.slice(at + 1) };
}

/** The option that `-x`, or `-xVALUE`, stands for. */
const letterOption = (argument: string, table: OptionTable): string | undefined =>
  Object.entries(table).find(
    ([, { short, value }]) =>
      short !== undefined &&
      (value === undefined ? argument === `-${short}` : argument.startsWith(`-${short}`)),
  )?.[0];

/** How an option is written: `--net:NAME=IFACE|@FD`, `-d DISK`. */
export const optionForm = (key: string, { name, value }: Option): string =>
  key.length === 1
    ? `-${key}${value === undefined ? "" : ` ${value}`}`
    : `--${key}${name === true ? ":NAME" : ""}${value === undefined ? "" : `=${value}`}`;

/** The classic usage: a line an option, and lines for the forms that values have. */
export function usage(command: string, table: OptionTable): string {
  const rows = Object.entries(table).map(([key, option]) => {
    return `    ${optionForm(key, option).padEnd(32)}${option.help}\n`;
  });
  const forms = Object.values(table).flatMap(({ value, forms = [] }) => [
    ...(forms.length === 0 ? [] : [`${value} is one of\n`]),
    ...forms.flatMap(([form, help]) =>
      help.map((line, i) => `    ${(i === 0 ? form : "").padEnd(32)}${line}\n`),
    ),
  ]);
  return `usage: ${command} [OPTIONS] [--] KERNEL [ARGUMENTS]

KERNEL is the unikernel's file, ARGUMENTS are passed to it.
OPTIONS:
${rows.join("")}${forms.join("")}`;
}
