// What a command costs: its user time, with that of its threads and children, and the memory it has resident at most.
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Measured {
  readonly output: string;
  readonly status: number;
  readonly milliseconds: number;
}

/** User time as the shell that waits for the command says it; infinite where it is ended after `timeoutSecs`. */
export function userTime(command: readonly string[], timeoutSecs = 600): Measured {
  const script = 'timeout "$@"; echo; echo $?; times';
  const args = ["-c", script, "sh", String(timeoutSecs), ...command];
  const text = execFileSync("sh", args, { encoding: "utf8", maxBuffer: 64 << 20 });
  const lines = text.trimEnd().split("\n");
  const [minutes = "0", seconds = "0"] = /(\d+)m([\d.]+)s/.exec(lines.at(-1) ?? "")?.slice(1) ?? [];
  const status = Number(lines.at(-3));
  return {
    output: lines.slice(0, -3).join("\n").replaceAll("\r", "").trimEnd(),
    status,
    milliseconds: status === timedOut ? Infinity : Number(minutes) * 60_000 + Number(seconds) * 1000,
  };
}

/** As timeout(1) says it. */
const timedOut = 124;

const highWater = /^VmHWM:\s+(\d+) kB$/m;

/** The most bytes that the command's process has had resident, looked at while it runs. */
export function residentBytes(command: readonly string[]): Promise<number> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    let most = 0;
    const child = spawn(file, args, { stdio: "ignore" });
    const look = setInterval(() => {
      try {
        const kilobytes = highWater.exec(readFileSync(`/proc/${child.pid}/status`, "latin1"))?.[1];
        most = Math.max(most, Number(kilobytes ?? 0) * 1024);
      } catch {
        // It has just ended.
      }
    }, 10);
    child.on("error", reject);
    child.on("close", () => {
      clearInterval(look);
      resolve(most);
    });
  });
}
