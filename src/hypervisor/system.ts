// What a driver asks of the system under it, and nothing else: each is the system call of its name. A test puts a model in
// its place, and the driver, the thread and the debugger above run for real.
import { closeSync, constants, ftruncateSync, openSync } from "node:fs";
import { release } from "node:os";
import { errorText } from "../abi/errno.js";
import { mmapProt } from "../abi/linux/syscalls.js";
import { Solo5Error } from "../bytes/error.js";
import { withNul } from "../bytes/text.js";
import { accountOf, becomeUser, keeper, type Account } from "./confinement.js";
import { libc } from "../host/posix/libc.js";
import { numbers } from "../host/posix/numbers.js";

export interface System {
  /** For reading and writing, closed at exec. Throws as Node's functions do. */
  open(path: string): number;
  close(fd: number): void;
  /** -1 on error, whose name `errorName` then gives. A structure is read or filled in place. */
  ioctl(fd: number, request: number, arg: Uint8Array | number): number;
  /** errno(3) by name, of the last call that returned an error. */
  errorName(): string;
  /** A memory object without a name or bytes, -1 on error. */
  memoryObject(): number;
  /** Throws as Node's functions do. */
  truncate(fd: number, size: number): void;
  /** Maps `size` bytes of `fd`, readable, writable and shared, and gives the address; undefined on error. */
  map(fd: number, size: number): bigint | undefined;
  /** Maps `size` bytes of zeros, readable and writable; undefined on error. */
  mapAnonymous(size: number): bigint | undefined;
  unmap(address: bigint, size: number): void;
  /** mprotect(2). */
  protect(address: bigint, size: number, protection: number): number;
  /** The bytes at an address, not copied; they must stay mapped as long as anybody looks. */
  bytesAt(address: bigint, size: number): Uint8Array;
  /** Where the bytes lie, for structures that point to others; as long as the caller keeps them. */
  addressOf(data: Uint8Array): bigint;
  /** Writes one byte at an address that this thread has no view of. */
  poke(address: bigint, byte: number): void;
  /** The CPU may execute what has been written there. */
  clearCache(begin: bigint, end: bigint): void;
  /**
   * sysctl(3) of the BSDs, by name (FreeBSD) or by numbers (OpenBSD): reads into `old`, sets `value`. Gives the bytes that were read, -1
   * on error.
   */
  sysctl(name: string | readonly number[], old: Uint8Array | undefined, value?: Uint8Array): number;
  /** As uname(1) has it: `7.7`. */
  release(): string;
  /** Whether this process may do everything. */
  isRoot(): boolean;
  /** Of a user by name. Throws Solo5Error `VMM`. */
  accountOf(user: string): Account;
  /** The whole process becomes another user's, with another root, for good. Throws Solo5Error. */
  becomeUser(account: Account, folder: string): void;
  /** Has a program run as the present user when it is asked for, or when this process is gone; gives whether it succeeded. */
  keeper(argv: readonly string[]): () => boolean;
}

const memfdCloexec = 1;
const mapShared = 1;
const mapPrivate = 2;
const failed = 0xffff_ffff_ffff_ffffn;

/** This host's own, by Node and the C library. */
export const hostSystem: System = {
  open: (path) => openSync(path, constants.O_RDWR),
  close: closeSync,
  ioctl: (fd, request, arg) =>
    typeof arg === "number" ? libc().ioctlNumber(fd, request, arg) : libc().ioctl(fd, request, arg),
  errorName: () => libc().errorName(),
  memoryObject: () => libc().memfd_create(withNul("solo5-guest"), memfdCloexec),
  truncate: ftruncateSync,
  map(fd, size) {
    const address = libc().mmap(null, size, mmapProt.read | mmapProt.write, mapShared, fd, 0);
    return BigInt.asUintN(64, address) === failed ? undefined : address;
  },
  mapAnonymous(size) {
    const address = libc().mmap(
      null,
      size,
      mmapProt.read | mmapProt.write,
      mapPrivate | numbers.MAP_ANONYMOUS,
      -1,
      0,
    );
    return BigInt.asUintN(64, address) === failed ? undefined : address;
  },
  unmap: (address, size) => void libc().munmap(address, size),
  protect: (address, size, protection) => libc().mprotect(address, size, protection),
  bytesAt: (address, size) => libc().view(address, size),
  addressOf: (data) => libc().addressOf(data),
  poke: (address, byte) => libc().poke(address, byte),
  clearCache: (begin, end) => libc().clear_cache(begin, end),
  sysctl(name, old, value) {
    const size = BigUint64Array.of(BigInt(old?.length ?? 0));
    const [oldSize, newSize] = [old === undefined ? null : size, value?.length ?? 0];
    const result =
      typeof name === "string"
        ? libc().sysctlbyname(withNul(name), old ?? null, oldSize, value ?? null, newSize)
        : libc().sysctl(Int32Array.from(name), name.length, old ?? null, oldSize, value ?? null, newSize);
    return result < 0 ? result : Number(size[0] ?? 0n);
  },
  accountOf,
  becomeUser,
  keeper,
  release,
  isRoot: () => process.geteuid?.() === 0,
};

let current = hostSystem;
let currentModule: string | undefined;

/** The system that drivers use: the host's, unless a test has put another there. */
export const system = (): System => current;
/** A module that does the same in other threads; undefined where that is not needed. */
export const systemModule = (): string | undefined => currentModule;
/** `module` is one that calls this when it is loaded, so that all threads have the same. */
export function useSystem(chosen: System, module?: string): void {
  current = chosen;
  currentModule = module;
}

/** `result` where it is no error. Throws Solo5Error `SYSCALL`: `WHAT: REASON`. */
export function checked(result: number, what: string): number {
  if (result >= 0) return result;
  throw new Solo5Error("SYSCALL", `${what}: ${errorText(system().errorName())}`);
}
