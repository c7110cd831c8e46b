// QEMU's command line for a machine. Source: qemu(1).
import { firstSlot, type VirtioMachine } from "./machine.js";

interface QemuOptions {
  /** Whether the host's CPU runs the guest. */
  readonly kvm: boolean;
  /** QEMU before version 3 reads the multiboot command line as a list: a comma ends it, two are one. */
  readonly commasAreDoubled: boolean;
}

/** What loads a kernel whose path has a space, at which the guest would take the path's rest for arguments. */
export const kernelDescriptor = 3;
export const needsDescriptor = ({ kernel }: VirtioMachine): boolean => /\s/.test(kernel);

/** Values of `-device`, `-drive` and `-netdev` are lists, in which a comma is written twice. */
const value = (text: string): string => text.replaceAll(",", ",,");

const option = (name: string, of: string): readonly string[] => [`-${name}`, of];

export function qemuCommand(
  machine: VirtioMachine,
  { kvm, commasAreDoubled }: QemuOptions,
): readonly string[] {
  const devices = machine.devices.flatMap((device, index) => {
    const slot = firstSlot + index;
    const place = `addr=0x${slot.toString(16)},bus=pci.0`;
    if (device.kind === "block") {
      return [
        ...option("drive", `id=drive${slot},file=${value(device.path)},if=none,format=raw`),
        ...option("device", `virtio-blk,drive=drive${slot},${place}`),
      ];
    }
    const mtu = device.mtu === undefined ? "" : `,host_mtu=${device.mtu}`;
    return [
      ...option("device", `virtio-net,netdev=n${slot},${place}${mtu}`),
      ...option("netdev", `tap,id=n${slot},ifname=${value(device.interface)},script=no,downscript=no`),
    ];
  });
  const text = (given: string): string => (commasAreDoubled ? value(given) : given);
  const kernel = needsDescriptor(machine) ? `/dev/fd/${kernelDescriptor}` : machine.kernel;
  return [
    "qemu-system-x86_64",
    ...option("cpu", kvm ? "host" : "Westmere"),
    ...(kvm ? ["-enable-kvm"] : []),
    ...option("m", machine.memory),
    "-nodefaults",
    ...option("machine", "acpi=off"),
    ...option("display", "none"),
    ...option("serial", "stdio"),
    ...devices,
    ...option("device", "isa-debug-exit"),
    ...option("kernel", text(kernel)),
    ...(machine.args.length === 0 ? [] : option("append", text(machine.args.join(" ")))),
  ];
}

/** Whether the QEMU that says `version` of itself is one in whose kernel command lines commas are doubled. */
export const doublesCommas = (version: string): boolean =>
  Number(/version (\d+)\./.exec(version)?.[1] ?? Infinity) < 3;
