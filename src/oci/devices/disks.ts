// Disks of a container: files and block devices by the names that the unikernel's manifest has for them. Whoever wrote the image or an
// annotation names paths as the container sees them, never a path of the host.
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { systemErrorMessage } from "../../host/any/system-error.js";
import { configError } from "../config/check.js";
import type { Config, DeviceRule, Mount } from "../config/types.js";
import { openInRoot, type OpenedFile } from "../rootfs.js";

export interface Disk {
  readonly fd: number;
  /** The path that it has in the container. */
  readonly path: string;
  /** Bytes. */
  readonly size: bigint;
}

/** Where a disk of that name is looked for, if no annotation tells. */
const usualPaths = (name: string): readonly string[] => [
  `/dev/${name}`,
  `/${name}`,
  `/dev/${name}.img`,
  `/${name}.img`,
];

/** Opens the disk `name`. Throws Solo5Error where there is none that the container may have. */
export function openDisk(name: string, wish: string | undefined, config: Config, rootfs: string): Disk {
  const device = `device '${name}' of type BLOCK_BASIC`;
  const candidates = wish === undefined ? usualPaths(name) : [posix.resolve("/", wish)];
  let reason = "No such file or directory";
  for (const path of candidates) {
    const opened = open(path, config, rootfs);
    if ("reason" in opened) {
      ({ reason } = opened);
      if (reason.startsWith("No such")) continue;
      throw configError("process.args", `${device}: ${path}: ${reason}`);
    }
    try {
      return { fd: opened.fd, path, size: sizeOf(opened.fd, config, opened.isReadonly) };
    } catch (cause) {
      closeSync(opened.fd);
      throw configError("process.args", `${device}: ${path}: ${(cause as Error).message}`);
    }
  }
  const tried = candidates.join(", ");
  throw configError(
    "process.args",
    `${device} has no disk: ${tried}: ${reason}; mount one there, or name it in org.solo5.block.${name}`,
  );
}

type Opening = { readonly fd: number; readonly isReadonly: boolean } | { readonly reason: string };

function open(path: string, config: Config, rootfs: string): Opening {
  const opening = (isReadonly: boolean, opened: OpenedFile): Opening =>
    "fd" in opened ? { ...opened, isReadonly } : opened;
  const node = (config.linux?.devices ?? []).find((one) => one.path === path && /^[bu]$/.test(one.type));
  if (node !== undefined)
    return opening(false, openDevice(`${node.major ?? 0}:${node.minor ?? 0}`, node.type));
  const mount = mountOf(path, config.mounts ?? []);
  if (mount === undefined) {
    const isReadonly = config.root.readonly ?? false;
    return opening(isReadonly, openInRoot(rootfs, path, isReadonly));
  }
  const { source, options = [], destination } = mount;
  const isReadonly = options.includes("ro");
  return opening(
    isReadonly,
    openInRoot(source ?? "", path.slice(posix.resolve(destination).length), isReadonly),
  );
}

/** Only these have files that the image has not; managers mount an empty /dev over what the image has there. */
const isBind = ({ type, options = [], source = "" }: Mount): boolean =>
  source.startsWith("/") && (type === "bind" || options.includes("bind") || options.includes("rbind"));

/** The innermost bind mount that `path` is in; of those at one place the last. */
function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  const placed = mounts
    .filter(isBind)
    .map((mount) => ({ mount, at: posix.resolve("/", mount.destination) }))
    .filter(({ at }) => path === at || path.startsWith(at === "/" ? at : `${at}/`));
  const innermost = Math.max(...placed.map(({ at }) => at.length));
  return placed.findLast(({ at }) => at.length === innermost)?.mount;
}

/** A device of the host's by its number: config.json has only that. */
function openDevice(number: string, type: string): OpenedFile {
  if (type !== "b") return { reason: "Block device required" };
  try {
    const [, name = ""] =
      /^DEVNAME=(.+)$/m.exec(readFileSync(`/sys/dev/block/${number}/uevent`, "utf8")) ?? [];
    return { fd: openSync(join("/dev", name), "r+") };
  } catch (cause) {
    return { reason: systemErrorMessage(cause) };
  }
}

/** The size of an ordinary file, or of a device that `linux.resources.devices` allows. */
function sizeOf(fd: number, { linux }: Config, isReadonly: boolean): bigint {
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFile()) return stat.size;
  if (!stat.isBlockDevice()) throw new Error("neither an ordinary file nor a block device");
  const major = Number((stat.rdev >> 8n) & 0xfffn);
  const minor = Number((stat.rdev & 0xffn) | ((stat.rdev >> 12n) & 0xf_ff00n));
  if (!isAllowed(linux?.resources?.devices ?? [], major, minor, isReadonly ? "r" : "rw"))
    throw new Error(`linux.resources.devices does not allow the block device ${major}:${minor}`);
  const sectors = readFileSync(`/sys/dev/block/${major}:${minor}/size`, "latin1");
  return BigInt(sectors.trim()) * 512n;
}

/** The last rule that fits decides; without any nothing is allowed. */
export function isAllowed(
  rules: readonly DeviceRule[],
  major: number,
  minor: number,
  access: string,
): boolean {
  return [...access].every(
    (kind) =>
      rules.findLast(
        (rule) =>
          ["a", "b", undefined, ""].includes(rule.type) &&
          [major, -1, undefined].includes(rule.major) &&
          [minor, -1, undefined].includes(rule.minor) &&
          (rule.access ?? "rwm").includes(kind),
      )?.allow ?? false,
  );
}
