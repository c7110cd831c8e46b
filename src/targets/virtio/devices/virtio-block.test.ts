// The disk at its registers and queue.
import assert from "node:assert/strict";
import { test } from "node:test";
import { result } from "../../../abi/start.js";
import type { BlockDevice } from "../../../device/contract.js";
import { createVirtioBlock } from "./virtio-block.js";
import { newDriver } from "./virtio.cases.js";

const [requestAt, dataAt, statusAt] = [0x40000, 0x41000, 0x42000];

function newDisk(sectors = 4) {
  const content = new Uint8Array(sectors * 512).map((_, i) => i >> 9);
  const block: BlockDevice = {
    capacity: BigInt(content.length),
    blockSize: 512,
    read(offset, into) {
      into.set(content.subarray(Number(offset), Number(offset) + into.length));
      return result.ok;
    },
    write(offset, data) {
      if (offset === 1024n) return result.unspecified;
      content.set(data, Number(offset));
      return result.ok;
    },
    close: () => {},
  };
  const driver = newDriver((memory, place) => createVirtioBlock(memory, block, place));
  const request = (type: number, sector: bigint, length = 512): number => {
    driver.view.setUint32(requestAt, type, true);
    driver.view.setBigUint64(requestAt + 8, sector, true);
    driver.view.setUint8(statusAt, 0xff);
    driver.publish(0, [
      { at: requestAt, length: 16 },
      { at: dataAt, length, write: type === 0 },
      { at: statusAt, length: 1, write: true },
    ]);
    driver.notify(0);
    return driver.view.getUint8(statusAt);
  };
  return { ...driver, content, request };
}

test("what the registers say", () => {
  const { register, sizeOf, device } = newDisk();
  assert.deepEqual([register(20, 4), register(24, 4)], [4, 0]);
  assert.equal(register(0, 4), 2 ** 29);
  assert.equal(sizeOf(0), 128);
  assert.equal(sizeOf(1), 0);
  assert.deepEqual([device.pci.device, device.pci.subsystem, device.pci.irq], [0x1001, 2, 10]);
});

test("reading, writing, and an interrupt that reading its cause ends", () => {
  const disk = newDisk();
  disk.start(1);
  assert.equal(disk.request(0, 3n), 0);
  assert.deepEqual(new Set(disk.bytes(dataAt, 512)), new Set([3]));
  assert.deepEqual(disk.used(0), [513]);
  assert.equal(disk.isHigh(), true);
  assert.equal(disk.register(19, 1), 1);
  assert.deepEqual([disk.isHigh(), disk.register(19, 1)], [false, 0]);
  disk.bytes(dataAt, 512).fill(9);
  assert.equal(disk.request(1, 1n), 0);
  assert.deepEqual(new Set(disk.content.subarray(512, 1024)), new Set([9]));
  assert.deepEqual(disk.used(0), [513, 1]);
});

test("no interrupt where the guest wants none: by the flag, and by the index", () => {
  const flagged = newDisk();
  flagged.start(1);
  flagged.view.setUint16(flagged.availableAt(0), 1, true);
  flagged.request(0, 0n);
  assert.equal(flagged.isHigh(), false);

  const indexed = newDisk();
  indexed.start(1, 2 ** 29);
  const usedEvent = indexed.availableAt(0) + 4 + 2 * 128;
  indexed.view.setUint16(usedEvent, 1, true);
  indexed.request(0, 0n);
  assert.equal(indexed.isHigh(), false);
  indexed.request(0, 0n);
  assert.equal(indexed.isHigh(), true);
  // The device tells from when on it wants to hear of buffers.
  assert.equal(indexed.view.getUint16(indexed.usedAt(0) + 4 + 8 * 128, true), 2);
});

test("errors: beyond the end, half a sector, another type, the host's", () => {
  const disk = newDisk();
  disk.start(1);
  assert.equal(disk.request(0, 4n), 1);
  assert.equal(disk.request(0, 2n ** 60n), 1);
  assert.equal(disk.request(0, 0n, 256), 1);
  assert.equal(disk.request(0, 3n, 1024), 1);
  assert.equal(disk.request(8, 0n), 2);
  assert.equal(disk.request(1, 2n), 1);
  assert.equal(disk.used(0).length, 6);
});

test("a queue that is broken is left alone, until the device is reset", () => {
  const disk = newDisk();
  disk.start(1);
  disk.publish(0, [{ at: 0xfff_ffff, length: 16 }]);
  disk.notify(0);
  disk.request(0, 0n);
  assert.deepEqual(disk.used(0), []);

  const loop = newDisk();
  loop.start(1);
  loop.publish(0, [
    { at: requestAt, length: 16 },
    { at: dataAt, length: 512 },
  ]);
  // The second descriptor leads back to the first.
  loop.view.setUint16(4096 + 16 + 12, 1, true);
  loop.view.setUint16(4096 + 16 + 14, 0, true);
  loop.notify(0);
  assert.deepEqual(loop.used(0), []);
  for (const where of [0xfffff, 0xff]) {
    loop.set(8, where, 4);
    loop.notify(0);
  }
  assert.deepEqual(loop.used(0), []);
});

test("whoever looks on is told of each request in the device's words", () => {
  const disk = newDisk();
  disk.start(1);
  disk.request(0, 3n);
  disk.request(1, 1n);
  disk.request(1, 2n);
  disk.request(8, 0n);
  const device = "device";
  assert.deepEqual(disk.told, [
    { device, name: "driverOk", args: ["features 0x0"], results: [] },
    { device, name: "read", args: ["sector 3", 512], results: ["3,3", "ok"] },
    { device, name: "write", args: ["sector 1", "3,3", 512], results: ["ok"] },
    { device, name: "write", args: ["sector 2", "3,3", 512], results: ["ioError"] },
    { device, name: "8", args: ["sector 0", 512], results: ["unsupported"] },
  ]);
});
