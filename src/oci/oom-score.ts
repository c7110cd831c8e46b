// process.oomScoreAdj: who goes first when memory is short. proc_pid_oom_score_adj(5).
import { writeFileSync } from "node:fs";
import { systemErrorMessage } from "../host/any/system-error.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";
import type { Log } from "./log.js";

/** Sets it, where it is given; one that may not be lowered stays, with a line in the log. Throws Solo5Error. */
export function setOomScore(pid: number, { process: { oomScoreAdj } }: Config, log: Log): void {
  if (oomScoreAdj === undefined) return;
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, String(oomScoreAdj));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EACCES") throw configError("process.oomScoreAdj", systemErrorMessage(cause));
    log.info(`process.oomScoreAdj: ${oomScoreAdj}: ${systemErrorMessage(cause)}: it stays as it is`);
  }
}
