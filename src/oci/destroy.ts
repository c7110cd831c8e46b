// The end of a container: nothing of it stays.
import { processesIn, removeCgroups } from "./cgroup/cgroupfs.js";
import type { Log } from "./log.js";
import { isAlive } from "./process.js";
import { readQuick } from "./quick.js";
import { forget, tryFind, type Container } from "./state.js";

/** How long the kernel may take to end processes that were killed. */
const patienceMsecs = 5000;

/** Ends what runs of it, and forgets it. */
export async function destroy(root: string, id: string, log: Log): Promise<void> {
  const container: Pick<Container, "init" | "cgroups" | "interfaces"> =
    tryFind(root, id) ?? readQuick(root, id);
  const { init, cgroups } = container;
  const kill = (pid: number): void => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has gone by itself.
    }
  };
  const remaining = (): readonly number[] => [
    ...(init !== undefined && isAlive(init) ? [init.pid] : []),
    ...processesIn(cgroups),
  ];
  const end = Date.now() + patienceMsecs;
  for (let left; (left = remaining()).length > 0 && Date.now() < end;) {
    left.forEach(kill);
    pause(1);
  }
  if (container.interfaces !== undefined)
    (await import("./devices/give-back.js")).freeInterfaces(container.interfaces);
  while (!removeCgroups(cgroups) && Date.now() < end) pause(5);
  forget(root, id);
  log.info(`container '${id}' is deleted`);
}

const pause = (msecs: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, msecs);
