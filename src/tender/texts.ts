// Classic texts that are said in more than one place. ABI.md 6.6.
import { Solo5Error } from "../bytes/error.js";

/** What a block device's failure begins with. */
export const couldNotOpenBlock = (path: string): string => `Could not open block device: ${path}`;

export const blockError = (path: string, why: string, cause?: unknown): Solo5Error =>
  new Solo5Error("BLOCK", `${couldNotOpenBlock(path)}: ${why}`, { cause });

export const missingKernel = "Missing KERNEL operand";

export const malformedMemory = (): Solo5Error => new Solo5Error("MEMORY", "Malformed argument to --mem");
