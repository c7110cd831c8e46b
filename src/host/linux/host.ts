// Linux as a host.
import { decodeText } from "../../bytes/text.js";
import type { BigIntStats } from "node:fs";
import { readFileSync } from "node:fs";
import type { Host } from "../any/contract.js";
import { ignoredSignals } from "./ignored-signals.js";
import { openKernelFrames } from "./net/kernel-frames.js";
import { kernelMtus } from "./net/kernel-mtus.js";

/** The interfaces of this process's network namespace; /sys may show another's. Undefined where there is no /proc. */
export function interfaces(): readonly string[] | undefined {
  let table: string;
  try {
    // Byte by byte: names may be any bytes.
    table = readFileSync("/proc/self/net/dev", "latin1");
  } catch {
    return undefined;
  }
  return [...table.matchAll(/^ *([^ :\n]+):/gm)].map(([, name = ""]) =>
    decodeText(Buffer.from(name, "latin1")),
  );
}

function blockDeviceSize({ rdev }: BigIntStats): bigint {
  // makedev(3): 12 bits of the minor number lie above the major's.
  const [major, minor] = [(rdev >> 8n) & 0xfffn, (rdev & 0xffn) | ((rdev >> 12n) & 0xfffffn & ~0xffn)];
  const sectors = readFileSync(`/sys/dev/block/${major}:${minor}/size`, "latin1");
  return BigInt(sectors.trim()) * 512n;
}

export const linuxHost: Host = {
  openFrames: openKernelFrames,
  kernelMtus: kernelMtus(interfaces),
  blockDeviceSize,
  interfaces,
  ignoredSignals,
};
