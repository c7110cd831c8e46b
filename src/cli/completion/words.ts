// What each command can be completed to, the same for every shell: from the catalogue's option tables.
import type { Option } from "../../tender/option.js";
import { shortName, type CommandLine } from "../catalogue/command-line.js";

/** What a shell completes a word to. */
export type Values = NonNullable<CommandLine["values"]> | "none";

export interface OptionWord {
  /** As it begins on the command line: `--mem=`, `--net:`, `--verbose`, `-o`. */
  readonly text: string;
  readonly help: string;
  /** Whether the word goes on behind `text`. */
  readonly isOpen: boolean;
  /** What its value is, if it has one. */
  readonly values: Values;
  /** Whether the value may be the next word. */
  readonly isSeparate: boolean;
}

export interface Completed {
  /** `solo5 run`, `solo5-spt`. */
  readonly command: string;
  readonly options: readonly OptionWord[];
  readonly operands: Values;
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

function optionWords(key: string, option: Option): readonly OptionWord[] {
  const { short, help, name, value, separate = false } = option;
  const values: Values = option.values ?? "none";
  const base = { help: oneLine(help), values };
  const letter =
    short === undefined
      ? []
      : [{ ...base, text: `-${short}`, isOpen: false, isSeparate: value !== undefined }];
  if (key.length === 1) return letter;
  let end = "";
  if (name === true) end = ":";
  else if (value !== undefined) end = "=";
  return [...letter, { ...base, text: `--${key}${end}`, isOpen: end !== "", isSeparate: separate }];
}

export const completed = (line: CommandLine): Completed => ({
  command: line.name,
  options: Object.entries(line.options).flatMap(([key, option]) => optionWords(key, option)),
  operands: line.values ?? "none",
});

/** `--net` of `--net:`: what stands before a value, without the device. */
export const optionName = ({ text }: OptionWord): string => text.replace(/[:=]$/, "");

/** Subcommands by name, with what they do. */
export const subcommands = (own: readonly CommandLine[]): readonly (readonly [string, string])[] =>
  own.map((line) => [shortName(line), line.summary]);

/** For shells, which all know it: text between single quotes. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
