// Why a program could not be run: what the kernel says of the last folder of PATH that it was looked for in may be that
// nobody may look there. environ(7), execvp(3).
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { errorText } from "../../abi/errno.js";
import { systemErrorMessage } from "./system-error.js";

const missing = errorText("ENOENT");

/** Whether `program` is in no folder that can be looked into, or is no file, for the error that a spawn gave. */
export const isMissing = (program: string, error: NodeJS.ErrnoException): boolean =>
  error.code === "ENOENT" || (error.code === "EACCES" && isNowhere(program));

function isNowhere(program: string): boolean {
  const folders = program.includes("/") ? [""] : (process.env["PATH"] ?? "").split(delimiter);
  return folders.every((folder) => !existsSync(join(folder, program)));
}

/** The reason, in the system's words. */
export const programFailure = (program: string, error: NodeJS.ErrnoException): string =>
  isMissing(program, error) ? missing : systemErrorMessage(error);
