// Stats, by statx(2): its record is the same on every ISA.
import { viewOf } from "../../../bytes/struct.js";
import { atFdcwd } from "../../../abi/linux/syscalls.js";
import { perform } from "../failure.js";

const kind = { mask: 0o170000, folder: 0o040000, file: 0o100000, block: 0o060000 } as const;
const atEmptyPath = 0x1000;
const atNoFollow = 0x100;
const basicStats = 0x7ff;

/** What Node's Stats have, and its BigIntStats where that was asked for. */
export interface AnyStats {
  readonly uid: number;
  readonly size: number | bigint;
  readonly rdev: number | bigint;
  isFile(): boolean;
  isDirectory(): boolean;
  isBlockDevice(): boolean;
}

/** Of a path, or of a descriptor. */
export function statAt(what: string | number, { bigint = false, follows = true } = {}): AnyStats {
  const into = new Uint8Array(256);
  if (typeof what === "number") perform(undefined, "statx", what, "", atEmptyPath, basicStats, into);
  else perform(what, "statx", atFdcwd, what, follows ? 0 : atNoFollow, basicStats, into);
  const record = viewOf(into);
  const is = (type: number) => (): boolean => (record.getUint16(28, true) & kind.mask) === type;
  const [major, minor] = [record.getUint32(128, true), record.getUint32(132, true)].map(BigInt);
  // makedev(3).
  const rdev =
    (((major ?? 0n) & 0xfffn) << 8n) | ((minor ?? 0n) & 0xffn) | (((minor ?? 0n) & 0xf_ff00n) << 12n);
  const wide = (value: bigint): number | bigint => (bigint ? value : Number(value));
  return {
    uid: record.getUint32(20, true),
    size: wide(record.getBigUint64(40, true)),
    rdev: wide(rdev),
    isFile: is(kind.file),
    isDirectory: is(kind.folder),
    isBlockDevice: is(kind.block),
  };
}
