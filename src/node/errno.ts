// The system's errors in the words that users know from other programs, whichever host Node runs on.
import { getSystemErrorName } from "node:util";
import { errnos } from "../linux/errno.js";

/** The reason in an error that a Node call threw. */
export function systemErrorMessage(cause: unknown): string {
  const { errno, message } = cause as NodeJS.ErrnoException;
  if (typeof errno !== "number") return message;
  return errnos[getSystemErrorName(errno)]?.[1] ?? message;
}
