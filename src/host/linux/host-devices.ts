// What attach asks of a Linux host: does the interface exist, how large is the disk. The checks that have classic
// texts; what can change until the start is checked again by the launch itself.
import { decodeText } from "../../bytes/text.js";
import { hostPath } from "../any/path.js";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { Solo5Error } from "../../bytes/error.js";
import { ethernetMtu } from "../../net/contract.js";
import { errorText } from "../../abi/errno.js";
import { systemErrorMessage } from "../any/system-error.js";
import { hasLibc } from "./libc.js";
import { frameDescriptor } from "./net/descriptor.js";
import { queryInterface, tryTap } from "./net/tap.js";
import { netMtu, type NetMtu, type NetMtus } from "../../net/opener.js";
import { netError } from "../../net/scheme.js";
import { formatNet } from "../../net/schemes.js";
import { segmentMtu } from "../../net/segments.js";
import type { DescriptorSource, TapSource } from "../../net/source.js";
import { userMtu } from "../../net/user/options.js";
import type { HostDevices } from "../../tender/attach.js";
import { blockError } from "../../tender/texts.js";

/** The interfaces of this process's network namespace; /sys may show another's. Undefined where there is no /proc. */
export function interfaces(): readonly string[] | undefined {
  let table: string;
  try {
    // Byte by byte: names may be any bytes.
    table = readFileSync("/proc/self/net/dev", "latin1");
  } catch {
    return undefined;
  }
  return [...table.matchAll(/^ *([^ :\n]+):/gm)].map(([, name = ""]) =>
    decodeText(Buffer.from(name, "latin1")),
  );
}

/** The MTU of an interface, where there is a way to ask. */
const mtuOf = (name: string): number => (hasLibc() ? queryInterface(name).mtu : ethernetMtu);

/** `what` needs Linux. Throws Solo5Error. */
function needsLinux(name: string): void {
  if (process.platform === "linux") return;
  throw netError(
    name,
    `taps and descriptors need Linux, and this is ${process.platform}; user and segments do not: see --help`,
  );
}

const tapMtu: NetMtu<TapSource> = ({ interface: name }) => {
  needsLinux(name);
  if (interfaces()?.includes(name) === false) throw netError(name, errorText("ENOENT"));
  if (hasLibc()) tryTap(name);
  return mtuOf(name);
};

const descriptorMtu: NetMtu<DescriptorSource> = (source) => {
  const name = formatNet(source);
  needsLinux(name);
  let found;
  try {
    found = frameDescriptor(source.fd);
  } catch (cause) {
    throw netError(name, systemErrorMessage(cause), cause);
  }
  if (found === undefined) throw netError(name, "neither a tap nor a socket that keeps frames whole");
  return found.kind === "tap" ? mtuOf(found.name) : ethernetMtu;
};

const mtus: NetMtus = {
  tap: tapMtu,
  descriptor: descriptorMtu,
  segment: segmentMtu,
  user: userMtu,
  device: ({ device }) => device.mtu,
};

/** Size in bytes of what `fd` is open on: a file, or a block device, whose stat says 0. */
function sizeOf(fd: number, path: string): bigint {
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile()) return stat.size;
  if (!stat.isBlockDevice()) throw blockError(path, "Block device required");
  // makedev(3): 12 bits of the minor number lie above the major's.
  const [major, minor] = [
    (stat.rdev >> 8n) & 0xfffn,
    (stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xfffffn & ~0xffn),
  ];
  const sectors = readFileSync(`/sys/dev/block/${major}:${minor}/size`, "latin1");
  return BigInt(sectors.trim()) * 512n;
}

function blockSize(path: string): bigint {
  let fd;
  try {
    fd = openSync(hostPath(path), constants.O_RDWR);
    return sizeOf(fd, path);
  } catch (cause) {
    if (cause instanceof Solo5Error) throw cause;
    throw blockError(path, systemErrorMessage(cause), cause);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

export const hostDevices: HostDevices = { netMtu: (source) => netMtu(mtus, source), blockSize };

/** For sealing: what an interface is, the sealed unikernel finds out when it starts. */
export const sealingDevices: HostDevices = { netMtu: () => ethernetMtu, blockSize };
