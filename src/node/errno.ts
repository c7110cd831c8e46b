// The system's errors in the words that users know from other programs: strerror(3), as glibc says them.
import { getSystemErrorMap } from "node:util";

/** What glibc says where it differs from libuv's wording, by errno's name; the rest falls back to libuv's. */
const strerror: Readonly<Record<string, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  EIO: "Input/output error",
  ENXIO: "No such device or address",
  EBADF: "Bad file descriptor",
  EAGAIN: "Resource temporarily unavailable",
  ENOMEM: "Cannot allocate memory",
  EACCES: "Permission denied",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  ENODEV: "No such device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  EMFILE: "Too many open files",
  ENOTTY: "Inappropriate ioctl for device",
  ETXTBSY: "Text file busy",
  ENOSPC: "No space left on device",
  EROFS: "Read-only file system",
  ENAMETOOLONG: "File name too long",
  ENOSYS: "Function not implemented",
  ELOOP: "Too many levels of symbolic links",
  ENETDOWN: "Network is down",
};

/** strerror(errno) for a positive errno. */
export function errnoMessage(errno: number): string {
  const [name, libuv] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, undefined];
  return strerror[name] ?? libuv ?? name;
}

/** The reason in an error that a Node call threw. */
export function getSystemErrorMessage(cause: unknown): string {
  const errno = (cause as NodeJS.ErrnoException | undefined)?.errno;
  if (typeof errno === "number") return errnoMessage(-errno);
  return cause instanceof Error ? cause.message : String(cause);
}
