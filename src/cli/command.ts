// What every command shares: one line on stderr and a status for what the user did wrong, never a stack trace; quiet
// when the reader of a pipe goes away.
import { commandArguments } from "./arguments.js";
import { encodeText } from "../bytes/text.js";
import { Solo5Error } from "../bytes/error.js";
import { stdoutConsole } from "../node/console.js";
import { packageVersion } from "../toolchain/layout.js";

/** A user's mistake in how the command was called: the message, if any, then the usage; exit 1. */
export class UsageError extends Solo5Error {
  constructor(message = "") {
    super("USAGE", message);
  }
}

export interface Command {
  /** The name that messages begin with. */
  readonly name: string;
  /** Asked for when it is to be printed. */
  readonly usage: string;
  /** Gives the exit status. */
  run(args: readonly string[]): number | Promise<number>;
}

/** What a shell says of a program that nobody listens to any more. */
const sigpipeStatus = 141;

/**
 * Runs `command` with the process's arguments and sets the process's exit status. Touches the standard streams only
 * where something is to be said: a command that becomes another program must leave them as they are.
 */
export async function main(command: Command): Promise<void> {
  try {
    process.exitCode = await command.run(commandArguments());
  } catch (error) {
    if (!(error instanceof Solo5Error)) throw error;
    if (error.code === "EPIPE") {
      process.exitCode = sigpipeStatus;
      return;
    }
    const lines = error.message === "" ? [] : error.message.split("\n");
    for (const line of lines) process.stderr.write(encodeText(`${command.name}: ${line}\n`));
    if (error.code === "USAGE" || error.code === "INVALID_OPTION") process.stderr.write(command.usage);
    process.exitCode = 1;
  }
}

/** Writes to stdout, all at once. Throws Solo5Error as `stdoutConsole` does. */
export const print = (text: string): void => stdoutConsole.write(encodeText(text));

/** What `--version` of solo5 and its commands says; the exit status. */
export function printVersion(): number {
  print(`solo5 ${packageVersion()}\n`);
  return 0;
}
