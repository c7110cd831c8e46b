// linux.sysctl: what belongs to a namespace that is the container's. proc_sys(5).
import { writeFileSync } from "node:fs";
import { inNetworkNamespace } from "../host/linux/network-namespace.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import { configError } from "./config/check.js";
import type { Config } from "./config/types.js";

/** Of namespaces that a unikernel has nothing in: it knows neither System V's objects nor message queues. */
const unseen = /^(kernel\.(msg|sem|shm)\w*|kernel\.(domainname|hostname)|fs\.mqueue\..+)$/;

const isOfNetwork = (name: string): boolean => name.startsWith("net.");

/** Throws Solo5Error for one that is not of a namespace of the container's. */
export function checkSysctl({ linux }: Config): void {
  const types = new Set((linux?.namespaces ?? []).map(({ type }) => type));
  for (const name of Object.keys(linux?.sysctl ?? {})) {
    if (unseen.test(name)) continue;
    if (!/^[\w.-]+(\/[\w.-]+)*$/.test(name) || !isOfNetwork(name))
      throw configError(`linux.sysctl.${name}`, "is not of a namespace");
    if (!types.has("network")) throw configError(`linux.sysctl.${name}`, "needs a network namespace");
  }
}

/** Sets those of the network namespace of the process `pid`. Throws Solo5Error. */
export function setSysctl(pid: number, { linux }: Config): void {
  const rows = Object.entries(linux?.sysctl ?? {}).filter(([name]) => isOfNetwork(name));
  if (rows.length === 0) return;
  inNetworkNamespace(`/proc/${pid}/ns/net`, () => {
    for (const [name, value] of rows) {
      // Dots and slashes change places in names of interfaces with dots.
      const path = name.includes("/") ? name : name.replaceAll(".", "/");
      try {
        if (path.split("/").includes("..")) throw new Error("is not of a namespace");
        writeFileSync(`/proc/sys/${path}`, value);
      } catch (cause) {
        throw configError(`linux.sysctl.${name}`, systemErrorMessage(cause));
      }
    }
  });
}
