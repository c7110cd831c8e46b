// The first program of a container's process: a launch list that enters namespaces, waits for what the runtime does from
// outside, takes over descriptors, and becomes the sealed unikernel. The runtime is at the other end of `control`.
import { withNul } from "../../bytes/text.js";
import { viewOf } from "../../bytes/struct.js";
import type { Isa } from "../../abi/elf.js";
import { bootInfoBase } from "../../abi/spt.js";
import { writeExecutable } from "../../sealed/elf-writer.js";
import { launchBase, launchPage } from "../../sealed/launch/page.js";
import type { LaunchStep } from "../../sealed/launch/step.js";
import * as linux from "../../abi/linux/syscalls.js";
import { namespaceFlag, type Namespaces } from "./namespaces.js";

/** Descriptors of the process from its first instruction on; 2 is a pipe to the runtime, for what goes wrong. */
export const startDescriptors = { standardError: 3, control: 4, received: 5 } as const;
const { control, received } = startDescriptors;

/** What the process says: that its user namespace waits for mappings, its time namespace for offsets, that all are there. */
export const said = { map: "m", offset: "t", entered: "e" } as const;
/** How many bytes of a message go either way, but for the number of a fork's child. */
export const wordSize = 1;

export interface Prologue {
  readonly isa: Isa;
  readonly namespaces: Namespaces;
  /** The process's name. */
  readonly name: string;
  readonly hostname: string | undefined;
  readonly domainname: string | undefined;
  readonly rootfs: string;
  readonly hasTerminal: boolean;
  /** Whether nothing but the rootfs is to be there in a new mount namespace. */
  readonly changesRoot: boolean;
}

/** Whether the process goes on as a child: a namespace of processes or times takes only children. */
export const forks = ({ joined, made }: Namespaces): boolean =>
  made.has("time") || joined.some(({ type }) => type === "pid" || type === "time");

const ms = { bind: 0x1000, rec: 0x4000, slave: 0x8_0000 } as const;
const detach = 2;
const sigchld = 17;
const cloneParent = 0x8000;
const ioctlControllingTerminal = 0x540e;
const atEmptyPath = 0x1000;
const nothing = { data: Uint8Array.of(0) } as const;
/** Where the message lies that descriptors come with. */
const messageBase = bootInfoBase;

/** The executable. */
export function prologue({ isa, namespaces, name, rootfs, ...rest }: Prologue): Uint8Array {
  const steps: LaunchStep[] = [
    { op: "call", call: "close_range", args: [received, 0xffff_ffff, 0], fail: "close_range" },
    hear,
    ...namespaces.joined.flatMap(({ type, path }) => join(type, path, namespaceFlag(type))),
    ...newNamespaces(namespaces),
    // Not a leader of a group when the runtime has started it: so it can become a session's.
    { op: "call", call: "setsid", args: [], fail: "setsid" },
  ];
  if (rest.hasTerminal) {
    const args = [0, ioctlControllingTerminal, 0];
    steps.push({ op: "call", call: "ioctl", args, fail: "process.terminal: TIOCSCTTY" });
  }
  for (const [call, text] of [
    ["sethostname", rest.hostname],
    ["setdomainname", rest.domainname],
  ] as const) {
    if (text === undefined || text === "") continue;
    const data = withNul(text);
    steps.push({ op: "call", call, args: [{ data }, data.length - 1], fail: call.replace("set", "") });
  }
  steps.push(
    say(said.entered),
    { op: "call", call: "recvmsg", args: [control, messageBase, 0], fail: "recvmsg", expect: 1n },
    ...(rest.changesRoot && namespaces.made.has("mount") ? changeRoot(rootfs) : []),
    {
      op: "call",
      call: "execveat",
      args: [received, nothing, { table: [withNul(name)] }, { table: [] }, atEmptyPath],
      fail: `${name}: execve`,
    },
  );
  const { page, entry } = launchPage(isa, { prefix: "", steps });
  const segments = [
    { vaddr: messageBase, data: message(), read: true, write: true, execute: false },
    { vaddr: launchBase, data: page, read: true, write: false, execute: true },
  ];
  return writeExecutable({ isa, entry, segments, describedBy: undefined });
}

/** Waits for a word of the runtime's. */
const hear: LaunchStep = {
  op: "call",
  call: "read",
  args: [control, { scratch: 8 }, wordSize],
  fail: "read",
  expect: BigInt(wordSize),
  mismatch: "the runtime has gone",
};

const say = (word: string): LaunchStep => ({
  op: "call",
  call: "write",
  args: [control, { data: withNul(word) }, wordSize],
  fail: "write",
});

function join(type: string, path: string, flag: number): readonly LaunchStep[] {
  const fail = `linux.namespaces: ${type}: ${path}`;
  return [
    {
      op: "call",
      call: "openat",
      args: [linux.atFdcwd, { data: withNul(path) }, linux.open.closeOnExec, 0],
      fail,
      expect: BigInt(received),
    },
    { op: "call", call: "setns", args: [received, flag], fail },
    { op: "call", call: "close", args: [received], fail },
  ];
}

function newNamespaces(namespaces: Namespaces): readonly LaunchStep[] {
  const { made } = namespaces;
  const steps: LaunchStep[] = [];
  const unshare = (flags: number): void => {
    if (flags !== 0)
      steps.push({ op: "call", call: "unshare", args: [flags], fail: "linux.namespaces: unshare" });
  };
  if (made.has("user")) {
    unshare(namespaceFlag("user"));
    steps.push(say(said.map), hear);
  }
  if (made.has("user") || namespaces.joined.some(({ type }) => type === "user")) {
    // Root of the user namespace, by whose leave the others are made.
    steps.push(
      { op: "call", call: "setresgid", args: [0, 0, 0], fail: "linux.gidMappings: setresgid" },
      { op: "call", call: "setresuid", args: [0, 0, 0], fail: "linux.uidMappings: setresuid" },
    );
  }
  unshare([...made].reduce((flags, type) => flags | (type === "user" ? 0 : namespaceFlag(type)), 0));
  if (made.has("time")) steps.push(say(said.offset), hear);
  if (forks(namespaces))
    steps.push({ op: "fork", flags: cloneParent | sigchld, tell: control, fail: "linux.namespaces: fork" });
  return steps;
}

/** Nothing but the rootfs stays mounted: pivot_root(2), "pivot_root(".", ".")". */
function changeRoot(rootfs: string): readonly LaunchStep[] {
  const root = { data: withNul(rootfs) };
  const here = { data: withNul(".") };
  const call = (name: "mount" | "chdir" | "pivot_root" | "umount2", ...args: never[] | unknown[]): LaunchStep => ({
    op: "call",
    call: name,
    args: args as [],
    fail: `root.path: ${rootfs}: ${name}`,
  }); // prettier-ignore
  return [
    call("mount", 0, { data: withNul("/") }, 0, ms.rec | ms.slave, 0),
    call("mount", root, root, 0, ms.bind | ms.rec, 0),
    call("chdir", root),
    call("pivot_root", here, here),
    call("umount2", here, detach),
    call("chdir", { data: withNul("/") }),
  ];
}

/** Most descriptors that one message takes: unix(7). */
export const descriptorsMax = 253;

/** struct msghdr with room for a word and descriptors, its addresses in place: recvmsg(2). */
function message(): Uint8Array {
  const at = { header: 0, parts: 64, word: 80, descriptors: 96 } as const;
  const descriptorsSize = 16 + descriptorsMax * 4 + 4;
  const data = new Uint8Array(at.descriptors + descriptorsSize);
  const view = viewOf(data);
  view.setBigUint64(at.header + 16, BigInt(messageBase + at.parts), true);
  view.setBigUint64(at.header + 24, 1n, true);
  view.setBigUint64(at.header + 32, BigInt(messageBase + at.descriptors), true);
  view.setBigUint64(at.header + 40, BigInt(descriptorsSize), true);
  view.setBigUint64(at.parts, BigInt(messageBase + at.word), true);
  view.setBigUint64(at.parts + 8, BigInt(wordSize), true);
  return data;
}
