// Puts a disk image into a file: raw, where zeros take no room, or as Google Compute Engine takes it.
import { closeSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Solo5Error } from "../bytes/error.js";
import { systemErrorMessage } from "../host/any/system-error.js";
import { diskSize, type Extent } from "./disk-image.js";
import { sparseTar } from "./gnu-tar.js";
import type { ImageFormat } from "./options.js";

/** How each format is written to an open, empty file. */
const formats = {
  raw(fd: number, extents: readonly Extent[]): void {
    ftruncateSync(fd, diskSize);
    for (const { offset, data } of extents) writeWhole(fd, data, offset);
  },
  tar(fd: number, extents: readonly Extent[]): void {
    const parts = sparseTar("disk.raw", diskSize, extents);
    const archive = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      archive.set(part, at);
      at += part.length;
    }
    writeWhole(fd, gzipSync(archive), 0);
  },
} as const satisfies Record<ImageFormat, (fd: number, extents: readonly Extent[]) => void>;

function writeWhole(fd: number, data: Uint8Array, offset: number): void {
  for (let at = 0; at < data.length;) at += writeSync(fd, data, at, data.length - at, offset + at);
}

/**
 * Writes `path` in one step: after an error what was there before is there still, and nothing else. Throws Solo5Error
 * `WRITE`.
 */
export function writeImage(path: string, extents: readonly Extent[], format: ImageFormat): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(temporary, "wx");
    try {
      formats[format](fd, extents);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw new Solo5Error("WRITE", `error: ${path}: Could not write: ${systemErrorMessage(cause)}`, { cause });
  }
}
