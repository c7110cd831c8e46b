// Files as commands use them: read whole, written whole or not at all; the system's reasons in its own words.
import { encodeText } from "../../bytes/text.js";
import { hostPath } from "./path.js";
import { lstatSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { systemErrorMessage } from "./system-error.js";
import { Solo5Error } from "../../bytes/error.js";

/** The bytes of `path`. Throws Solo5Error `OPEN`: `PATH: Could not open: REASON`. */
export function readFile(path: string): Uint8Array {
  try {
    return readFileSync(hostPath(path));
  } catch (cause) {
    throw new Solo5Error("OPEN", `${path}: Could not open: ${systemErrorMessage(cause)}`, { cause });
  }
}

/**
 * Writes `data` to `path` in one step: readers see the old file or the new one, and after an error the old one. What
 * is no ordinary file (a link, as /dev/stdout is, or a pipe) is written to as it is. `mode` as in chmod(1).
 * Throws Solo5Error `WRITE`: `PATH: Could not write: REASON`.
 */
export function writeFile(path: string, data: Uint8Array | string, mode = 0o666): void {
  const content = typeof data === "string" ? encodeText(data) : data;
  try {
    const file = hostPath(path);
    if (lstatSync(file, { throwIfNoEntry: false })?.isFile() === false) writeFileSync(file, content);
    else replaceFile(path, content, mode);
  } catch (cause) {
    throw new Solo5Error("WRITE", `${path}: Could not write: ${systemErrorMessage(cause)}`, { cause });
  }
}

function replaceFile(path: string, content: Uint8Array, mode: number): void {
  const temporary = hostPath(`${path}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content, { mode, flag: "wx", flush: true });
    renameSync(temporary, hostPath(path));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
