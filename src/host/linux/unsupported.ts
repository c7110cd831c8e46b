// Why a plan cannot run as a process of this host.
import { readFileSync } from "node:fs";
import { pageSize } from "../../bytes/align.js";
import { viewOf } from "../../bytes/struct.js";
import type { Plan } from "../../tender/attach.js";
import { hostIsa } from "../any/host-isa.js";
import { hasLibc } from "../posix/libc.js";
import { hostedNet } from "../../sealed/kernel-nets.js";

/** The auxiliary vector's entry for the size of a page: getauxval(3). */
const atPagesz = 6n;

/** Bytes in a page of the running kernel; x86-64 has no choice. */
function hostPageSize(): number {
  if (process.arch === "x64") return pageSize;
  let vector: DataView;
  try {
    vector = viewOf(readFileSync("/proc/self/auxv"));
  } catch {
    return pageSize;
  }
  for (let at = 0; at + 16 <= vector.byteLength; at += 16) {
    if (vector.getBigUint64(at, true) === atPagesz) return Number(vector.getBigUint64(at + 8, true));
  }
  return pageSize;
}

/** Undefined where nothing speaks against it. */
export function nativeUnsupportedReason({
  unikernel,
  devices,
}: Pick<Plan, "unikernel" | "devices">): string | undefined {
  const { target, isa } = unikernel;
  if (target !== "spt" && target !== "genode")
    return `a unikernel of the ${target} target is not a process of this system`;
  if (process.platform !== "linux")
    return `${target} runs natively on Linux, and this is ${process.platform}`;
  if (hostIsa() !== isa) return `the unikernel is for ${isa}, this host is ${hostIsa() ?? process.arch}`;
  const size = hostPageSize();
  if (size > pageSize)
    return `this kernel has pages of ${size} bytes, the unikernel's segments need ${pageSize}`;
  const block = devices.find((device) => device.type === "BLOCK_BASIC" && device.source.kind === "device");
  if (block !== undefined)
    return `block device '${block.name}' lives in this process, where the kernel cannot read it`;
  const net = hostedNet(devices);
  if (net !== undefined && !hasLibc()) {
    return `network device '${net}' lives in this process, and koffi, which makes a socket for it, is not installed`;
  }
  return undefined;
}
