// Classic texts that are said in more than one place. docs/abi.md 6.2.
import { Solo5Error } from "../bytes/error.js";

/** What a block device's failure begins with. */
export const couldNotOpenBlock = (path: string): string => `Could not open block device: ${path}`;

export const blockError = (path: string, why: string, cause?: unknown): Solo5Error =>
  new Solo5Error("BLOCK", `${couldNotOpenBlock(path)}: ${why}`, { cause });

/** What a user is told who makes heap and stack executable: the text begins as scripts know it. */
export const execHeapWarning =
  "WARNING: The use of --x-exec-heap is dangerous and not recommended: what a guest writes can be executed";

export const missingKernel = "Missing KERNEL operand";

export const malformedMemory = (): Solo5Error => new Solo5Error("MEMORY", "Malformed argument to --mem");
