// The few functions of the C library that Node does not have, through koffi: the project's only foreign function
// interface, and optional. Everything that can do without it does.
import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { Solo5Error } from "../bytes/error.js";
import { strerror } from "./errno.js";

/** Each returns -1 on error; `errno()` then tells why. Buffers are read or filled in place. */
export interface Libc {
  memfd_create(name: string, flags: number): number;
  fexecve(fd: number, argv: readonly (string | null)[], envp: readonly (string | null)[]): number;
  fcntl(fd: number, cmd: number, arg: number): number;
  ioctl(fd: number, request: number, arg: Uint8Array): number;
  socket(domain: number, type: number, protocol: number): number;
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, size: number): number;
  poll(fds: Uint8Array, count: number, timeoutMsecs: number): number;
  read(fd: number, into: Uint8Array, size: number): number;
  write(fd: number, data: Uint8Array, size: number): number;
  errno(): number;
}

let loaded: Libc | undefined;

/** The C library. Throws Solo5Error `NO_KOFFI` where koffi is not installed or has no binary for this host. */
export function libc(): Libc {
  return (loaded ??= load());
}

/** Whether `libc` works here. */
export function hasLibc(): boolean {
  try {
    libc();
    return true;
  } catch {
    return false;
  }
}

function load(): Libc {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi;
    const c = koffi.load(null);
    const fcntl = c.func("int fcntl(int fd, int cmd, ...)");
    const ioctl = c.func("int ioctl(int fd, unsigned long request, ...)");
    return {
      memfd_create: c.func("int memfd_create(const char *name, unsigned int flags)"),
      fexecve: c.func("int fexecve(int fd, const char **argv, const char **envp)"),
      fcntl: (fd, cmd, arg) => fcntl(fd, cmd, "int", arg) as number,
      ioctl: (fd, request, arg) => ioctl(fd, request, "void *", arg) as number,
      socket: c.func("int socket(int domain, int type, int protocol)"),
      socketpair: c.func("int socketpair(int domain, int type, int protocol, void *fds)"),
      setsockopt: c.func("int setsockopt(int fd, int level, int name, void *value, unsigned int size)"),
      poll: c.func("int poll(void *fds, unsigned long count, int timeout)"),
      read: c.func("long read(int fd, void *into, unsigned long size)"),
      write: c.func("long write(int fd, void *data, unsigned long size)"),
      errno: () => koffi.errno(),
    } as Libc;
  } catch (cause) {
    throw new Solo5Error(
      "NO_KOFFI",
      "this needs the package koffi, which is not installed or has no binary for this host: npm install koffi",
      { cause },
    );
  }
}

/** `result` where it is no error. Throws Solo5Error `SYSCALL`: `WHAT: REASON`. */
export function check(result: number, what: string): number {
  if (result >= 0) return result;
  throw new Solo5Error("SYSCALL", `${what}: ${strerror(libc().errno())}`);
}
