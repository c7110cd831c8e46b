// node:fs, as far as src/oci goes: its functions that wait, over system calls. Descriptors are closed at exec.
import { decodeText, encodeText } from "../../../bytes/text.js";
import { viewOf } from "../../../bytes/struct.js";
import { atFdcwd } from "../../../abi/linux/syscalls.js";
import { Buffer, type Encoding } from "../buffer.js";
import { tryCall } from "../../linux/host-call.js";
import { nodeError, perform } from "../failure.js";
import { statAt, type AnyStats } from "./stat.js";

export const constants = {
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: 0o200000,
} as const;
const closeOnExec = 0x80000;
const c = constants;
const flagWords: Readonly<Record<string, number>> = {
  r: c.O_RDONLY,
  "r+": c.O_RDWR,
  w: c.O_WRONLY | c.O_CREAT | c.O_TRUNC,
  wx: c.O_WRONLY | c.O_CREAT | c.O_EXCL,
  a: c.O_WRONLY | c.O_CREAT | c.O_APPEND,
};
/** aarch64 has other numbers for this one. */
const directory = process.arch === "arm64" ? 0o40000 : constants.O_DIRECTORY;

export function openSync(path: string, flags: string | number = "r", mode = 0o666): number {
  const bits = typeof flags === "number" ? flags : (flagWords[flags] ?? 0);
  const native = (bits & c.O_DIRECTORY) === 0 ? bits : (bits & ~c.O_DIRECTORY) | directory;
  return perform(path, "openat", atFdcwd, path, native | closeOnExec, mode);
}

/** Also where a signal came between, the descriptor is closed: close(2). */
export function closeSync(fd: number): void {
  const interrupted = -4;
  const result = tryCall("close", fd);
  if (result < 0 && result !== interrupted) throw nodeError(-result, "close");
}

export function readSync(
  fd: number,
  into: Uint8Array,
  offset = 0,
  length = into.length - offset,
  position?: number | null,
): number {
  const part = into.subarray(offset, offset + length);
  return position === undefined || position === null
    ? perform(undefined, "read", fd, part, part.length)
    : perform(undefined, "pread64", fd, part, part.length, position);
}

export function writeSync(fd: number, data: Uint8Array, offset = 0, length = data.length - offset): number {
  return perform(undefined, "write", fd, data.subarray(offset, offset + length), length);
}

function readAll(fd: number): Buffer {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = new Uint8Array(16_384);
    const size = readSync(fd, part);
    if (size === 0) return Buffer.concat(parts);
    parts.push(part.subarray(0, size));
  }
}

export function readFileSync(path: string | number): Buffer;
export function readFileSync(path: string | number, encoding: Encoding): string;
export function readFileSync(path: string | number, encoding?: Encoding): Buffer | string {
  const fd = typeof path === "number" ? path : openSync(path);
  try {
    const data = readAll(fd);
    return encoding === undefined ? data : data.toString(encoding);
  } finally {
    if (fd !== path) closeSync(fd);
  }
}

interface WriteOptions {
  readonly mode?: number;
  readonly flag?: string;
}

export function writeFileSync(
  path: string,
  data: string | Uint8Array,
  { mode = 0o666, flag = "w" }: WriteOptions = {},
): void {
  const bytes = typeof data === "string" ? encodeText(data) : data;
  const fd = openSync(path, flag, mode);
  try {
    for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  } finally {
    closeSync(fd);
  }
}

export const appendFileSync = (path: string, data: string): void => writeFileSync(path, data, { flag: "a" });

const removeFolder = 0x200;
const unlink = (path: string, flags: number): void => void perform(path, "unlinkat", atFdcwd, path, flags);

export const rmdirSync = (path: string): void => unlink(path, removeFolder);

export const renameSync = (from: string, to: string): void =>
  void perform(from, "renameat2", atFdcwd, from, atFdcwd, to, 0);

export const chmodSync = (path: string, mode: number): void =>
  void perform(path, "fchmodat", atFdcwd, path, mode);

export function accessSync(path: string, mode: number = constants.F_OK): void {
  perform(path, "faccessat", atFdcwd, path, mode);
}

/** False as well where it cannot be told. */
export function existsSync(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

interface StatOptions {
  readonly throwIfNoEntry?: boolean;
}

export function statSync(path: string, { throwIfNoEntry = true }: StatOptions = {}): AnyStats | undefined {
  try {
    return statAt(path);
  } catch (error) {
    if (!throwIfNoEntry && (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

export const fstatSync = (fd: number, { bigint = false } = {}): AnyStats => statAt(fd, { bigint });

export function mkdirSync(
  path: string,
  { recursive = false, mode = 0o777 }: { readonly recursive?: boolean; readonly mode?: number } = {},
): void {
  try {
    perform(path, "mkdirat", atFdcwd, path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!recursive) throw error;
    if (code === "ENOENT") {
      mkdirSync(path.replace(/\/+[^/]*\/*$/, "") || "/", { recursive, mode });
      mkdirSync(path, { recursive, mode });
    } else if (code !== "EEXIST" || statSync(path)?.isDirectory() !== true) throw error;
  }
}

export function readdirSync(path: string): readonly string[] {
  const fd = openSync(path, constants.O_DIRECTORY);
  try {
    const names: string[] = [];
    const into = new Uint8Array(16_384);
    for (let size; (size = perform(path, "getdents64", fd, into, into.length)) > 0;) {
      // struct linux_dirent64: two words, the record's length, the type, the name.
      for (let at = 0; at < size; at += viewOf(into).getUint16(at + 16, true)) {
        const name = decodeText(into.subarray(at + 19, into.indexOf(0, at + 19)));
        if (name !== "." && name !== "..") names.push(name);
      }
    }
    return names;
  } finally {
    closeSync(fd);
  }
}

interface RemoveOptions {
  readonly recursive?: boolean;
  readonly force?: boolean;
}

export function rmSync(path: string, { recursive = false, force = false }: RemoveOptions = {}): void {
  try {
    // Links are removed, not followed.
    if (recursive && statAt(path, { follows: false }).isDirectory()) {
      for (const name of readdirSync(path)) rmSync(`${path}/${name}`, { recursive, force });
      rmdirSync(path);
    } else unlink(path, 0);
  } catch (error) {
    if (!force || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

export function readlinkSync(path: string): string {
  const into = new Uint8Array(4096);
  return decodeText(into.subarray(0, perform(path, "readlinkat", atFdcwd, path, into, into.length)));
}

export function realpathSync(path: string): string {
  const pathOnly = 0o10000000;
  const fd = openSync(path, pathOnly);
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}
