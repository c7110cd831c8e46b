// What the host is short of, in the words that users know from other programs.
import { systemErrorMessage } from "./system-error.js";

/**
 * What the host could not do, in an error that Node threw by itself: no more files, threads or memory. Undefined where
 * the error is of another kind.
 */
export function hostFailure(error: unknown): string | undefined {
  const { code, errno, syscall, path, message } = error as NodeJS.ErrnoException;
  if (typeof errno === "number") return `${path ?? syscall ?? code}: ${systemErrorMessage(error)}`;
  if (code?.startsWith("ERR_WORKER_") === true) return `cannot start a thread: ${message}`;
  if (error instanceof RangeError && /allocat|out of memory/i.test(message)) return message;
  return undefined;
}
