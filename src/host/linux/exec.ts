// Becomes a sealed unikernel: the process keeps its number and its descriptors, and nothing of Node remains.
import { writeSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import { withNul } from "../../bytes/text.js";
import { hostCall, tryCall } from "./host-call.js";
import { addressOf } from "./raw-call.js";

const setDescriptorFlags = 2;
const atEmptyPath = 0x1000;
/** Linux 6.3 and later want to be told that a memory file is to be executed; earlier ones do not know the flag. */
const mfdExec = 0x10;
const mfdAllowSealing = 2;
/** F_ADD_SEALS: nobody writes to it any more, changes its size, or takes the seals off. fcntl(2). */
const addSeals = 1033;
const allSeals = 0xf;
/** Characters of a name that fit into 249 bytes, whatever they are. */
const labelMax = 62;

/** A file in memory that holds `image`, can be executed, and never changes. Throws Solo5Error. */
export function memoryExecutable(image: Uint8Array, name: string): number {
  const label = name.slice(0, labelMax);
  const told = tryCall("memfd_create", label, mfdExec | mfdAllowSealing);
  const fd = told >= 0 ? told : hostCall("memfd_create", "memfd_create", label, mfdAllowSealing);
  for (let at = 0; at < image.length;) at += writeSync(fd, image, at);
  hostCall("F_ADD_SEALS", "fcntl", fd, addSeals, allSeals);
  return fd;
}

/**
 * Replaces this process by `image`, with `name` as its argv[0] and an empty environment. Returns only by throwing
 * Solo5Error. `process.stdin` and its siblings must be untouched: libuv would leave shared pipes non-blocking.
 */
export function exec(image: Uint8Array, name: string, inherited: readonly number[]): never {
  const argv0 = withNul(name);
  // libuv marks the first descriptors, the standard ones included, to be closed at exec.
  for (const fd of [0, 1, 2, ...inherited]) tryCall("fcntl", fd, setDescriptorFlags, 0);
  const argv = new Uint8Array(BigUint64Array.of(addressOf(argv0), 0n).buffer);
  hostCall(
    `${name}: execve`,
    "execveat",
    memoryExecutable(image, name),
    "",
    argv,
    new Uint8Array(8),
    atEmptyPath,
  );
  // The name lies where the table says until here.
  void argv0;
  throw new Solo5Error("EXEC", `${name}: execve returned`);
}
