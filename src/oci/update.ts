// update: other limits for a container's cgroup.
import { readFileSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import { printable } from "../bytes/text.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import { checkResources } from "./config/check.js";
import type { Resources } from "./config/types.js";
import { setLimits } from "./cgroup/cgroupfs.js";
import { updateScope } from "./cgroup/systemd.js";
import { resourcesOf } from "./update-options.js";
import { containerError, readContainer, statusOf } from "./state.js";

/** The limits are options, or linux.resources of a file; `-` is stdin. Throws Solo5Error. */
export function update(
  root: string,
  id: string,
  options: Readonly<Record<string, string | undefined>>,
): void {
  const container = readContainer(root, id);
  const status = statusOf(root, container);
  if (status === "stopped") throw containerError(id, "it is stopped, and has no limits to change");
  const given = resourcesOf(options);
  const resources = given === undefined ? readResources(options["resources"] ?? "-") : given;
  if (container.scope !== undefined) updateScope(container.scope, resources);
  setLimits(container.cgroups, resources);
}

function readResources(file: string): Resources {
  try {
    return checkResources(JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8")));
  } catch (cause) {
    if (cause instanceof Solo5Error) throw cause;
    throw new Solo5Error("CONTAINER", `update: ${file}: ${printable(systemErrorMessage(cause))}`, { cause });
  }
}
