// What an option of a command line is, as a row of a table.

/** What options are about; help shows them in this order. */
export const topics = {
  guest: "The unikernel",
  devices: "Devices",
  engine: "Engine",
  debugging: "Debugging",
  output: "Output",
  relay: "Relay",
  setup: "Set-up",
  container: "Container",
  general: "General",
} as const;
export type Topic = keyof typeof topics;

/** One row an option: `name` where it is given per device (`--net:NAME=…`), `value` where it takes one. */
export interface Option {
  readonly name?: true;
  readonly value?: string;
  /** The value may also be the next word. */
  readonly separate?: true;
  /** A letter that stands for it: `-o FILE`. */
  readonly short?: string;
  readonly help: string;
  readonly topic: Topic;
  /** What the value may be, where it has several forms: each with lines about it. */
  readonly forms?: readonly (readonly [form: string, help: readonly string[]])[];
  /** What a shell completes the value to: names of files, of folders, or one of these words. Nothing by default. */
  readonly values?: "file" | "folder" | readonly string[];
}

export type OptionTable<Name extends string = string> = Readonly<Record<Name, Option>>;

/** How an option is written: `--net:NAME=IFACE|@FD`, `-d DISK`. */
export const optionForm = (key: string, { name, value }: Option): string =>
  key.length === 1
    ? `-${key}${value === undefined ? "" : ` ${value}`}`
    : `--${key}${name === true ? ":NAME" : ""}${value === undefined ? "" : `=${value}`}`;
