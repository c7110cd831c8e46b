// What attach asks of a host: does the interface exist, how large is the disk. The checks that have classic
// texts; what can change until the start is checked again by the launch itself.
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import { ethernetMtu } from "../../net/contract.js";
import { netMtu, type NetMtus } from "../../net/opener.js";
import { segmentMtu } from "../../net/segments.js";
import { userMtu } from "../../net/user/options.js";
import type { HostDevices } from "../../tender/attach.js";
import { blockError } from "../../tender/texts.js";
import type { Host } from "./contract.js";
import { hostPath } from "./path.js";
import { systemErrorMessage } from "./system-error.js";

/** Size in bytes of what `fd` is open on: a file, or a disk. */
function sizeOf(host: Host, fd: number, path: string): bigint {
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile()) return stat.size;
  if (!stat.isBlockDevice()) throw blockError(path, "Block device required");
  return host.blockDeviceSize(stat);
}

const blockSize =
  (host: Host) =>
  (path: string): bigint => {
    let fd;
    try {
      fd = openSync(hostPath(path), constants.O_RDWR);
      return sizeOf(host, fd, path);
    } catch (cause) {
      if (cause instanceof Solo5Error) throw cause;
      throw blockError(path, systemErrorMessage(cause), cause);
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  };

export function devicesOf(host: Host): HostDevices {
  const { tap, descriptor } = host.kernelMtus;
  const mtus: NetMtus = {
    tap,
    descriptor,
    segment: segmentMtu,
    user: userMtu,
    device: ({ device }) => device.mtu,
  };
  return { netMtu: (source) => netMtu(mtus, source), blockSize: blockSize(host) };
}

/** For sealing: what an interface is, the sealed unikernel finds out when it starts. */
export const sealingDevicesOf = (host: Host): HostDevices => ({
  netMtu: () => ethernetMtu,
  blockSize: blockSize(host),
});
