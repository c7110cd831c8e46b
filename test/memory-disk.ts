// A disk in memory, for guests that run in the process of the test.
import { result } from "../src/abi/start.js";
import type { BlockDevice } from "../src/device/contract.js";

/** 64 KiB. */
export function memoryDisk(blockSize: number): BlockDevice {
  const content = new Uint8Array(0x10000);
  return {
    capacity: BigInt(content.length),
    blockSize,
    read(offset, into) {
      into.set(content.subarray(Number(offset), Number(offset) + into.length));
      return result.ok;
    },
    write(offset, data) {
      content.set(data, Number(offset));
      return result.ok;
    },
    close() {},
  };
}
