// A guest's console on this process's stdout, written at once, so that nothing is lost however the process ends.
import { writeSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import type { Console } from "../../device/contract.js";
import { systemErrorMessage } from "./system-error.js";

const stdout = 1;
const retryMsecs = 1;
const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Throws Solo5Error `EPIPE` where nobody reads any more, `CONSOLE` on any other error. */
export const stdoutConsole: Console = {
  write(data) {
    for (let at = 0; at < data.length;) {
      try {
        at += writeSync(stdout, data, at);
      } catch (cause) {
        const { code } = cause as NodeJS.ErrnoException;
        if (code !== "EAGAIN") {
          throw new Solo5Error(code === "EPIPE" ? code : "CONSOLE", `stdout: ${systemErrorMessage(cause)}`, {
            cause,
          });
        }
        // A parent left the pipe non-blocking, and it is full.
        Atomics.wait(sleeper, 0, 0, retryMsecs);
      }
    }
  },
};
