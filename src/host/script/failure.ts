// Errors as Node's functions throw them, of system calls that failed.
import { errorName, strerror } from "../../abi/linux/errno.js";
import type { HostCall } from "../linux/call-numbers.js";
import { tryCall, type HostArgument } from "../linux/host-call.js";

/** What Node's errors have: `errno` is negative. */
export function nodeError(errno: number, syscall: string, path?: string): NodeJS.ErrnoException {
  const code = errorName(errno);
  const at = path === undefined ? "" : ` '${path}'`;
  const error: NodeJS.ErrnoException = new Error(`${code}: ${strerror(errno)}, ${syscall}${at}`);
  return Object.assign(error, { code, errno: -errno, syscall, ...(path === undefined ? {} : { path }) });
}

/** The result of a call about `path`, or about a descriptor where that is undefined; again where a signal came between. */
export function perform(path: string | undefined, call: HostCall, ...args: readonly HostArgument[]): number {
  const interrupted = -4;
  for (;;) {
    const result = tryCall(call, ...args);
    if (result >= 0) return result;
    if (result !== interrupted) throw nodeError(-result, call, path);
  }
}
