// What every command shares: one line on stderr and a status for what the user did wrong, never a stack trace; quiet
// when the reader of a pipe goes away.
import { Solo5Error } from "../bytes/error.js";

/** A user's mistake in how the command was called: the message, if any, then the usage; exit 1. */
export class UsageError extends Solo5Error {
  constructor(message = "") {
    super("USAGE", message);
  }
}

export interface Command {
  /** The name that messages begin with. */
  readonly name: string;
  readonly usage: string;
  /** Gives the exit status. */
  run(args: readonly string[]): number | Promise<number>;
}

/** Runs `command` with the process's arguments and sets the process's exit status. */
export async function main(command: Command): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(1);
    throw error;
  });
  try {
    process.exitCode = await command.run(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Solo5Error)) throw error;
    if (error.message !== "") process.stderr.write(`${command.name}: ${error.message}\n`);
    if (error instanceof UsageError) process.stderr.write(command.usage);
    process.exitCode = 1;
  }
}
