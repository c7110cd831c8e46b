// Reads the command line of an OCI runtime. Options may stand behind operands, where managers put them.
import { statSync } from "node:fs";
import type { OptionTable } from "../tender/option.js";
import { parseOptions } from "../tender/parse-options.js";
import { globalOptions, ociCommands, type OciCommand } from "./command-line.js";

type Values<Name extends string> = { readonly [N in Name]?: string };

export interface OciCall {
  readonly command: OciCommand;
  /** Options without a value are there as empty text. */
  readonly global: Values<keyof typeof globalOptions>;
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly operands: readonly string[];
  /** All that stands behind the command. */
  readonly rest: readonly string[];
}

/** `refuse` makes the error. */
export function parseOci(
  args: readonly string[],
  refuse: (message: string) => Error,
): OciCall | "help" | "version" {
  const unknown = (argument: string): Error => refuse(`there is no option ${argument}`);
  const { given, kernel: command, args: rest } = parseOptions(args, globalOptions, unknown);
  const global = Object.fromEntries(given.map(({ option, value }) => [option, value]));
  if ("help" in global) return "help";
  if ("version" in global) return "version";
  if (command === undefined) throw refuse("a command is missing");
  if (!Object.hasOwn(ociCommands, command)) throw refuse(`there is no command '${command}'`);
  const name = command as OciCommand;
  const { operands: wanted } = ociCommands[name];
  const table: OptionTable = { ...ociCommands[name].options, help: globalOptions.help };
  const options: Record<string, string> = {};
  const operands: string[] = [];
  for (let left: readonly string[] = rest; left.length > 0;) {
    const parsed = parseOptions(left, table, unknown);
    for (const { option, value } of parsed.given) options[option] = value;
    if (parsed.kernel !== undefined) operands.push(parsed.kernel);
    left = parsed.args;
    // What stands behind the container is another command's line.
    if (operands.length > 0 && (name === "exec" || name === "ps")) break;
  }
  if ("help" in options) return "help";
  const missing = wanted.filter((one) => !one.startsWith("["))[operands.length];
  if (missing !== undefined) throw refuse(`${name}: ${missing} is missing`);
  if (operands.length > wanted.length)
    throw refuse(`${name}: too many operands: ${operands.slice(wanted.length).join(" ")}`);
  return { command: name, global, options, operands, rest };
}

/** Whether this is the host's root: in a user namespace root may be anybody, but /run is not his. quick.sh has the same. */
export const isHostRoot = (): boolean =>
  statSync("/run", { throwIfNoEntry: false })?.uid === process.geteuid?.();

/** For root, and for others. */
export const defaultRoot = (): string => {
  const folder = process.env["XDG_RUNTIME_DIR"] ?? "";
  return isHostRoot() || folder === "" ? "/run/solo5-oci" : `${folder}/solo5-oci`;
};
