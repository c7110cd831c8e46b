// process.user: whom the unikernel's process is.
import { readFileSync } from "node:fs";
import type { Config } from "./config/types.js";
import type { User } from "./prologue/epilogue.js";

export function userOf({ process: { user = {} }, linux }: Config): User {
  const hasMappings = (linux?.namespaces ?? []).some(({ type }) => type === "user");
  return {
    uid: user.uid ?? 0,
    gid: user.gid ?? 0,
    additionalGids: user.additionalGids ?? [],
    mustSetGroups: process.geteuid?.() === 0 && !hasMappings && maySetGroups(),
  };
}

/** Whether root of this user namespace may set groups: user_namespaces(7). */
function maySetGroups(): boolean {
  try {
    return readFileSync("/proc/self/setgroups", "latin1").trim() === "allow";
  } catch {
    return true;
  }
}
