// What the commands of `solo5` share: help and version on stdout, and a hint behind what was wrong.
import type { OptionTable } from "../tender/option.js";
import { parseOptions, type Given } from "../tender/parse-options.js";
import type { CommandLine } from "./catalogue/command-line.js";
import { print, printVersion, UsageError } from "./command.js";
import { refuseOption } from "./help/refuse.js";
import { hasColours } from "./help/style.js";
import { commandHelp } from "./help/text.js";

/** A command line as it was given. */
export interface Invocation<Name extends string> {
  readonly given: readonly Given<Name>[];
  readonly operands: readonly string[];
}

/** What a command does once its line is read; gives the exit status. */
export type Work<Name extends string> = (call: Invocation<Name>) => number | Promise<number>;

/** A command of `solo5`: called with the words behind its name, it gives the exit status. */
export interface OwnCommand {
  readonly line: CommandLine;
  run(args: readonly string[]): number | Promise<number>;
}

/**
 * Makes a command of its line and of `load`, which imports what does the work. `isMixed` lets options stand behind
 * operands as well, up to `--`.
 */
export function ownCommand<Line extends CommandLine>(
  line: Line,
  load: () => Promise<Work<keyof Line["options"] & string>>,
  { isMixed = false } = {},
): OwnCommand {
  type Name = keyof Line["options"] & string;
  const table = line.options as OptionTable<Name>;
  return {
    line,
    async run(args) {
      const invocation = isMixed ? parseMixed(args, table) : parse(args, table);
      const has = (option: string): boolean => invocation.given.some((one) => one.option === option);
      if (has("help")) {
        print(commandHelp(line, hasColours(1)));
        return 0;
      }
      if (has("version")) return printVersion();
      return (await load())(invocation);
    },
  };
}

function parse<Name extends string>(args: readonly string[], table: OptionTable<Name>): Invocation<Name> {
  const { given, kernel, args: rest } = parseOptions(args, table, refuseOption(table));
  return { given, operands: kernel === undefined ? [] : [kernel, ...rest] };
}

/** What stands behind `--` are operands, one of which is `--` itself. */
function parseMixed<Name extends string>(
  args: readonly string[],
  table: OptionTable<Name>,
): Invocation<Name> {
  const separator = args.includes("--") ? args.indexOf("--") : args.length;
  const given: Given<Name>[] = [];
  const operands: string[] = [];
  for (let rest = args.slice(0, separator); rest.length > 0;) {
    const parsed = parseOptions(rest, table, refuseOption(table));
    given.push(...parsed.given);
    if (parsed.kernel !== undefined) operands.push(parsed.kernel);
    rest = [...parsed.args];
  }
  return { given, operands: [...operands, ...args.slice(separator)] };
}

/** The one operand of a command that takes one. */
export function onlyOperand(operands: readonly string[], name: string): string {
  const [first, ...more] = operands;
  if (first === undefined) throw new UsageError(`Missing ${name} operand`);
  if (more.length > 0) throw new UsageError(`one ${name}, not also ${more.join(" ")}`);
  return first;
}
