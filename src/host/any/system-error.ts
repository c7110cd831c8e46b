// What went wrong in a call of Node's, in the words that users know from other programs.
import { getSystemErrorName } from "node:util";
import { errorTexts } from "../../abi/errno.js";

/** The reason in an error that a Node call threw, on any host: by its name, since numbers are each system's own. */
export function systemErrorMessage(cause: unknown): string {
  const { errno, message } = cause as { readonly errno?: unknown; readonly message: string };
  if (typeof errno !== "number") return message;
  return errorTexts[getSystemErrorName(errno)] ?? message;
}
