// A command's line as data: from it come the help, the completion of shells and the man page.
import type { OptionTable } from "../../tender/option.js";

interface Example {
  readonly does: string;
  readonly line: string;
}

export interface CommandLine {
  /** As it is called: `solo5 run`. */
  readonly name: string;
  /** What it does, as a phrase that begins with a verb. */
  readonly summary: string;
  /** Behind the name in its usage. */
  readonly operands: string;
  /** Paragraphs. */
  readonly text: readonly string[];
  readonly options: OptionTable;
  readonly examples: readonly Example[];
  /** What a shell completes operands to: names of files, of folders, or one of these words. Nothing by default. */
  readonly values?: "file" | "folder" | readonly string[];
  /** Other commands that a reader may look for. */
  readonly seeAlso?: readonly string[];
}

/** The last word of a name: `run`. */
export const shortName = ({ name }: CommandLine): string => name.slice(name.lastIndexOf(" ") + 1);
