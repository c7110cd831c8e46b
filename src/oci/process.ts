// Processes by number and start time, which together never come again: proc_pid_stat(5).
import { readFileSync } from "node:fs";

/** A process as it is remembered. */
export interface ProcessId {
  readonly pid: number;
  /** When it started, in the kernel's ticks since it booted. */
  readonly start: string;
}

/** `Z` and `X` are those that have ended. */
interface Stat {
  readonly state: string;
  readonly start: string;
}

/** Undefined where there is no such process. */
function readStat(pid: number): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return undefined;
  }
  // The name, in parentheses, may have any characters.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", start: fields[19] ?? "" };
}

/** Throws where the process has gone: it is one that we know to be there. */
export function identify(pid: number): ProcessId {
  return { pid, start: readStat(pid)?.start ?? "" };
}

export function isAlive({ pid, start }: ProcessId): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.start === start && !/^[ZX]/.test(stat.state);
}
