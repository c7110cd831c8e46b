// FreeBSD's hypervisor. docs/bsd.md.
import { Solo5Error } from "../../bytes/error.js";
import { encode, viewOf } from "../../bytes/struct.js";
import type { HypervisorDriver } from "../contract.js";
import { system } from "../system.js";
import { controlDevice, cpuOnly, layouts, request, sysctls, type FreebsdLayout } from "./abi.js";

/** kern.osreldate is 1400097 in release 14.0. */
const perRelease = 100_000;
const withoutKoffi = "it needs the package koffi: npm install koffi";

/** The layout of the kernel that runs. Throws Solo5Error `VMM`. */
function layoutHere(): FreebsdLayout {
  const data = new Uint8Array(4);
  if (system().sysctl(sysctls.release, data) < 0)
    throw new Solo5Error("VMM", "vmm: which release of FreeBSD this is cannot be told");
  const date = viewOf(data).getInt32(0, true);
  const layout = layouts.get(Math.floor(date / perRelease));
  if (layout !== undefined) return layout;
  const known = [...layouts.keys()];
  throw new Solo5Error(
    "VMM",
    `vmm: the layouts of FreeBSD ${Math.floor(date / perRelease)} (osreldate ${date}) are not known, those of ${known[0]} to ${known.at(-1)} are: --engine=wasm`,
  );
}

/** Without the device the older way is left, which is root's. */
const fallsBack: ReadonlySet<string> = new Set(["ENOENT", "ENXIO"]);

function openControl(): number {
  try {
    return system().open(controlDevice);
  } catch (cause) {
    const { code = "", message } = cause as NodeJS.ErrnoException;
    if (fallsBack.has(code)) return -1;
    const wayOut = code === "EACCES" || code === "EPERM" ? ": this needs root, or the group vmm" : "";
    throw new Solo5Error("VMM", `vmm: cannot open ${controlDevice}: ${message}${wayOut}`, { cause });
  }
}

export const freebsdVmm: HypervisorDriver = {
  name: "freebsd-vmm",
  title: "vmm",
  errorCode: "VMM",
  platform: "freebsd",
  targets: { "x86-64": ["hvt"], aarch64: [] },
  unsupportedReason() {
    try {
      layoutHere();
      const control = openControl();
      if (control >= 0) {
        system().close(control);
        return undefined;
      }
    } catch (error) {
      if (!(error instanceof Solo5Error)) throw error;
      return error.code === "NO_KOFFI" ? withoutKoffi : error.message.replace(/^vmm: /, "");
    }
    if (system().sysctl(sysctls.create, new Uint8Array(1)) < 0 && system().errorName() === "ENOENT")
      return "vmm is not loaded: kldload vmm";
    return system().isRoot() ? undefined : "only root makes virtual machines here: sudo";
  },
  open(cleanup) {
    const control = openControl();
    if (control >= 0) cleanup.push(() => system().close(control));
    return control;
  },
  async loadVcpu() {
    const { newVmmVcpu } = await import("./vcpu.js");
    return (control, options) => newVmmVcpu(control, layoutHere(), options);
  },
  // Makes VM_RUN of another thread, or the next, come back with VM_EXITCODE_DEBUG.
  kick: (handle) => void system().ioctl(Number(handle), request.SUSPEND_CPU, encode(cpuOnly, { cpuid: 0 })),
};
