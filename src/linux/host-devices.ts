// What attach asks of a Linux host: does the interface exist, how large is the disk. The checks that have classic
// texts; what can change until the start is checked again by the launch itself.
import { decodeText } from "../bytes/text.js";
import { hostPath } from "./path.js";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import { ethernetMtu } from "../net/contract.js";
import { reason, strerror } from "./errno.js";
import { hasLibc } from "./libc.js";
import { frameDescriptor } from "./net/descriptor.js";
import { queryInterface } from "./net/tap.js";
import type { HostDevices, NetSource } from "../tender/attach.js";
import { blockError } from "../tender/texts.js";

const netError = (name: string, why: string, cause?: unknown): Solo5Error =>
  new Solo5Error("NET", `Could not attach interface: ${name}: ${why}`, { cause });

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

function checkNet(source: NetSource & { kind: "tap" | "descriptor" }): number {
  if (process.platform !== "linux") {
    const name = source.kind === "tap" ? source.interface : `@${source.fd}`;
    throw netError(
      name,
      `taps and descriptors need Linux, and this is ${process.platform}; see solo5 run's segment:`,
    );
  }
  if (source.kind === "tap") {
    if (interfaces()?.includes(source.interface) === false) throw netError(source.interface, strerror(2));
    return mtuOf(source.interface);
  }
  const name = `@${source.fd}`;
  let found;
  try {
    found = frameDescriptor(source.fd);
  } catch (cause) {
    throw netError(name, reason(cause), cause);
  }
  if (found === undefined) throw netError(name, "neither a tap nor a socket that keeps frames whole");
  return found.kind === "tap" ? mtuOf(found.name) : ethernetMtu;
}

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
    throw blockError(path, reason(cause), cause);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

export const hostDevices: HostDevices = { netMtu: checkNet, blockSize };

/** For sealing: what an interface is, the sealed unikernel finds out when it starts. */
export const sealingDevices: HostDevices = { netMtu: () => ethernetMtu, blockSize };
