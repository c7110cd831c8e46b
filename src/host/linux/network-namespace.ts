// Work in another network namespace: the calling thread is in it as long as the work lasts. setns(2).
import { closeSync, openSync } from "node:fs";
import { hostCall } from "./host-call.js";

const cloneNewNet = 0x4000_0000;

/** Throws Solo5Error where it cannot be entered. `work` must not wait: it runs on this thread alone. */
export function inNetworkNamespace<T>(path: string, work: () => T): T {
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
      hostCall("the way back from a network namespace", "setns", home, cloneNewNet);
    }
  } finally {
    closeSync(home);
  }
}
