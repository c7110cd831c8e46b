// An interface of a container's whose frames a unikernel has, all of them: they go to a tap and come from it. The tap lives as long as
// the unikernel does, and its name says whose it is.
import { closeSync, constants, openSync, writeFileSync } from "node:fs";
import { strerror } from "../../abi/linux/errno.js";
import { ifrequest } from "../../abi/linux/ifreq.js";
import { ioctlRequest, tunFlag } from "../../abi/linux/syscalls.js";
import { tryCall } from "../../host/linux/host-call.js";
import { listInterfaces, setUp, type Interface } from "../../host/linux/netlink/interfaces.js";
import { redirect, stopRedirect } from "../../host/linux/netlink/redirect.js";
import type { Netlink } from "../../host/linux/netlink/socket.js";

export const tapName = (index: number): string => `solo5.${index}`;
export const isOurTap = (name: string): boolean => name.startsWith("solo5.");

const exists = 17;

/** A tap's descriptor, or why there is none. */
export type OpenedTap = { readonly fd: number } | { readonly reason: string };

/** Opens the tap `name`; makes it where it is not there. */
export function openTap(name: string): OpenedTap {
  let fd;
  try {
    fd = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    return { reason: `/dev/net/tun: ${strerror(-((cause as NodeJS.ErrnoException).errno ?? 0))}` };
  }
  const request = ifrequest(name, tunFlag.tap | tunFlag.noPacketInfo);
  const result = tryCall("ioctl", fd, ioctlRequest.TUNSETIFF, request);
  if (result >= 0) return { fd };
  closeSync(fd);
  return { reason: strerror(-result) };
}

/** Takes an interface for a unikernel. */
export function takeInterface(netlink: Netlink, { index, mtu }: Interface): OpenedTap {
  const name = tapName(index);
  const opened = openTap(name);
  if ("reason" in opened) return opened;
  const failed = (what: string, errno: number): OpenedTap => {
    closeSync(opened.fd);
    stopRedirect(netlink, index);
    return { reason: `${what}: ${strerror(errno)}` };
  };
  quieten(name);
  const tap = listInterfaces(netlink).find((one) => one.name === name);
  if (tap === undefined) return failed(name, 19);
  const up = setUp(netlink, tap.index, mtu);
  if (up !== 0) return failed(`${name}: MTU ${mtu}`, up);
  let into = redirect(netlink, index, tap.index);
  if (into === exists) {
    // Of a unikernel that has gone: nobody else's tap has this name.
    stopRedirect(netlink, index);
    into = redirect(netlink, index, tap.index);
  }
  if (into !== 0) return failed("redirection", into);
  const out = redirect(netlink, tap.index, index);
  if (out !== 0) return failed("redirection", out);
  return opened;
}

/** The kernel's own IPv6 has nothing to say to the unikernel. */
function quieten(name: string): void {
  try {
    writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, "1");
  } catch {
    // A kernel without IPv6 is quiet.
  }
}
