// What attach asks of a Linux host: does the interface exist, how large is the disk. The checks that have classic
// texts; what can change until the start is checked again by the launch itself.
import { decodeText } from "../bytes/text.js";
import { hostPath } from "./path.js";
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { Solo5Error } from "../bytes/error.js";
import { ethernetMtu } from "../device/contract.js";
import { reason, strerror } from "./errno.js";
import { hasLibc } from "./libc.js";
import { queryInterface } from "./net/tap.js";
import type { HostDevices, NetSource } from "../tender/attach.js";
import { blockError } from "../tender/texts.js";

const netError = (name: string, why: string, cause?: unknown): Solo5Error =>
  new Solo5Error("NET", `Could not attach interface: ${name}: ${why}`, { cause });

/** The interfaces of this process's network namespace; /sys may show another's. */
export const interfaces = (): readonly string[] =>
  [...readFileSync("/proc/self/net/dev", "latin1").matchAll(/^ *([^ :\n]+):/gm)].map(([, name = ""]) =>
    fromLatin1(name),
  );

/** The kernel's own files are read byte by byte: names in them may be any. */
const fromLatin1 = (name: string): string => decodeText(Buffer.from(name, "latin1"));

/** The name of the tap that `fd` belongs to; undefined for any other kind. */
function tapOf(fd: number): string | undefined {
  const name = /^iff:\t([^\n]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
  return name === undefined ? undefined : fromLatin1(name);
}

function checkNet(source: NetSource & { kind: "tap" | "descriptor" }): number {
  if (process.platform !== "linux") {
    const name = source.kind === "tap" ? source.interface : `@${source.fd}`;
    throw netError(
      name,
      `taps and descriptors need Linux, and this is ${process.platform}; see solo5 run's segment:`,
    );
  }
  if (source.kind === "tap") {
    if (!interfaces().includes(source.interface)) throw netError(source.interface, strerror(2));
    return hasLibc() ? queryInterface(source.interface).mtu : ethernetMtu;
  }
  try {
    fstatSync(source.fd);
  } catch (cause) {
    throw netError(`@${source.fd}`, reason(cause), cause);
  }
  const tap = tapOf(source.fd);
  return tap === undefined || !hasLibc() ? ethernetMtu : queryInterface(tap).mtu;
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
