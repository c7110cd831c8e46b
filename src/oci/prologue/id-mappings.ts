// linux.uidMappings and gidMappings of a new user namespace: user_namespaces(7). Who is not root has newuidmap(1) and newgidmap(1) do it.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { systemErrorMessage } from "../../host/any/system-error.js";
import { configError } from "../config/check.js";
import type { Config, IdMapping } from "../config/types.js";

/** Throws Solo5Error. */
export function mapIds(pid: number, { linux }: Config): void {
  const { uidMappings = [], gidMappings = [] } = linux ?? {};
  if (uidMappings.length === 0) throw configError("linux.uidMappings", "is missing for a new user namespace");
  if (gidMappings.length === 0) throw configError("linux.gidMappings", "is missing for a new user namespace");
  map(pid, "gid", gidMappings);
  map(pid, "uid", uidMappings);
}

function map(pid: number, kind: "uid" | "gid", mappings: readonly IdMapping[]): void {
  const numbers = mappings.map(({ containerID, hostID, size }) => [containerID, hostID, size]);
  const text = numbers.map((row) => `${row.join(" ")}\n`).join("");
  try {
    writeFileSync(`/proc/${pid}/${kind}_map`, text);
  } catch (cause) {
    // Who may write it has been told what is wrong with it.
    if ((cause as NodeJS.ErrnoException).code !== "EPERM")
      throw configError(`linux.${kind}Mappings`, systemErrorMessage(cause));
    const tool = `new${kind}map`;
    const { error, status, stderr } = spawnSync(tool, [pid, ...numbers.flat()].map(String), {
      encoding: "utf8",
    });
    if (status === 0) return;
    const reason = error === undefined ? stderr.trim() : systemErrorMessage(cause);
    throw configError(`linux.${kind}Mappings`, reason);
  }
}
