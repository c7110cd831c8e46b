// Opens tap interfaces and adopts descriptors for a host process that relays their frames. The interface must exist
// and be up: TUNSETIFF would make one for root. Linux, Documentation/networking/tuntap.rst.
import { closeSync, constants, openSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import { errnos, strerror } from "../errno.js";
import { check, libc } from "../libc.js";
import { fcntlCmd, interfaceFlag, ioctlRequest, open, socketInetDatagram, tunFlag } from "../syscalls.js";
import { ifrequest, readIfreq } from "./ifreq.js";

const netError = (name: string, errno: number): Solo5Error =>
  new Solo5Error("NET", `Could not attach interface: ${name}: ${strerror(errno)}`);

/** Flags and MTU of an interface of this process's network namespace. Throws Solo5Error. */
export function queryInterface(name: string): { readonly up: boolean; readonly mtu: number } {
  const c = libc();
  const socket = check(c.socket(socketInetDatagram.family, socketInetDatagram.type, 0), "socket");
  try {
    const ask = (request: number): number => {
      const answer = ifrequest(name);
      if (c.ioctl(socket, request, answer) < 0) throw netError(name, c.errno());
      return readIfreq(answer).value;
    };
    return {
      up: (ask(ioctlRequest.SIOCGIFFLAGS) & interfaceFlag.up) !== 0,
      mtu: ask(ioctlRequest.SIOCGIFMTU),
    };
  } finally {
    closeSync(socket);
  }
}

/** A descriptor that keeps frames whole and does not block. `mtu` in bytes. */
export interface FrameSource {
  readonly fd: number;
  readonly mtu: number;
}

/** Opens the tap `name`. Throws Solo5Error `NET` with the classic text. */
export function openTap(name: string): FrameSource {
  const { up, mtu } = queryInterface(name);
  if (!up) throw netError(name, errnos["ENETDOWN"]?.[0] ?? 0);
  let fd;
  try {
    fd = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw netError(`${name}: /dev/net/tun`, -((cause as NodeJS.ErrnoException).errno ?? 0));
  }
  const c = libc();
  if (c.ioctl(fd, ioctlRequest.TUNSETIFF, ifrequest(name, tunFlag.tap | tunFlag.noPacketInfo)) < 0) {
    const errno = c.errno();
    closeSync(fd);
    throw netError(name, errno);
  }
  return { fd, mtu };
}

/** Takes over the descriptor `fd`, which the process inherited. Throws Solo5Error `NET`. */
export function adoptDescriptor(fd: number, mtu: number): FrameSource {
  const c = libc();
  if (c.fcntl(fd, fcntlCmd.setFlags, open.readWrite | open.nonBlock) < 0) throw netError(`@${fd}`, c.errno());
  return { fd, mtu };
}
