// Runs unikernels on a driver over a model, in this thread: the driver, the target and the one loop are real.
import { createCleanup } from "../../src/bytes/cleanup.js";
import { Solo5Error } from "../../src/bytes/error.js";
import { blockDevice, openBlockFile } from "../../src/host/any/block-file.js";
import { hostClock } from "../../src/host/any/clock.js";
import type { HypervisorDriver } from "../../src/hypervisor/contract.js";
import { hostSystem, useSystem } from "../../src/hypervisor/system.js";
import { attach, open } from "../../src/index.js";
import { targets } from "../../src/targets/registry.js";
import type { AttachOptions } from "../../src/tender/attach.js";
import { openDevices } from "../../src/tender/devices.js";
import { withAddresses } from "../../src/tender/entropy.js";
import { fitted } from "../../src/tender/fit.js";
import { runLoop } from "../../src/tender/loop.js";
import { shared } from "../../src/tender/pace.js";
import type { Outcome } from "../command.js";
import type { ModelSystem } from "./system.js";
import { closeSync } from "node:fs";

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** What a tender would print and return. What a driver throws is its message, with status 1. */
export async function runOnModel(
  driver: HypervisorDriver,
  system: ModelSystem,
  file: string | Uint8Array,
  options: AttachOptions = {},
  { isConfined = false } = {},
): Promise<Outcome> {
  const plan = withAddresses(attach(open(file), { memMiB: 16, ...options }));
  const target = targets[plan.unikernel.target];
  if (target === undefined) throw new RangeError("no target");
  const { plan: guest } = fitted(plan, target);
  const cleanup = createCleanup();
  let stdout = "";
  useSystem(system);
  try {
    const opened = driver.open(cleanup);
    const newVcpu = await driver.loadVcpu();
    const vcpu = newVcpu(opened, {
      isa: guest.unikernel.isa,
      memory: target.memory(guest),
    });
    cleanup.push(() => vcpu[Symbol.dispose]());
    const devices = openDevices(guest.devices, {
      net: ({ source }) => {
        if (source.kind !== "device") throw new RangeError("networks of this thread alone");
        return source.device;
      },
      block({ source, capacity, blockSize }) {
        if (source.kind !== "file") throw new RangeError("disks are files");
        const fd = openBlockFile(source.path);
        cleanup.push(() => closeSync(fd));
        return blockDevice(fd, capacity, blockSize);
      },
    });
    const console = { write: (data: Uint8Array): void => void (stdout += new TextDecoder().decode(data)) };
    const host = { ...devices, console, clock: hostClock, random: () => 4n };
    if (isConfined) vcpu.confine?.();
    const { ended } = runLoop(guest, target, vcpu, host, { pace: shared(nextTurn, hostClock) });
    const { status, message } = await ended;
    return { stdout, stderr: message ?? "", status };
  } catch (error) {
    if (!(error instanceof Solo5Error)) throw error;
    return { stdout, stderr: error.message, status: 1 };
  } finally {
    cleanup.release();
    useSystem(hostSystem);
  }
}
