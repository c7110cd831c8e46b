// Loads a command. Where its files cannot be read, as in a process that may open no more of them, that is one line: so
// this file needs none.

/** `load` imports the command called `name`, which then runs. */
export async function loadCommand(name: string, load: () => Promise<unknown>): Promise<void> {
  try {
    await load();
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    process.stderr.write(`${name}: cannot start: ${message}${code === "EMFILE" ? ": see ulimit -n" : ""}\n`);
    process.exitCode = 1;
  }
}
