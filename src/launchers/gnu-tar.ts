// A tar archive of one sparse file, in the old GNU format that Google Compute Engine takes disks in. Source: GNU tar
// manual, "Basic Tar Format" and "Storing Sparse Files" (Old GNU Format).
import { Solo5Error } from "../bytes/error.js";
import { bytes, struct, u8, viewOf } from "../bytes/struct.js";
import type { Extent } from "./disk-image.js";

const blockSize = 512;
/** Sparse map entries that the header itself holds. */
const mapEntries = 4;

const header = struct(blockSize, {
  name: bytes(100),
  mode: bytes(8),
  uid: bytes(8),
  gid: bytes(8),
  size: bytes(12),
  mtime: bytes(12),
  checksum: bytes(8),
  type: u8,
  linkName: bytes(100),
  magic: bytes(8),
  userName: bytes(32),
  groupName: bytes(32),
  deviceMajor: bytes(8),
  deviceMinor: bytes(8),
  accessTime: bytes(12),
  changeTime: bytes(12),
  offset: bytes(12),
  longNames: bytes(4),
  unused: u8,
  sparse: bytes(24 * mapEntries),
  isExtended: u8,
  realSize: bytes(12),
  pad: bytes(17),
});

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
/** Octal digits that fill `size` bytes with a NUL. */
const octal = (value: number, size: number): Uint8Array =>
  text(`${value.toString(8).padStart(size - 1, "0")}\0`);

/** The archive's parts, in order. `size` is the file's; extents ascend and are whole blocks. */
export function sparseTar(name: string, size: number, extents: readonly Extent[]): readonly Uint8Array[] {
  // The last entry says where the file ends.
  const map = [...extents.map(({ offset, data }) => [offset, data.length] as const), [size, 0] as const];
  if (map.length > mapEntries) throw new Solo5Error("IMAGE", "too many parts for one tar header");
  const stored = extents.reduce((sum, { data }) => sum + data.length, 0);
  const none = new Uint8Array();
  const sparse = new Uint8Array(24 * mapEntries);
  map.forEach(([offset, length], i) => {
    sparse.set(octal(offset, 12), 24 * i);
    sparse.set(octal(length, 12), 24 * i + 12);
  });
  const block = new Uint8Array(blockSize);
  header.write(viewOf(block), 0, {
    name: text(name),
    mode: octal(0o644, 8),
    uid: octal(0, 8),
    gid: octal(0, 8),
    size: octal(stored, 12),
    mtime: octal(0, 12),
    checksum: text(" ".repeat(8)),
    type: "S".charCodeAt(0),
    linkName: none,
    magic: text("ustar  \0"),
    userName: text("root"),
    groupName: text("root"),
    deviceMajor: none,
    deviceMinor: none,
    accessTime: none,
    changeTime: none,
    offset: none,
    longNames: none,
    unused: 0,
    sparse,
    isExtended: 0,
    realSize: octal(size, 12),
    pad: none,
  });
  const sum = block.reduce((total, byte) => total + byte, 0);
  // Six digits, a NUL and what is left of the spaces that it was summed up with.
  block.set(octal(sum, 7), header.offsets.checksum);
  const end = new Uint8Array(2 * blockSize);
  return [block, ...extents.map(({ data }) => data), end];
}
