// The commands that the reference has as well: their lines, which stay as scripts know them.
import type { OptionTable } from "../../tender/option.js";
import { classicOptions, debugOptions, sptOptions } from "../../tender/options.js";
import { gencspecOptions } from "../../launchers/muen-component.js";
import { mkimageOptions, virtioRunOptions } from "../../launchers/options.js";
import { ociLine } from "../../oci/command-line.js";
import type { CommandLine } from "./command-line.js";

const tender = (
  name: string,
  summary: string,
  options: OptionTable,
  ...examples: CommandLine["examples"]
): CommandLine => ({
  name,
  summary,
  operands: "[OPTIONS] [--] KERNEL [ARGUMENTS]",
  text: ["KERNEL is the unikernel's file; ARGUMENTS are passed to it. Options stand before KERNEL."],
  options,
  examples,
  values: "file",
  seeAlso: ["solo5-run"],
});

export const classicCommands: readonly CommandLine[] = [
  tender("solo5-spt", "run an spt unikernel as a process that may make nine system calls", sptOptions, {
    does: "a disk and a tap",
    line: "solo5-spt --mem=64 --block:storage=disk.img --net:service0=tap0 app.spt",
  }),
  tender("solo5-hvt", "run an hvt unikernel in a virtual machine", classicOptions, {
    does: "without devices",
    line: "solo5-hvt --mem=64 hello.hvt",
  }),
  tender("solo5-hvt-debug", "run an hvt unikernel under a debugger or a trace", debugOptions, {
    does: "wait for gdb at port 1234",
    line: "solo5-hvt-debug --gdb hello.hvt",
  }),
  {
    name: "solo5-virtio-run",
    summary: "run a virtio unikernel on KVM, QEMU or bhyve",
    operands: "[OPTIONS] KERNEL [--] [ARGUMENTS]",
    text: ["Devices are attached in the order given, which must be the manifest's."],
    options: virtioRunOptions,
    examples: [{ does: "a disk and a tap", line: "solo5-virtio-run -d disk.img -n tap0 app.virtio" }],
    values: "file",
    seeAlso: ["solo5-virtio-mkimage"],
  },
  {
    name: "solo5-virtio-mkimage",
    summary: "make a disk image that boots a virtio unikernel",
    operands: "[OPTIONS] [--] IMAGE KERNEL [ARGUMENTS]",
    text: ["IMAGE becomes a disk of 1 GiB, in which zeros take no room."],
    options: mkimageOptions,
    examples: [{ does: "a raw disk", line: "solo5-virtio-mkimage disk.img app.virtio" }],
    values: "file",
    seeAlso: ["solo5-virtio-run"],
  },
  {
    name: "solo5-muen-gencspec",
    summary: "make a component of Muen's policy of a muen unikernel",
    operands: "[OPTIONS] [--] KERNEL SPEC",
    text: [
      "SPEC becomes the component's specification in XML; the files that it names are written beside it. Muen's own tool of that name has other options beside these.",
    ],
    options: gencspecOptions,
    examples: [{ does: "for a policy", line: "solo5-muen-gencspec --ram=64 app.muen policy/app.xml" }],
    values: "file",
    seeAlso: ["solo5-run"],
  },
  {
    name: "solo5-elftool",
    summary: "make a manifest's C source, and read what a unikernel declares",
    operands: "gen-manifest SOURCE OUTPUT | query-manifest BINARY | query-abi BINARY",
    text: [
      "gen-manifest writes C source for the manifest in SOURCE (JSON) to OUTPUT; `-` is stdin or stdout. query-manifest and query-abi print the manifest, or target and ABI version, of the unikernel BINARY in JSON.",
    ],
    options: {},
    examples: [
      { does: "before a unikernel is compiled", line: "solo5-elftool gen-manifest manifest.json manifest.c" },
    ],
    values: ["gen-manifest", "query-manifest", "query-abi"],
    seeAlso: ["solo5-install-prefix"],
  },
  ociLine,
];
