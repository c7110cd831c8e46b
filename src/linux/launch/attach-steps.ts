// The steps that open one device: a tap, an inherited descriptor, a file. What a sealed unikernel meets at its
// start, not at sealing, is settled here: fresh MTU and MAC, interfaces that must be up, disks that must not change.
import { withNul } from "../../bytes/text.js";
import type { AttachedBlock, AttachedNet } from "../../tender/attach.js";
import { errnos, strerror } from "../errno.js";
import { ifreq, ifrequest } from "../net/ifreq.js";
import * as linux from "../syscalls.js";
import { macAddress, mtuAddress } from "../../target/spt/boot-data.js";
import type { Descriptors } from "./descriptors.js";
import type { Step } from "./step.js";
import { couldNotOpenBlock } from "../../tender/texts.js";

interface Opened {
  readonly fd: number;
  readonly steps: readonly Step[];
}

export function attachNet(net: AttachedNet, descriptors: Descriptors): Opened {
  const { source, handle, mac } = net;
  const randomMac: readonly Step[] =
    mac !== undefined
      ? []
      : [
          { op: "call", call: "getrandom", args: [macAddress(handle), 6, 0], fail: "getrandom for a MAC" },
          // Not a group's address, and administered locally: IEEE 802, 8.2.2.
          { op: "mask", address: macAddress(handle), and: 0xfe, or: 0x02 },
        ];
  if (source.kind === "device") {
    throw new RangeError(
      `device '${net.name}' lives in the host's process, which a sealed unikernel does not have`,
    );
  }
  const opened =
    source.kind === "tap" ? openTap(source.interface, handle, descriptors) : useDescriptor(source.fd);
  return { fd: opened.fd, steps: [...opened.steps, ...randomMac] };
}

function useDescriptor(fd: number): Opened {
  const nonBlock = linux.open.readWrite | linux.open.nonBlock;
  const fail = `Could not attach interface: @${fd}`;
  return { fd, steps: [{ op: "call", call: "fcntl", args: [fd, linux.fcntlCmd.setFlags, nonBlock], fail }] };
}

/** TUNSETIFF makes a tap that does not exist when root asks, so the interface is looked at first. */
function openTap(name: string, handle: number, descriptors: Descriptors): Opened {
  const fail = `Could not attach interface: ${name}`;
  const { ioctlRequest: ioctl, open, socketInetDatagram: inet, tunFlag } = linux;
  const answer = { scratch: 0 };
  const value = ifreq.offsets.value;
  const socket = descriptors.open();
  const steps: Step[] = [
    { op: "call", call: "socket", args: [inet.family, inet.type, 0], fail: "socket", expect: BigInt(socket) },
    { op: "prepare", data: ifrequest(name), scratch: 0 },
    { op: "call", call: "ioctl", args: [socket, ioctl.SIOCGIFFLAGS, answer], fail },
    {
      op: "require",
      scratch: value,
      mask: linux.interfaceFlag.up,
      fail: `${fail}: ${strerror(errnos["ENETDOWN"]?.[0] ?? 0)}`,
    },
    { op: "call", call: "ioctl", args: [socket, ioctl.SIOCGIFMTU, answer], fail },
    { op: "publish", scratch: value, address: mtuAddress(handle) },
    { op: "call", call: "close", args: [socket], fail: "close" },
  ];
  descriptors.close(socket);
  const fd = descriptors.open();
  const flags = open.readWrite | open.nonBlock | open.closeOnExec;
  const path = { data: withNul("/dev/net/tun") };
  steps.push(
    {
      op: "call",
      call: "openat",
      args: [linux.atFdcwd, path, flags, 0],
      fail: `${fail}: /dev/net/tun`,
      expect: BigInt(fd),
    },
    { op: "prepare", data: ifrequest(name, tunFlag.tap | tunFlag.noPacketInfo), scratch: 0 },
    { op: "call", call: "ioctl", args: [fd, ioctl.TUNSETIFF, answer], fail },
    // Frames come with their checksums and in one piece. A kernel without offloads has nothing to switch off.
    { op: "call", call: "ioctl", args: [fd, ioctl.TUNSETOFFLOAD, 0] },
  );
  return { fd, steps };
}

export function attachBlock({ name, source, capacity }: AttachedBlock, descriptors: Descriptors): Opened {
  if (source.kind === "device") {
    throw new RangeError(
      `device '${name}' lives in the host's process, which a sealed unikernel does not have`,
    );
  }
  const fd = descriptors.open();
  const { path } = source;
  const flags = linux.open.readWrite | linux.open.closeOnExec;
  return {
    fd,
    steps: [
      {
        op: "call",
        call: "openat",
        args: [linux.atFdcwd, { data: withNul(path) }, flags, 0],
        fail: couldNotOpenBlock(path),
        expect: BigInt(fd),
      },
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
