// update: other limits for a container's cgroup.
import { readFileSync } from "node:fs";
import { systemErrorMessage } from "../host/any/system-error.js";
import { configError } from "./config/check.js";
import type { Resources } from "./config/types.js";
import { setLimits } from "./cgroup/cgroupfs.js";
import { updateScope } from "./cgroup/systemd.js";
import { containerError, readContainer, statusOf } from "./state.js";

/** `file` has linux.resources; `-` is stdin. Throws Solo5Error. */
export function update(root: string, id: string, file: string): void {
  const container = readContainer(root, id);
  const status = statusOf(root, container);
  if (status === "stopped") throw containerError(id, "it is stopped, and has no limits to change");
  let resources: Resources;
  try {
    resources = JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8")) as Resources;
  } catch (cause) {
    throw configError("linux.resources", systemErrorMessage(cause));
  }
  if (container.scope !== undefined) updateScope(container.scope, resources);
  setLimits(container.cgroups, resources);
}
