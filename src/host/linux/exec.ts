// Becomes a sealed unikernel: the process keeps its number and its descriptors, and nothing of Node remains.
import { writeSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import { withNul } from "../../bytes/text.js";
import { check, libc } from "./libc.js";

const setDescriptorFlags = 2;
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
  const { memfd_create, fcntl } = libc();
  const label = withNul(name.slice(0, labelMax));
  const told = memfd_create(label, mfdExec | mfdAllowSealing);
  const fd = told >= 0 ? told : check(memfd_create(label, mfdAllowSealing), "memfd_create");
  for (let at = 0; at < image.length;) at += writeSync(fd, image, at);
  check(fcntl(fd, addSeals, allSeals), "F_ADD_SEALS");
  return fd;
}

/**
 * Replaces this process by `image`, with `name` as its argv[0] and an empty environment. Returns only by throwing
 * Solo5Error. `process.stdin` and its siblings must be untouched: libuv would leave shared pipes non-blocking.
 */
export function exec(image: Uint8Array, name: string, inherited: readonly number[]): never {
  const { addressOf, fcntl, fexecve } = libc();
  const argv0 = withNul(name);
  // libuv marks the first descriptors, the standard ones included, to be closed at exec.
  for (const fd of [0, 1, 2, ...inherited]) fcntl(fd, setDescriptorFlags, 0);
  const argv = BigUint64Array.of(addressOf(argv0), 0n);
  check(fexecve(memoryExecutable(image, name), argv, BigUint64Array.of(0n)), `${name}: execve`);
  throw new Solo5Error("EXEC", `${name}: execve returned`);
}
