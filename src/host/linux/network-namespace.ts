// Work in another network namespace: the calling thread is in it as long as the work lasts. setns(2).
import { closeSync, openSync, readlinkSync } from "node:fs";
import { strerror } from "../../abi/linux/errno.js";
import { Solo5Error } from "../../bytes/error.js";
import { hostCall, tryCall } from "./host-call.js";

const cloneNewNet = 0x4000_0000;

let own: string | undefined;

/** The namespace that this process began in, as links in /proc name it. */
export const ownNetwork = (): string => (own ??= readlinkSync("/proc/thread-self/ns/net"));

/** Throws Solo5Error where it cannot be entered. `work` must not wait: it runs on this thread alone. */
export function inNetworkNamespace<T>(path: string, work: () => T): T {
  ownNetwork();
  const home = openSync("/proc/thread-self/ns/net", "r");
  try {
    const there = openSync(path, "r");
    try {
      hostCall(path, "setns", there, cloneNewNet);
    } finally {
      closeSync(there);
    }
    try {
      return work();
    } finally {
      goBack(home);
    }
  } finally {
    closeSync(home);
  }
}

/**
 * Root of a user namespace may enter namespaces of its own, and not come back into the host's: then the thread stays where it is. Files,
 * processes and sockets that are open are the same there.
 */
function goBack(home: number): void {
  const notPermitted = -1;
  const result = tryCall("setns", home, cloneNewNet);
  if (result < 0 && result !== notPermitted)
    throw new Solo5Error("SYSCALL", `the way back from a network namespace: ${strerror(-result)}`);
}
