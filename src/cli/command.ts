// What every command shares: one line on stderr and a status for what the user did wrong, never a stack trace; quiet
// when the reader of a pipe goes away.
import { commandArguments } from "./arguments.js";
import { statusOf } from "../abi/signals.js";
import { encodeText } from "../bytes/text.js";
import { Solo5Error } from "../bytes/error.js";
import { hostFailure } from "../host/any/host-failure.js";
import { stdoutConsole } from "../host/any/console.js";
import { packageVersion } from "../toolchain/layout.js";

/** A user's mistake in how the command was called: the message, if any, then how it is called; exit 1. */
export class UsageError extends Solo5Error {
  constructor(message = "") {
    super("USAGE", message);
  }
}

export interface Command {
  /** The name that messages begin with. */
  readonly name: string;
  /** What follows a mistake in how it was called. Asked for when it is to be printed. */
  readonly usage: string;
  /** Gives the exit status. */
  run(args: readonly string[]): number | Promise<number>;
}

/**
 * Runs `command` with the process's arguments and sets the process's exit status. Touches the standard streams only
 * where something is to be said: a command that becomes another program must leave them as they are.
 */
export async function main(command: Command): Promise<void> {
  // What fails beside the command's own way, as in a thread or on a stream.
  process.on("uncaughtException", (error) => {
    report(command, error);
    process.exit();
  });
  try {
    process.exitCode = await command.run(commandArguments());
  } catch (error) {
    report(command, error);
  }
}

/** Says what went wrong, and sets the status. What is our mistake is thrown again. */
function report({ name, usage }: Pick<Command, "name" | "usage">, error: unknown): void {
  const { code } = error as { readonly code?: string };
  process.exitCode = 1;
  if (code === "EPIPE") {
    // Nobody listens any more.
    process.exitCode = statusOf("SIGPIPE");
    return;
  }
  const message = error instanceof Solo5Error ? error.message : hostFailure(error);
  if (message === undefined) throw error;
  const lines = message === "" ? [] : message.split("\n");
  for (const line of lines) process.stderr.write(encodeText(`${name}: ${line}\n`));
  if (code === "USAGE" || code === "INVALID_OPTION") process.stderr.write(usage);
}

/** Writes to stdout, all at once. Throws Solo5Error as `stdoutConsole` does. */
export const print = (text: string): void => stdoutConsole.write(encodeText(text));

/** What `--version` of solo5 and its commands says; the exit status. */
export function printVersion(): number {
  print(`solo5 ${packageVersion()}\n`);
  return 0;
}
