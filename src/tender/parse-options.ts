// Command lines by a table of options. docs/abi.md 6.1.
import { Solo5Error } from "../bytes/error.js";
import type { OptionTable } from "./option.js";
import type { OptionName } from "./options.js";

/** An option as it was given. */
export interface Given<Name extends string = OptionName> {
  readonly option: Name;
  /** The device, for options that are given per device. */
  readonly name: string;
  readonly value: string;
}

/** The last value given for an option, or undefined. */
export const valueOf = <Name extends string>(
  given: readonly Given<Name>[],
  option: NoInfer<Name>,
): string | undefined => given.findLast((one) => one.option === option)?.value;

interface Parsed<Name extends string> {
  readonly given: readonly Given<Name>[];
  /** The first operand: the unikernel's file, for tenders; undefined where it is missing. */
  readonly kernel: string | undefined;
  readonly args: readonly string[];
}

/** For an option that does not exist or has the wrong form, with the rule that it broke; the usage follows it. */
export const invalidOption = (argument: string, reason?: string): Solo5Error =>
  new Solo5Error(
    "INVALID_OPTION",
    `${reason === undefined ? "" : `${reason}\n`}Invalid option: \`${argument}'`,
  );

const longForm = /^--([a-z-]+)(?::([A-Za-z0-9]{1,67}))?(?:=(.*))?$/s;

/**
 * Splits a command line: options, `--`, the first operand, what follows it. `refuse` makes the error for an option that
 * does not exist or has the wrong form; the classic one by default.
 */
export function parseOptions<Name extends string>(
  args: readonly string[],
  table: OptionTable<Name>,
  refuse: (argument: string) => Error = invalidOption,
): Parsed<Name> {
  const given: Given<Name>[] = [];
  let at = 0;
  for (; at < args.length; at++) {
    const argument = args[at] ?? "";
    if (argument === "--") {
      at++;
      break;
    }
    const letter = letterOption(argument, table);
    if (!argument.startsWith("--") && letter === undefined) break;
    const [, key = "", name, own] =
      letter === undefined
        ? (longForm.exec(argument) ?? [])
        : [argument, letter, undefined, argument.slice(2) || undefined];
    const option = Object.hasOwn(table, key) ? table[key as Name] : undefined;
    const value = own === undefined && option?.separate === true ? args[++at] : own;
    const fits =
      option !== undefined &&
      (option.name === true) === (name !== undefined) &&
      (option.value !== undefined) === (value !== undefined && value !== "");
    if (!fits) throw refuse(argument);
    given.push({ option: key as Name, name: name ?? "", value: value ?? "" });
  }
  return { given, kernel: args[at], args: args.slice(at + 1) };
}

/** The option that `-x`, or `-xVALUE`, stands for. */
const letterOption = (argument: string, table: OptionTable): string | undefined =>
  Object.entries(table).find(
    ([, { short, value }]) =>
      short !== undefined &&
      (value === undefined ? argument === `-${short}` : argument.startsWith(`-${short}`)),
  )?.[0];
