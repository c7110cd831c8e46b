// The steps that open one device: a network, a file. What a sealed unikernel meets at its start, not at sealing, is settled
// here: a fresh MAC, disks that must not change.
import { withNul } from "../../bytes/text.js";
import type { AttachedBlock, AttachedNet } from "../../tender/attach.js";
import { kernelNet } from "../kernel-nets.js";
import * as linux from "../../abi/linux/syscalls.js";
import { macAddress } from "../../targets/spt/layout.js";
import type { ForetoldDescriptors } from "./descriptors.js";
import type { Opened, LaunchStep } from "./step.js";
import { couldNotOpenBlock } from "../../tender/texts.js";

export function attachNet(net: AttachedNet, descriptors: ForetoldDescriptors): Opened {
  const { source, handle, mac } = net;
  const randomMac: readonly LaunchStep[] =
    mac !== undefined
      ? []
      : [
          { op: "call", call: "getrandom", args: [macAddress(handle), 6, 0], fail: "getrandom for a MAC" },
          // Not a group's address, and administered locally: IEEE 802, 8.2.2.
          { op: "mask", address: macAddress(handle), and: 0xfe, or: 0x02 },
        ];
  const row = kernelNet(source);
  if (row === undefined) {
    throw new RangeError(
      `device '${net.name}' lives in the host's process, which a sealed unikernel does not have`,
    );
  }
  const opened = row.launch(source, handle, descriptors);
  return { fd: opened.fd, steps: [...opened.steps, ...randomMac] };
}

export function attachBlock(
  { name, source, capacity }: AttachedBlock,
  descriptors: ForetoldDescriptors,
  disks?: ReadonlyMap<string, number>,
): Opened {
  if (source.kind === "device") {
    throw new RangeError(
      `device '${name}' lives in the host's process, which a sealed unikernel does not have`,
    );
  }
  const { path } = source;
  const isOpen = disks?.get(path);
  const fd = isOpen ?? descriptors.open();
  const flags = linux.open.readWrite | linux.open.closeOnExec;
  const opening: LaunchStep = {
    op: "call",
    call: "openat",
    args: [linux.atFdcwd, { data: withNul(path) }, flags, 0],
    fail: couldNotOpenBlock(path),
    expect: BigInt(fd),
  };
  return {
    fd,
    steps: [
      ...(isOpen === undefined ? [opening] : []),
      {
        op: "call",
        call: "lseek",
        args: [fd, 0, linux.seek.end],
        fail: couldNotOpenBlock(path),
        expect: capacity,
        mismatch: `${name}: ${path} is not the ${capacity} bytes that it was when the unikernel was sealed`,
      },
    ],
  };
}
