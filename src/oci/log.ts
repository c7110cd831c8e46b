// The runtime's log: a line an event, as JSON or as text, which engines read when a call has failed.
import { appendFileSync } from "node:fs";

export interface Log {
  readonly info: (line: string) => void;
  readonly error: (line: string) => void;
}

export type LogFormat = "json" | "text";

/** Writes to `path`; nowhere without one. */
export function createLog(path: string | undefined, format: LogFormat): Log {
  const write = (level: string, msg: string): void => {
    if (path === undefined || path === "") return;
    const time = new Date().toISOString();
    const line =
      format === "json"
        ? JSON.stringify({ level, msg, time })
        : `time=${time} level=${level} msg=${JSON.stringify(msg)}`;
    try {
      appendFileSync(path, `${line}\n`);
    } catch {
      // What is wrong is told on stderr as well.
    }
  };
  return { info: (line) => write("info", line), error: (line) => write("error", line) };
}
