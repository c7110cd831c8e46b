// Emphasis for people: only where output goes to a terminal, and never where NO_COLOR is set. no-color.org.
import { isatty } from "node:tty";

const isPlain = ({ NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean =>
  (NO_COLOR !== undefined && NO_COLOR !== "") || TERM === "dumb";

/** Whether what is written to the descriptor `fd` may have colours. */
export const hasColours = (fd: 1 | 2, env: NodeJS.ProcessEnv = process.env): boolean =>
  !isPlain(env) && isatty(fd);

/** SGR 1, ECMA-48 8.3.117. */
export const bold = (text: string, isOn: boolean): string => (isOn ? `\u001b[1m${text}\u001b[22m` : text);
