// Captures as files.
import { closeSync, openSync, writeSync } from "node:fs";
import type { Cleanup } from "../../bytes/cleanup.js";
import { Solo5Error } from "../../bytes/error.js";
import { hostPath } from "./path.js";
import { systemErrorMessage } from "./system-error.js";

/** An open capture, with the name that messages call it. */
export interface Dump {
  readonly fd: number;
  readonly path: string;
}

/** Writes to a capture. Throws Solo5Error `DUMP`. */
export const dumpSink =
  ({ fd, path }: Dump) =>
  (data: Uint8Array): void => {
    try {
      for (let at = 0; at < data.length;) at += writeSync(fd, data, at);
    } catch (cause) {
      throw new Solo5Error("DUMP", `${path}: Could not write: ${systemErrorMessage(cause)}`, { cause });
    }
  };

/** The file of a capture. Throws Solo5Error `DUMP`. */
export function openDump(path: string, cleanup: Cleanup): number {
  try {
    const file = openSync(hostPath(path), "w");
    cleanup.push(() => closeSync(file));
    return file;
  } catch (cause) {
    throw new Solo5Error("DUMP", `${path}: Could not open: ${systemErrorMessage(cause)}`, { cause });
  }
}
