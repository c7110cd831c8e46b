// bhyve's command lines for a machine: a loader, the machine itself, and what cleans up. Sources: bhyve(8), nmdm(4),
// grub-bhyve(1).
import { Solo5Error } from "../bytes/error.js";
import { firstSlot, type VirtioMachine } from "./machine.js";

interface BhyveCommands {
  /** Loads the unikernel; reads `script` from its standard input. What it prints is GRUB's. */
  readonly load: readonly string[];
  readonly script: string;
  /** Prints what the guest writes: the other end of its serial port, which must be open before the machine starts. */
  readonly console: readonly string[];
  /** Makes the two ends of the serial port terminals of its speed. */
  readonly terminal: readonly (readonly string[])[];
  readonly run: readonly string[];
  readonly destroy: readonly string[];
}

/** `id` is unique on the host. Throws Solo5Error `BHYVE` for what bhyve has no words for. */
export function bhyveCommands(machine: VirtioMachine, id: number): BhyveCommands {
  const name = `vm${id}`;
  const [ours, theirs] = [`/dev/nmdm${id}A`, `/dev/nmdm${id}B`];
  const devices = machine.devices.flatMap((device, index) => {
    const slot = `${firstSlot + index}:0`;
    if (device.kind === "block") return option("s", `${slot},virtio-blk,${value(device.path)}`);
    const mtu = device.mtu === undefined ? "" : `,mtu=${device.mtu}`;
    return option("s", `${slot},virtio-net,${value(device.interface)}${mtu}`);
  });
  return {
    load: ["grub-bhyve", "-M", machine.memory, name],
    script: `multiboot ${[machine.kernel, "placeholder", ...machine.args].map(grubWord).join(" ")}\nboot\n`,
    console: ["cat", ours],
    terminal: [
      ["stty", "-f", theirs],
      ["stty", "-f", ours, "115200", "igncr"],
    ],
    run: [
      "bhyve",
      "-u",
      ...option("m", machine.memory),
      "-H",
      ...option("s", "0:0,hostbridge"),
      ...option("s", "1:0,lpc"),
      ...option("l", `com1,${theirs}`),
      ...devices,
      name,
    ],
    destroy: ["bhyvectl", "--destroy", `--vm=${name}`],
  };
}

const option = (name: string, of: string): readonly string[] => [`-${name}`, of];

/** bhyve's lists have no way to write a comma. */
function value(text: string): string {
  if (text.includes(",")) throw new Solo5Error("BHYVE", `bhyve cannot take a name with a comma: ${text}`);
  return text;
}

/** GRUB's shell takes all but a quote between single quotes as it is; a line ends a command in any case. */
function grubWord(text: string): string {
  if (/[\n\r]/.test(text)) throw new Solo5Error("BHYVE", "GRUB cannot take an argument of several lines");
  return /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
