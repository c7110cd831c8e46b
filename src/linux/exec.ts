// Becomes a sealed unikernel: the process keeps its number and its descriptors, and nothing of Node remains.
import { writeSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import { check, libc } from "./libc.js";

const setDescriptorFlags = 2;
/** Linux 6.3 and later want to be told that a memory file is to be executed; earlier ones do not know the flag. */
const mfdExec = 0x10;

/** A file in memory that holds `image` and can be executed. Throws Solo5Error. */
export function memoryExecutable(image: Uint8Array, name: string): number {
  const { memfd_create } = libc();
  const label = name.slice(0, 200);
  const told = memfd_create(label, mfdExec);
  const fd = told >= 0 ? told : check(memfd_create(label, 0), "memfd_create");
  for (let at = 0; at < image.length;) at += writeSync(fd, image, at);
  return fd;
}

/**
 * Replaces this process by `image`, with `name` as its argv[0] and an empty environment. Returns only by throwing
 * Solo5Error. `process.stdin` and its siblings must be untouched: libuv would leave shared pipes non-blocking.
 */
export function exec(image: Uint8Array, name: string, inherited: readonly number[]): never {
  const { fcntl, fexecve } = libc();
  // libuv marks the first descriptors, the standard ones included, to be closed at exec.
  for (const fd of [0, 1, 2, ...inherited]) fcntl(fd, setDescriptorFlags, 0);
  check(fexecve(memoryExecutable(image, name), [name, null], [null]), `${name}: execve`);
  throw new Solo5Error("EXEC", `${name}: execve returned`);
}
