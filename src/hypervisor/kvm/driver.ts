// Linux's hypervisor. docs/kvm.md.
import type { HypervisorDriver } from "../contract.js";
import { system } from "../system.js";
import { runHead } from "./abi.js";
import { kvmUnsupportedReason, openKvm } from "./availability.js";

export const kvm: HypervisorDriver = {
  name: "kvm",
  title: "KVM",
  errorCode: "KVM",
  platform: "linux",
  targets: { "x86-64": ["hvt", "virtio"], aarch64: ["hvt"] },
  unsupportedReason: kvmUnsupportedReason,
  open(cleanup) {
    const fd = openKvm();
    cleanup.push(() => system().close(fd));
    return fd;
  },
  loadVcpu: async () => (await import("./vcpu.js")).newKvmVcpu,
  kick: (runAddress) => system().poke(runAddress + BigInt(runHead.offsets.immediate_exit), 1),
};
