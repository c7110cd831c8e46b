// The file that a recording is written to as the guest runs.
import { hostPath } from "./path.js";
import { closeSync, openSync, writeSync } from "node:fs";
import type { Cleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { systemErrorMessage } from "./system-error.js";

/** What a guest was told is as private as its memory. */
const mode = 0o600;

/** Opens `path` for writing from its beginning. Throws Solo5Error `WRITE`, as what it gives does. */
export function recordingFile(path: string, cleanup: Cleanup): (data: Uint8Array) => void {
  const attempt = <T>(work: () => T): T => {
    try {
      return work();
    } catch (cause) {
      throw new Solo5Error("WRITE", `${path}: Could not write: ${systemErrorMessage(cause)}`, { cause });
    }
  };
  const fd = attempt(() => openSync(hostPath(path), "w", mode));
  cleanup.push(() => closeSync(fd));
  return (data) =>
    attempt(() => {
      for (let done = 0; done < data.length;) done += writeSync(fd, data, done);
    });
}
