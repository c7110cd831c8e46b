// Where core files go: `core.solo5-TARGET.PID` in a folder of the user's.
import { hostPath } from "./path.js";
import { accessSync, closeSync, constants, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Solo5Error } from "../../bytes/error.js";
import type { SparseFile } from "../../debug/core/core-dump.js";
import { systemErrorMessage } from "./system-error.js";

/** Only the user may read what was in a guest's memory. */
const mode = 0o600;

/** Throws Solo5Error `DUMPCORE` where no core file can be made in `folder`. */
export function checkCoreFolder(folder: string): void {
  try {
    // With the slash it must be a folder.
    accessSync(hostPath(`${folder}/`), constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new Solo5Error("DUMPCORE", `${folder}: Could not write core files: ${systemErrorMessage(cause)}`, {
      cause,
    });
  }
}

/** Makes `path` a file of `size` bytes without any on the disk; `say` is told of it, or why there is none. */
export function createCoreFile(
  folder: string,
  target: string,
  size: number,
  say: (line: string) => void,
): SparseFile {
  const path = join(folder, `core.solo5-${target}.${process.pid}`);
  let fd: number | undefined;
  let failure: string | undefined;
  const attempt = (work: () => void): void => {
    if (failure !== undefined) return;
    try {
      work();
    } catch (cause) {
      failure = `could not write core file: ${path}: ${systemErrorMessage(cause)}`;
    }
  };
  attempt(() => ftruncateSync((fd = openSync(hostPath(path), "w", mode)), size));
  return {
    write: (at, data) =>
      attempt(() => {
        for (let done = 0; done < data.length;)
          done += writeSync(fd ?? -1, data, done, data.length - done, at + done);
      }),
    close() {
      if (fd !== undefined) closeSync(fd);
      say(failure ?? `core file: ${path}`);
    },
  };
}
