// What a container's process becomes where its unikernel is no process itself: a small program that lets go of everything but what a tender
// needs, waits for the start, and becomes Node with solo5-hvt. The unikernel and its devices are descriptors, so that no path of the
// rootfs is opened there.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { hexText } from "../bytes/hex.js";
import { withNul } from "../bytes/text.js";
import type { Isa } from "../abi/elf.js";
import * as linux from "../abi/linux/syscalls.js";
import { writeExecutable } from "../sealed/elf-writer.js";
import { launchBase, launchPage } from "../sealed/launch/page.js";
import type { LaunchStep } from "../sealed/launch/step.js";
import type { Plan } from "../tender/attach.js";
import { epilogue, type User } from "./prologue/epilogue.js";
import { startDescriptors } from "./prologue/prologue.js";

export interface HostedProgram {
  readonly isa: Isa;
  readonly plan: Plan;
  readonly user: User;
  /** Numbers in the container's process: the FIFO, the unikernel's file, the disks by path. */
  readonly fifo: number;
  readonly kernel: number;
  readonly disks: ReadonlyMap<string, number>;
}

const ofProcess = (fd: number): string => `/proc/self/fd/${fd}`;

/** The executable. */
export function hostedProgram({ isa, plan, user, fifo, kernel, disks }: HostedProgram): Uint8Array {
  const tender = join(dirname(fileURLToPath(import.meta.url)), "solo5-hvt.js");
  const argv = [process.execPath, tender, ...tenderOptions(plan, disks), "--", ofProcess(kernel)];
  if (plan.cmdline !== "") argv.push(plan.cmdline);
  // No folder for translated code: one of the container's could be another's to fill.
  const env = ["PATH=/usr/local/bin:/usr/bin:/bin", "SOLO5_CACHE=none"];
  const { control, received } = startDescriptors;
  const steps: LaunchStep[] = [
    { op: "call", call: "close", args: [control], fail: "close" },
    { op: "call", call: "close", args: [received], fail: "close" },
    ...epilogue(user, fifo),
    { op: "call", call: "prctl", args: [linux.prctlOp.setNoNewPrivs, 1, 0, 0, 0], fail: "prctl" },
    {
      op: "call",
      call: "execveat",
      args: [linux.atFdcwd, { data: withNul(process.execPath) }, { table: argv.map(withNul) }, { table: env.map(withNul) }, 0],
      fail: process.execPath,
    },
  ]; // prettier-ignore
  const { page, entry } = launchPage(isa, { prefix: "", steps });
  const segments = [{ vaddr: launchBase, data: page, read: true, write: false, execute: true }];
  return writeExecutable({ isa, entry, segments, describedBy: undefined });
}

function tenderOptions({ memSize, devices }: Plan, disks: ReadonlyMap<string, number>): readonly string[] {
  return [
    `--mem=${memSize / 2 ** 20}`,
    ...devices.flatMap((device) => {
      const { name } = device;
      if (device.type === "BLOCK_BASIC") {
        const fd = device.source.kind === "file" ? (disks.get(device.source.path) ?? -1) : -1;
        return [`--block:${name}=${ofProcess(fd)}`, `--block-sector-size:${name}=${device.blockSize}`];
      }
      const fd = device.source.kind === "descriptor" ? device.source.fd : -1;
      const mac = device.mac === undefined ? [] : [`--net-mac:${name}=${hexText(device.mac, ":")}`];
      return [`--net:${name}=@${fd}`, ...mac];
    }),
  ];
}
