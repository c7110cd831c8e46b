// delete: what a container had is given back, then its poststop hooks run.
import { destroy } from "./destroy.js";
import type { Log } from "./log.js";
import { containerError, findContainer, stateObject, statusOf, tryFind } from "./state.js";

/** Throws Solo5Error where the container runs, unless it `isForced`, and where there is none. */
export async function deleteContainer(root: string, id: string, isForced: boolean, log: Log): Promise<void> {
  const container = isForced ? tryFind(root, id) : findContainer(root, id);
  if (container === undefined) {
    if (isForced) return destroy(root, id, log);
    throw containerError(id, "it does not exist");
  }
  const status = statusOf(root, container);
  if (status !== "stopped" && status !== "created" && !isForced)
    throw containerError(id, `it is ${status}, and cannot be deleted: kill it first, or delete --force`);
  await destroy(root, id, log);
  const { poststop } = container;
  if (poststop.length === 0) return;
  const { runHooks } = await import("./hooks.js");
  try {
    runHooks("poststop", poststop, stateObject(root, container, "stopped"));
  } catch (error) {
    log.error((error as Error).message);
  }
}
