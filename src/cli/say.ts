// Lines for the user of a command that may become another program: `process.stderr` would leave a shared pipe
// non-blocking.
import { writeSync } from "node:fs";
import { encodeText } from "../bytes/text.js";
import type { Plan } from "../tender/attach.js";
import { execHeapWarning } from "../tender/texts.js";

const stderr = 2;

export function say(reporter: string, line: string): void {
  try {
    writeSync(stderr, encodeText(`${reporter}: ${line}\n`));
  } catch {
    // The reader has gone; the command goes on.
  }
}

/** What is to be said of a plan before it runs or is sealed. */
export function warn({ execHeap }: Plan, reporter: string): void {
  if (execHeap) say(reporter, execHeapWarning);
}
