// What the container's process gets to become its unikernel: the image, the FIFO that it waits at, and its devices.
import { closeSync } from "node:fs";
import { memoryExecutable } from "../host/linux/exec.js";
import { hostCall } from "../host/linux/host-call.js";
import type { Unikernel } from "../image/unikernel.js";
import { seal } from "../sealed/seal.js";
import type { Config } from "./config/types.js";
import type { Devices } from "./devices/open.js";
import { hostedProgram } from "./hosted-program.js";
import type { ContainerProcess } from "./prologue/container-process.js";
import { epilogue } from "./prologue/epilogue.js";
import { descriptorsMax, startDescriptors } from "./prologue/prologue.js";
import { userOf } from "./user.js";

/** What it gets behind its image, by its own numbers; devices follow. */
const numbers = { fifo: startDescriptors.received + 1, kernel: startDescriptors.received + 2 } as const;
export const firstDevice = numbers.kernel + 1;

export interface Handover {
  readonly unikernel: Unikernel;
  /** What the process is called. */
  readonly name: string;
  readonly config: Config;
  readonly devices: Devices;
  /** The path of the FIFO, which is made. */
  readonly fifo: string;
}

/** Throws Solo5Error. */
export function handOver(
  started: ContainerProcess,
  { unikernel, name, config, devices, fifo: path }: Handover,
): void {
  const user = userOf(config);
  const { plan, disks } = devices;
  const isHosted = unikernel.target === "hvt";
  const program = isHosted
    ? hostedProgram({ ...numbers, isa: unikernel.isa, plan, user, disks })
    : seal(plan, {
        prefix: "",
        processName: name,
        inherited: [startDescriptors.standardError, numbers.fifo, ...disks.values()],
        disks,
        last: epilogue(user, numbers.fifo),
      });
  const image = memoryExecutable(program, name);
  const fifo = openFifo(path);
  // A sealed one closes the third.
  const kernel = isHosted ? memoryExecutable(unikernel.file, name) : image;
  const descriptors = [image, fifo, kernel, ...devices.descriptors];
  if (descriptors.length > descriptorsMax) throw new RangeError(`${descriptors.length} descriptors`);
  started.give(descriptors);
  for (const fd of new Set([image, fifo, kernel])) closeSync(fd);
}

/** Makes the FIFO that `start` writes to, and opens both its ends: it never ends for the process that waits. */
function openFifo(path: string): number {
  const kind = 0o010000;
  hostCall(path, "mknodat", -100, path, kind | 0o600, 0);
  return hostCall(path, "openat", -100, path, 2 | 0x80000, 0);
}
