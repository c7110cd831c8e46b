// A block device on a file or on a block device of the host.
import { hostPath } from "./path.js";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { result, type Result } from "../../abi/start.js";
import type { BlockDevice } from "../../device/contract.js";
import { blockError } from "../../tender/texts.js";
import { systemErrorMessage } from "./system-error.js";

type Move = (fd: number, data: Uint8Array, at: number, length: number, position: number) => number;

/** Opens `path` for reading and writing. Throws Solo5Error with the classic text. */
export function openBlockFile(path: string): number {
  try {
    return openSync(hostPath(path), "r+");
  } catch (cause) {
    throw blockError(path, systemErrorMessage(cause), cause);
  }
}

/** A device on the open file `fd`, which it closes; sizes in bytes. */
export function blockDevice(fd: number, capacity: bigint, blockSize: number): BlockDevice {
  /** All of `data` or an error: what the host says may be short. */
  const transfer = (move: Move, offset: bigint, data: Uint8Array): Result => {
    try {
      for (let at = 0; at < data.length;) {
        const moved = move(fd, data, at, data.length - at, Number(offset) + at);
        if (moved === 0) return result.unspecified;
        at += moved;
      }
      return result.ok;
    } catch {
      return result.unspecified;
    }
  };
  return {
    capacity,
    blockSize,
    read: (offset, into) => transfer(readSync, offset, into),
    write: (offset, data) => transfer(writeSync, offset, data),
    close: () => closeSync(fd),
  };
}
