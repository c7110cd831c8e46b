// solo5-virtio-run: starts a virtio unikernel on KVM, QEMU or bhyve. docs/abi.md 5.4.
import { realpathSync, statSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import { thisHost } from "../../host/this-host.js";
import { checkFit } from "../../launchers/fit.js";
import { bestHypervisor, hostPrograms } from "../../launchers/hypervisor.js";
import { launch } from "../../launchers/launch.js";
import { firstSlot, slotCount, type VirtioMachine } from "../../launchers/machine.js";
import { parseVirtioRun, runUsage } from "../../launchers/run-options.js";
import { main } from "../command.js";
import { withSignals } from "../signals.js";

const fail = (why: string, cause?: unknown): Solo5Error =>
  new Solo5Error("HYPERVISOR", `error: ${why}`, { cause });

/** The absolute path of what can be read as a file. */
function find(path: string): string {
  try {
    const real = realpathSync(path);
    const stat = statSync(real);
    if (stat.isFile() || stat.isBlockDevice() || stat.isCharacterDevice()) return real;
  } catch (cause) {
    throw fail(`not found: ${path}`, cause);
  }
  throw fail(`not a file: ${path}`);
}

/** Elsewhere than on Linux the hypervisor looks itself: an interface without an address is not seen from here. */
function checkInterface(name: string): void {
  if (thisHost.interfaces()?.includes(name) === false) {
    throw fail(`no such network interface: ${name}`);
  }
}

await main({
  name: "solo5-virtio-run",
  usage: runUsage,
  async run(given) {
    const { devices, memory, quiet, args, ...options } = parseVirtioRun(given);
    if (devices.length > slotCount - firstSlot) throw fail(`at most ${slotCount - firstSlot} devices`);
    for (const device of devices) if (device.kind === "net") checkInterface(device.interface);
    const machine: VirtioMachine = {
      kernel: find(options.kernel),
      args,
      memory,
      devices: devices.map((device) =>
        device.kind === "block" ? { ...device, path: find(device.path) } : device,
      ),
    };
    checkFit(machine);
    const hypervisor = options.hypervisor === "best" ? bestHypervisor(hostPrograms) : options.hypervisor;
    const show = (line: string): void => {
      if (!quiet) process.stderr.write(`+ ${line}\n`);
    };
    return withSignals(() => launch(machine, hypervisor, show), "solo5-virtio-run");
  },
});
