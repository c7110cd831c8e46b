// The steps that open a network which the kernel moves the frames of: a tap, an inherited descriptor. What a sealed unikernel
// meets at its start, not at sealing, is settled here: a fresh MTU, an interface that must be up.
import { withNul } from "../../bytes/text.js";
import { mtuAddress } from "../../targets/spt/layout.js";
import { errorText } from "../../abi/errno.js";
import { ifreq, ifrequest } from "../../abi/linux/ifreq.js";
import * as linux from "../../abi/linux/syscalls.js";
import type { ForetoldDescriptors } from "./descriptors.js";
import type { Opened, LaunchStep } from "./step.js";

/** Takes over the descriptor `fd`, which is open already. */
export function launchDescriptor(fd: number): Opened {
  const nonBlock = linux.open.readWrite | linux.open.nonBlock;
  const fail = `Could not attach interface: @${fd}`;
  return { fd, steps: [{ op: "call", call: "fcntl", args: [fd, linux.fcntlCmd.setFlags, nonBlock], fail }] };
}

/** TUNSETIFF makes a tap that does not exist when root asks, so the interface is looked at first. */
export function launchTap(name: string, handle: number, descriptors: ForetoldDescriptors): Opened {
  const fail = `Could not attach interface: ${name}`;
  const { ioctlRequest: ioctl, open, socketInetDatagram: inet, tunFlag } = linux;
  const answer = { scratch: 0 };
  const value = ifreq.offsets.value;
  const socket = descriptors.open();
  const steps: LaunchStep[] = [
    { op: "call", call: "socket", args: [inet.family, inet.type, 0], fail: "socket", expect: BigInt(socket) },
    { op: "prepare", data: ifrequest(name), scratch: 0 },
    { op: "call", call: "ioctl", args: [socket, ioctl.SIOCGIFFLAGS, answer], fail },
    {
      op: "require",
      scratch: value,
      mask: linux.interfaceFlag.up,
      fail: `${fail}: ${errorText("ENETDOWN")}`,
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
