// OpenBSD's hypervisor. docs/bsd.md.
import { Solo5Error } from "../../bytes/error.js";
import type { HypervisorDriver } from "../contract.js";
import { system } from "../system.js";
import { device, layouts, type OpenbsdLayout } from "./abi.js";

/** The layout of the kernel that runs. Throws Solo5Error `VMM`. */
function layoutHere(): OpenbsdLayout {
  const release = system().release();
  const layout = layouts.get(release);
  if (layout !== undefined) return layout;
  const known = [...layouts.keys()];
  throw new Solo5Error(
    "VMM",
    `vmm: the layouts of OpenBSD ${release} are not known, those of ${known[0]} to ${known.at(-1)} are: --engine=wasm`,
  );
}

const ways: Readonly<Record<string, string>> = {
  EACCES: `no permission for ${device}: need root privileges`,
  EPERM: `no permission for ${device}: need root privileges`,
  ENXIO: "the CPU has no virtualisation, or the firmware has switched it off: --engine=wasm",
  ENODEV: "the CPU has no virtualisation, or the firmware has switched it off: --engine=wasm",
  ENOENT: `there is no ${device}: sh MAKEDEV vmm in /dev`,
};

function openVmm(): number {
  layoutHere();
  try {
    return system().open(device);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    throw new Solo5Error("VMM", `vmm: ${ways[code] ?? `cannot open ${device}: ${message}`}`, { cause });
  }
}

export const openbsdVmm: HypervisorDriver = {
  name: "openbsd-vmm",
  title: "vmm",
  errorCode: "VMM",
  platform: "openbsd",
  targets: { "x86-64": ["hvt"], aarch64: [] },
  unsupportedReason() {
    try {
      system().close(openVmm());
      return undefined;
    } catch (error) {
      if (!(error instanceof Solo5Error)) throw error;
      return error.message.replace(/^vmm: /, "");
    }
  },
  open(cleanup) {
    const fd = openVmm();
    cleanup.push(() => system().close(fd));
    return fd;
  },
  async loadVcpu() {
    const { newVmmVcpu } = await import("./vcpu.js");
    return (fd, options) => newVmmVcpu(fd, layoutHere(), options);
  },
  // The signal that follows ends a run, and whoever is between two runs looks at the byte.
  kick: (handle) => system().poke(handle, 1),
};
