// The system's errors in the words that users know from other programs, whichever host Node runs on.
import { getSystemErrorName } from "node:util";
import { errnos } from "../linux/errno.js";

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

/** The reason in an error that a Node call threw. */
export function systemErrorMessage(cause: unknown): string {
  const { errno, message } = cause as NodeJS.ErrnoException;
  if (typeof errno !== "number") return message;
  return errnos[getSystemErrorName(errno)]?.[1] ?? message;
}
