// Which hypervisor of this host is the best one for a virtio unikernel.
import { accessSync, constants, readFileSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import type { Hypervisor } from "./options.js";

/** What decides, so that a test can say it. */
export interface HostPrograms {
  readonly platform: string;
  readonly arch: string;
  /** Whether /dev/kvm can be opened for reading and writing. */
  canOpenKvm(): boolean;
  /** Linux's /proc/cpuinfo. */
  cpuinfo(): string;
}

export const hostPrograms: HostPrograms = {
  platform: process.platform,
  arch: process.arch,
  canOpenKvm() {
    try {
      accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
      return true;
    } catch {
      return false;
    }
  },
  cpuinfo: () => readFileSync("/proc/cpuinfo", "latin1"),
};

/**
 * KVM needs the CPU's own virtualisation: a /dev/kvm without it is a software one, on which QEMU with `-cpu host` ends
 * at once. Throws Solo5Error `HYPERVISOR`.
 */
export function bestHypervisor(host: HostPrograms): Hypervisor {
  if (host.platform === "freebsd") return "bhyve";
  if (host.platform !== "linux") {
    throw new Solo5Error(
      "HYPERVISOR",
      `error: no hypervisor is known to be best on ${host.platform}: choose with -H`,
    );
  }
  const isBacked = /^flags\s*:.*\b(?:vmx|svm)\b/m.test(host.cpuinfo());
  return host.arch === "x64" && isBacked && host.canOpenKvm() ? "kvm" : "qemu";
}
