// linux.timeOffsets of a new time namespace, which its first process finds there: time_namespaces(7).
import { writeFileSync } from "node:fs";
import { systemErrorMessage } from "../../host/any/system-error.js";
import { configError } from "../config/check.js";
import type { Config } from "../config/types.js";

/** Throws Solo5Error. */
export function setTimeOffsets(pid: number, { linux }: Config): void {
  const rows = (["monotonic", "boottime"] as const).flatMap((clock) => {
    const { secs = 0, nanosecs = 0 } = linux?.timeOffsets?.[clock] ?? {};
    return secs === 0 && nanosecs === 0 ? [] : [`${clock} ${secs} ${nanosecs}\n`];
  });
  if (rows.length === 0) return;
  try {
    writeFileSync(`/proc/${pid}/timens_offsets`, rows.join(""));
  } catch (cause) {
    throw configError("linux.timeOffsets", systemErrorMessage(cause));
  }
}
