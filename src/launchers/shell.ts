// How a command is shown so that a shell would run the same one.

const word = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** One line. */
export const shellLine = (command: readonly string[]): string => command.map(word).join(" ");
