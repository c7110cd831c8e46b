// The few functions of the C library that Node does not have, through koffi: the project's only foreign function
// interface, and optional. Everything that can do without it does.
import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { Solo5Error } from "../../bytes/error.js";
import { strerror } from "../../abi/linux/errno.js";

/** Each returns -1 on error; `errno()` then tells why. Buffers are read or filled in place. */
interface Libc {
  memfd_create(name: Uint8Array, flags: number): number;
  /** Tables of addresses, with 0 at the end. */
  fexecve(fd: number, argv: BigUint64Array, envp: BigUint64Array): number;
  fcntl(fd: number, cmd: number, arg: number): number;
  ioctl(fd: number, request: number, arg: Uint8Array): number;
  socket(domain: number, type: number, protocol: number): number;
  socketpair(domain: number, type: number, protocol: number, fds: Int32Array): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, size: number): number;
  /** `size` holds the size of `value`. */
  getsockopt(fd: number, level: number, name: number, value: Int32Array, size: Int32Array): number;
  poll(fds: Uint8Array, count: number, timeoutMsecs: number): number;
  read(fd: number, into: Uint8Array, size: number): number;
  write(fd: number, data: Uint8Array, size: number): number;
  /** Waits at most `timeout`, a struct timespec; for ever where it is null. */
  ppoll(fds: Uint8Array, count: number, timeout: Uint8Array | null, mask: null): number;
  /** An ioctl whose argument is a number: `ioctl` takes what has an address. */
  ioctlNumber(fd: number, request: number, arg: number): number;
  eventfd(count: number, flags: number): number;
  /** The address, all ones on error. */
  mmap(address: null, size: number, prot: number, flags: number, fd: number, offset: number): bigint;
  munmap(address: bigint, size: number): number;
  mprotect(address: bigint, size: number, prot: number): number;
  /** Names the calling thread to `pthread_kill` of any other, as long as it lives. */
  pthread_self(): bigint;
  pthread_kill(thread: bigint, signal: number): number;
  signal(signal: number, handler: bigint): bigint;
  /** The CPU may execute what has been written there: a function of the compiler's library, which Node brings along. */
  clear_cache(begin: bigint, end: bigint): void;
  /** The address of a function of the C library. */
  symbol(name: string): bigint;
  /** Where the bytes lie, for structures that point to others; as long as the caller keeps them. */
  addressOf(data: Uint8Array): bigint;
  /** The bytes at an address, not copied; they must stay mapped as long as anybody looks. */
  view(address: bigint, size: number): Uint8Array;
  /** Writes one byte at an address that this thread has no view of. */
  poke(address: bigint, byte: number): void;
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
    const mmap = c.func(
      "void *mmap(void *address, unsigned long size, int prot, int flags, int fd, long offset)",
    );
    // Where code needs no such thing, the function may be missing.
    let clearCache: ((begin: bigint, end: bigint) => void) | undefined;
    const pthreadSelf = c.func("unsigned long pthread_self(void)");
    return {
      memfd_create: c.func("int memfd_create(void *name, unsigned int flags)"),
      fexecve: c.func("int fexecve(int fd, void *argv, void *envp)"),
      fcntl: (fd, cmd, arg) => fcntl(fd, cmd, "int", arg) as number,
      ioctl: (fd, request, arg) => ioctl(fd, request, "void *", arg) as number,
      socket: c.func("int socket(int domain, int type, int protocol)"),
      socketpair: c.func("int socketpair(int domain, int type, int protocol, void *fds)"),
      setsockopt: c.func("int setsockopt(int fd, int level, int name, void *value, unsigned int size)"),
      getsockopt: c.func("int getsockopt(int fd, int level, int name, void *value, void *size)"),
      poll: c.func("int poll(void *fds, unsigned long count, int timeout)"),
      read: c.func("long read(int fd, void *into, unsigned long size)"),
      write: c.func("long write(int fd, void *data, unsigned long size)"),
      ppoll: c.func("int ppoll(void *fds, unsigned long count, void *timeout, void *mask)"),
      ioctlNumber: (fd, request, arg) => ioctl(fd, request, "long", arg) as number,
      eventfd: c.func("int eventfd(unsigned int count, int flags)"),
      mmap: (...args) => BigInt(mmap(...args) as bigint | number),
      munmap: c.func("int munmap(void *address, unsigned long size)"),
      mprotect: c.func("int mprotect(void *address, unsigned long size, int prot)"),
      pthread_self: () => BigInt(pthreadSelf() as bigint | number),
      pthread_kill: c.func("int pthread_kill(unsigned long thread, int signal)"),
      signal: c.func("void *signal(int signal, void *handler)"),
      clear_cache(begin, end) {
        clearCache ??= c.func("void __clear_cache(void *begin, void *end)");
        clearCache(begin, end);
      },
      symbol: (name) => koffi.address(c.symbol(name)),
      addressOf: (data) => koffi.address(data),
      view: (address, size) => new Uint8Array(koffi.view(address, size)),
      poke: (address, byte) => koffi.encode(address, "uint8_t", byte),
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
