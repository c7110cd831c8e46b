// How far something is that takes more than a second: one line on a terminal, which goes when the work ends. Where stderr
// is no terminal nothing is said: logs do not fill with it.
import { writeSync } from "node:fs";
import { isatty } from "node:tty";

const stderr = 2;
const silentMsecs = 1000;
const betweenMsecs = 100;

export interface Progress {
  /** So many of `total` parts are done. */
  at(done: number, total: number): void;
  [Symbol.dispose](): void;
}

interface Terminal {
  readonly isTerminal: boolean;
  now(): number;
  write(text: string): void;
}

const ownTerminal: Terminal = {
  isTerminal: isatty(stderr),
  now: () => performance.now(),
  write: (text) => void writeSync(stderr, text),
};

/** `what` says what is being done, as "building". */
export function progress(what: string, { isTerminal, now, write }: Terminal = ownTerminal): Progress {
  const start = now();
  let shownAt = -Infinity;
  return {
    at(done, total) {
      const time = now();
      if (!isTerminal || time - start < silentMsecs || time - shownAt < betweenMsecs) return;
      shownAt = time;
      // Return, and erase to the end of the line: ECMA-48 8.3.41.
      write(`\r${what} ${done} of ${total}\u001b[K`);
    },
    [Symbol.dispose]() {
      if (shownAt > -Infinity) write("\r\u001b[K");
    },
  };
}
