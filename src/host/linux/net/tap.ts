// Opens tap interfaces and adopts descriptors for a host process that relays their frames. The interface must exist
// and be up: TUNSETIFF would make one for root. Linux, Documentation/networking/tuntap.rst.
import { closeSync, constants, openSync } from "node:fs";
import { Solo5Error } from "../../../bytes/error.js";
import { netError } from "../../../net/scheme.js";
import { errorText } from "../../../abi/errno.js";
import type { FrameSource } from "../../any/contract.js";
import { check, libc } from "../../posix/libc.js";
import {
  fcntlCmd,
  interfaceFlag,
  ioctlRequest,
  open,
  socketInetDatagram,
  tunFlag,
} from "../../../abi/linux/syscalls.js";
import { ifrequest, readIfreq } from "../../../abi/linux/ifreq.js";

const needsRoot: ReadonlySet<string> = new Set(["EPERM", "EACCES"]);
/** What to do where only root may. */
const wayOut = "--net:NAME=user is a network that needs no root";

/** `error` by its name: errno(3). */
const tapError = (name: string, error: string): Solo5Error =>
  netError(name, `${errorText(error)}${needsRoot.has(error) ? `\n${wayOut}` : ""}`);

/** Flags and MTU of an interface of this process's network namespace. Throws Solo5Error. */
export function queryInterface(name: string): { readonly up: boolean; readonly mtu: number } {
  const c = libc();
  const socket = check(c.socket(socketInetDatagram.family, socketInetDatagram.type, 0), "socket");
  try {
    const ask = (request: number): number => {
      const answer = ifrequest(name);
      if (c.ioctl(socket, request, answer) < 0) throw tapError(name, c.errorName());
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

/** Opens the tap `name`. Throws Solo5Error `NET` with the classic text. */
export function openTap(name: string): FrameSource {
  const { up, mtu } = queryInterface(name);
  if (!up) throw tapError(name, "ENETDOWN");
  let fd;
  try {
    fd = openSync("/dev/net/tun", constants.O_RDWR | constants.O_NONBLOCK);
  } catch (cause) {
    throw tapError(`${name}: /dev/net/tun`, (cause as NodeJS.ErrnoException).code ?? "");
  }
  const c = libc();
  if (c.ioctl(fd, ioctlRequest.TUNSETIFF, ifrequest(name, tunFlag.tap | tunFlag.noPacketInfo)) < 0) {
    const error = c.errorName();
    closeSync(fd);
    throw tapError(name, error);
  }
  return { fd, mtu };
}

/**
 * Whether this process may open the tap `name`, where it is not root's: by doing so, and giving it back. Throws Solo5Error `NET`
 * where only root may; whatever else is wrong shows when it is opened for good.
 */
export function tryTap(name: string): void {
  if (process.geteuid?.() === 0) return;
  try {
    closeSync(openTap(name).fd);
  } catch (error) {
    if (error instanceof Solo5Error && error.message.endsWith(wayOut)) throw error;
  }
}

/** Takes over the descriptor `fd`, which the process inherited. Throws Solo5Error `NET`. */
export function adoptDescriptor(fd: number, mtu: number): FrameSource {
  const c = libc();
  if (c.fcntl(fd, fcntlCmd.setFlags, open.readWrite | open.nonBlock) < 0)
    throw tapError(`@${fd}`, c.errorName());
  return { fd, mtu };
}
