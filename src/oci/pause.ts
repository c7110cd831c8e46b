// pause and resume: the cgroup's freezer. Linux, Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst and cgroup-v2.rst.
import { writeFileSync } from "node:fs";
import { systemErrorMessage } from "../host/any/system-error.js";
import { containerError, readContainer, statusOf } from "./state.js";

const words = { "freezer.state": ["THAWED", "FROZEN"], "cgroup.freeze": ["0", "1"] } as const;

/** Throws Solo5Error where the container does not run, or is paused already. */
export function setPaused(root: string, id: string, isPaused: boolean): void {
  const container = readContainer(root, id);
  const status = statusOf(root, container);
  const [wanted, does] = isPaused ? ["running", "paused"] : ["paused", "resumed"];
  if (status !== wanted) throw containerError(id, `it is ${status}, and cannot be ${does}`);
  const { freezer = "" } = container;
  const [thawed, frozen] = words[freezer.endsWith("cgroup.freeze") ? "cgroup.freeze" : "freezer.state"];
  try {
    writeFileSync(freezer, isPaused ? frozen : thawed);
  } catch (cause) {
    throw containerError(id, `${freezer}: ${systemErrorMessage(cause)}`);
  }
}
