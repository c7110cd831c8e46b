// Opens files of a rootfs that nobody here made: every link in it leads to somewhere in it, and what is no ordinary file is not
// waited for. openat2(2).
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { viewOf } from "../bytes/struct.js";
import { strerror } from "../abi/linux/errno.js";
import { tryCall } from "../host/linux/host-call.js";
import { imageMax, leaveToNode } from "../host/linux/leave-to-node.js";

const resolve = { noMagicLinks: 0x02, inRoot: 0x10 } as const;

/** A descriptor, or why there is none. */
export type OpenedFile = { readonly fd: number } | { readonly reason: string };

/** Opens `path` below the folder `root`; where `root` itself is a file, as bind mounts may be, with an empty path that. */
export function openInRoot(root: string, path: string, isReadonly: boolean): OpenedFile {
  const access = isReadonly ? constants.O_RDONLY : constants.O_RDWR;
  const flags = access | constants.O_NONBLOCK | constants.O_NOCTTY | 0x80000;
  try {
    if (path === "") return { fd: openSync(root, flags) };
    const folder = openSync(root, constants.O_DIRECTORY | 0x200000);
    try {
      // struct open_how: flags, mode, resolve.
      const how = new Uint8Array(24);
      viewOf(how).setBigUint64(0, BigInt(flags), true);
      viewOf(how).setBigUint64(16, BigInt(resolve.inRoot | resolve.noMagicLinks), true);
      const fd = tryCall("openat2", folder, path, how, how.length);
      return fd < 0 ? { reason: strerror(-fd) } : { fd };
    } finally {
      closeSync(folder);
    }
  } catch (cause) {
    const { errno = 0 } = cause as NodeJS.ErrnoException;
    return { reason: strerror(-errno) };
  }
}

/** Larger files are no unikernels. */
const executableMax = 2 ** 30;

/** The bytes of an ordinary file of the rootfs, or why there are none. */
export function readInRoot(
  root: string,
  path: string,
): { readonly data: Uint8Array } | { readonly reason: string } {
  const opened = openInRoot(root, path, true);
  if ("reason" in opened) return opened;
  try {
    const stat = fstatSync(opened.fd);
    if (!stat.isFile()) return { reason: "not an ordinary file" };
    if (stat.size > imageMax) leaveToNode();
    if (stat.size > executableMax) return { reason: "too large for a unikernel" };
    const data = new Uint8Array(stat.size);
    for (let at = 0; at < data.length;) {
      const count = readSync(opened.fd, data, at, data.length - at, at);
      if (count === 0) return { reason: "it changes while it is read" };
      at += count;
    }
    return { data };
  } finally {
    closeSync(opened.fd);
  }
}
