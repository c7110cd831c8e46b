// The options of the classic virtio commands, as the reference has them: letters alone.
import type { Option } from "../tender/option.js";

export const hypervisors = ["kvm", "qemu", "bhyve"] as const;
export type Hypervisor = (typeof hypervisors)[number];

export const virtioRunOptions = {
  d: {
    short: "d",
    value: "DISK",
    help: "Attach the file or disk DISK as a virtio-blk device.",
    topic: "devices",
    values: "file",
  },
  n: {
    short: "n",
    value: "NETIF[:MTU]",
    help: "Attach the tap NETIF as a virtio-net device, which tells the guest MTU.",
    topic: "devices",
  },
  m: { short: "m", value: "MEM", help: "Megabytes of memory (default is 128).", topic: "guest" },
  H: {
    short: "H",
    value: "HV",
    help: "Hypervisor: kvm, qemu, bhyve or best (the default).",
    topic: "engine",
    values: ["best", ...hypervisors],
  },
  q: { short: "q", help: "Do not print the command that is run.", topic: "general" },
} as const satisfies Record<string, Option>;

export const imageFormats = ["raw", "tar"] as const;
export type ImageFormat = (typeof imageFormats)[number];

export const mkimageOptions = {
  f: {
    short: "f",
    value: "FORMAT",
    help: "raw, a disk of 1 GiB in which zeros take no room (the default), or\n        tar, a compressed archive of it as Google Compute Engine takes it.",
    topic: "output",
    values: imageFormats,
  },
  d: { short: "d", help: "Does nothing: once for a container, which is not needed.", topic: "general" },
} as const satisfies Record<string, Option>;

/** A line an option: `    -d DISK: …`. */
export const letterUsage = (table: Readonly<Record<string, Option>>): string =>
  Object.entries(table)
    .map(([letter, { value, help }]) => `    -${letter}${value === undefined ? "" : ` ${value}`}: ${help}\n`)
    .join("");
