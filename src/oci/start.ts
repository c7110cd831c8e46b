// start: the unikernel that waits goes on. This and what follows a start load what few containers need only for those. The FIFO is there as long as it has not been started.
import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import type { Log } from "./log.js";
import { containerError, fifoOf, readContainer, stateObject, statusOf } from "./state.js";

/** Throws Solo5Error where the container is not one that waits for its start. */
export async function start(root: string, id: string, log: Log): Promise<void> {
  const container = readContainer(root, id);
  const status = statusOf(root, container);
  if (status !== "created") throw containerError(id, `it is ${status}, and cannot be started`);
  const { startContainer, poststart, init, namespaces } = container;
  if (startContainer.length > 0 && init !== undefined) {
    const place = { pid: init.pid, namespaces };
    const { runHooks } = await import("./hooks.js");
    runHooks("startContainer", startContainer, stateObject(root, container), place);
  }
  const path = fifoOf(root, id);
  let fd;
  try {
    // Without a reader this fails: the process has gone.
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(fd, Uint8Array.of(0));
  } catch {
    throw containerError(id, "its process has gone");
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  rmSync(path, { force: true });
  if (poststart.length === 0) return;
  const { runHooks } = await import("./hooks.js");
  try {
    runHooks("poststart", poststart, stateObject(root, container));
  } catch (error) {
    log.error((error as Error).message);
  }
}
