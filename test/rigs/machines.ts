// The machines that QEMU emulates for the rigs, each with a CPU whose virtualisation a real KVM or Xen uses, and what is put
// into their initramfs.
import type { Isa } from "../../src/abi/elf.js";
import type { Entry } from "./cpio.js";
import { ours } from "./software.js";
import { systemd } from "./systemd/machine.js";
import { xen } from "./xen/machine.js";

export interface Machine {
  readonly isa: Isa;
  /** As Debian calls the architecture. */
  readonly arch: "amd64" | "arm64";
  /** Where `prepare` has put what is fetched, below its folder. */
  readonly folder: string;
  readonly qemu: readonly string[];
  readonly console: string;
  /** Kernel modules in the order in which they are loaded. */
  readonly modules: readonly string[];
  /** What is in the initramfs beside busybox and modules. */
  software(machine: Machine): Iterable<Entry>;
  /** What the shell does before all commands. */
  readonly setUp: readonly string[];
  /** QEMU's options for what is booted with `kernel`, its parameters and its initramfs; the kernel itself where absent. */
  boot?(machine: Machine, kernel: string, parameters: string, initrd: string): readonly string[];
  /** What the shell does in the end; by default, all commands. */
  readonly finish?: readonly string[];
}

const net = ["virtio_ring", "virtio", "virtio_pci_legacy_dev", "virtio_pci_modern_dev", "virtio_pci", "failover", "net_failover", "virtio_net"] as const; // prettier-ignore
const setUp = [
  "echo 1 > /proc/sys/vm/overcommit_memory",
  "ip address add 10.0.2.15/24 dev eth0",
  "ip link set eth0 up",
];
const x8664 = { isa: "x86-64", arch: "amd64", folder: "amd64", console: "ttyS0", modules: ["irqbypass", "kvm", "kvm-amd", "tun", ...net], software: ours, setUp } as const; // prettier-ignore
const aarch64 = { isa: "aarch64", arch: "arm64", folder: "arm64", console: "ttyAMA0", modules: ["tun", ...net], software: ours, setUp } as const; // prettier-ignore
const virt = ["qemu-system-aarch64", "-machine", "virt,virtualization=on"];

/** With AMD's SVM; with EL2 for a KVM that leaves the kernel at EL1 (nVHE), and for one that does not (VHE). */
export const machines = {
  "x86-64": { ...x8664, qemu: ["qemu-system-x86_64", "-cpu", "EPYC,+svm"] },
  "aarch64 nVHE": { ...aarch64, qemu: [...virt, "-cpu", "cortex-a72"] },
  "aarch64 VHE": { ...aarch64, qemu: [...virt, "-cpu", "neoverse-n1"] },
  systemd,
  xen,
} as const satisfies Record<string, Machine>;
