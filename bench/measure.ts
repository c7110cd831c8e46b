// The user time of a command.
import { execFileSync } from "node:child_process";

export interface Measured {
  readonly output: string;
  readonly milliseconds: number;
}

/** As the shell that waits for it says. */
export function userTime(command: readonly string[]): Measured {
  const output = execFileSync("sh", ["-c", '"$@"; times', "sh", ...command], { encoding: "utf8" });
  const [minutes = "0", seconds = "0"] =
    /(\d+)m([\d.]+)s/.exec(output.trim().split("\n").at(-1) ?? "")?.slice(1) ?? [];
  return { output, milliseconds: Number(minutes) * 60_000 + Number(seconds) * 1000 };
}
