// The few functions of the C library that Node does not have, through koffi: the project's only foreign function
// interface, and optional. Everything that can do without it does.
import { createRequire } from "node:module";
import type * as Koffi from "koffi";
import { Solo5Error } from "../../bytes/error.js";
import { errorText } from "../../abi/errno.js";
import { errorName as bsdErrorName } from "../../abi/bsd/errno.js";
import { errorName as linuxErrorName } from "../../abi/linux/errno.js";

/** Each returns -1 on error; `errorName()` then tells why. Buffers are read or filled in place. */
interface Libc {
  memfd_create(name: Uint8Array, flags: number): number;
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
  /** The calling thread as the kernel knows it. */
  gettid(): number;
  /** `event` is a struct sigevent; the timer's name goes to `timer`. */
  timer_create(clock: number, event: Uint8Array, timer: BigUint64Array): number;
  timer_settime(timer: bigint, flags: number, value: Uint8Array, old: null): number;
  timer_delete(timer: bigint): number;
  signal(signal: number, handler: bigint): bigint;
  /** The CPU may execute what has been written there: a function of the compiler's library, which Node brings along. */
  clear_cache(begin: bigint, end: bigint): void;
  /** The address of a function of the C library. */
  symbol(name: string): bigint;
  /** Any system call, by its number: syscall(2). Arguments that are addresses come from `addressOf`. */
  syscall(number: number, ...args: CallArguments): number;
  /** Where the bytes lie, for structures that point to others; as long as the caller keeps them. */
  addressOf(data: Uint8Array): bigint;
  /** The bytes at an address, not copied; they must stay mapped as long as anybody looks. */
  view(address: bigint, size: number): Uint8Array;
  /** Writes one byte at an address that this thread has no view of. */
  poke(address: bigint, byte: number): void;
  chroot(folder: Uint8Array): number;
  chdir(folder: Uint8Array): number;
  setgroups(count: number, groups: Uint32Array): number;
  setresgid(real: number, effective: number, saved: number): number;
  setresuid(real: number, effective: number, saved: number): number;
  /** FreeBSD's, by name; `oldSize` holds the size of `old`. */
  sysctlbyname(
    name: Uint8Array,
    old: Uint8Array | null,
    oldSize: BigUint64Array | null,
    value: Uint8Array | null,
    size: number,
  ): number;
  /** The same by numbers. */
  sysctl(
    name: Int32Array,
    length: number,
    old: Uint8Array | null,
    oldSize: BigUint64Array | null,
    value: Uint8Array | null,
    size: number,
  ): number;
  /** The event loop of Node's main thread, which libuv gives: not part of the C library, but found beside it. */
  uv_default_loop(): bigint;
  /** Readable when the loop has something to do. */
  uv_backend_fd(loop: bigint): number;
  /** Milliseconds until it has something to do in any case, -1 for never. */
  uv_backend_timeout(loop: bigint): number;
  uv_update_time(loop: bigint): void;
  /** Why the last call failed, by name. */
  errorName(): string;
  /** The same by its number. */
  errno(): number;
}

type Long = number | bigint;
type CallArguments = readonly [a: Long, b: Long, c: Long, d: Long, e: Long, f: Long];
const errorName = process.platform === "linux" ? linuxErrorName : bsdErrorName;

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
    return declared(koffi, koffi.load(null));
  } catch (cause) {
    throw new Solo5Error(
      "NO_KOFFI",
      "this needs the package koffi, which is not installed or has no binary for this host: npm install koffi",
      { cause },
    );
  }
}

/** C's declarations: what is called here as it is there. */
const prototypes = {
  memfd_create: "int memfd_create(void *name, unsigned int flags)",
  socket: "int socket(int domain, int type, int protocol)",
  socketpair: "int socketpair(int domain, int type, int protocol, void *fds)",
  setsockopt: "int setsockopt(int fd, int level, int name, void *value, unsigned int size)",
  getsockopt: "int getsockopt(int fd, int level, int name, void *value, void *size)",
  poll: "int poll(void *fds, unsigned long count, int timeout)",
  read: "long read(int fd, void *into, unsigned long size)",
  write: "long write(int fd, void *data, unsigned long size)",
  ppoll: "int ppoll(void *fds, unsigned long count, void *timeout, void *mask)",
  eventfd: "int eventfd(unsigned int count, int flags)",
  munmap: "int munmap(void *address, unsigned long size)",
  mprotect: "int mprotect(void *address, unsigned long size, int prot)",
  gettid: "int gettid(void)",
  timer_create: "int timer_create(int clock, void *event, void *timer)",
  timer_settime: "int timer_settime(void *timer, int flags, void *value, void *old)",
  timer_delete: "int timer_delete(void *timer)",
  pthread_kill: "int pthread_kill(unsigned long thread, int signal)",
  signal: "void *signal(int signal, void *handler)",
  syscall: "long syscall(long number, long a, long b, long c, long d, long e, long f)",
  chroot: "int chroot(void *folder)",
  chdir: "int chdir(void *folder)",
  setgroups: "int setgroups(int count, void *groups)",
  setresgid: "int setresgid(unsigned int real, unsigned int effective, unsigned int saved)",
  setresuid: "int setresuid(unsigned int real, unsigned int effective, unsigned int saved)",
  sysctlbyname: "int sysctlbyname(void *name, void *old, void *oldSize, void *value, unsigned long size)",
  sysctl:
    "int sysctl(void *name, unsigned int length, void *old, void *oldSize, void *value, unsigned long size)",
  uv_default_loop: "uintptr_t uv_default_loop(void)",
  uv_backend_fd: "int uv_backend_fd(uintptr_t loop)",
  uv_backend_timeout: "int uv_backend_timeout(uintptr_t loop)",
  uv_update_time: "void uv_update_time(uintptr_t loop)",
} as const;

/** Each function is looked up when it is first asked for: not every system has all of them. */
function declared(koffi: typeof Koffi, c: Koffi.LibraryHandle): Libc {
  const lazy = <F>(make: () => F): (() => F) => {
    let made: F | undefined;
    return () => (made ??= make());
  };
  const fcntl = lazy(() => c.func("int fcntl(int fd, int cmd, ...)"));
  const ioctl = lazy(() => c.func("int ioctl(int fd, unsigned long request, ...)"));
  const mmap = lazy(() =>
    c.func("void *mmap(void *address, unsigned long size, int prot, int flags, int fd, long offset)"),
  );
  const clearCache = lazy(() => c.func("void __clear_cache(void *begin, void *end)"));
  const pthreadSelf = lazy(() => c.func("unsigned long pthread_self(void)"));
  const functions = {
    fcntl: (fd, cmd, arg) => fcntl()(fd, cmd, "int", arg) as number,
    ioctl: (fd, request, arg) => ioctl()(fd, request, "void *", arg) as number,
    ioctlNumber: (fd, request, arg) => ioctl()(fd, request, "long", arg) as number,
    mmap: (...args) => BigInt(mmap()(...args) as bigint | number),
    pthread_self: () => BigInt(pthreadSelf()() as bigint | number),
    clear_cache: (begin, end) => clearCache()(begin, end) as undefined,
    symbol: (name) => koffi.address(c.symbol(name)),
    addressOf: (data) => koffi.address(data),
    view: (address, size) => new Uint8Array(koffi.view(address, size)),
    poke: (address, byte) => koffi.encode(address, "uint8_t", byte),
    errorName: () => errorName(koffi.errno()),
    errno: () => koffi.errno(),
  } satisfies Partial<Libc>;
  for (const [name, prototype] of Object.entries(prototypes)) {
    const get = (): unknown => {
      const value = c.func(prototype);
      Object.defineProperty(functions, name, { value });
      return value;
    };
    Object.defineProperty(functions, name, { get, configurable: true });
  }
  return functions as unknown as Libc;
}

/** `result` where it is no error. Throws Solo5Error `SYSCALL`: `WHAT: REASON`. */
export function check(result: number, what: string): number {
  if (result >= 0) return result;
  throw new Solo5Error("SYSCALL", `${what}: ${errorText(libc().errorName())}`);
}
