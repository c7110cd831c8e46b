// The options of the tenders and of commands like them, declared once: parsing, usage and what each takes are derived. docs/abi.md 6.1.
import { defaultMemMiB } from "../abi/start.js";
import { netForms } from "../net/schemes.js";
import type { Option } from "./option.js";
import { engineNames } from "./running.js";

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
