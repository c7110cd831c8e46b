// Disk images: the limits; that they boot is seen in test/virtio-image.test.ts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { diskBootCode } from "../toolchain/layout.js";
import { diskImage } from "./disk-image.js";
import { sparseTar } from "./gnu-tar.js";

const kernel = (size: number) => ({
  loadAddr: 0x100000,
  data: new Uint8Array(size).fill(7),
  bssEnd: 0x900000,
  entry: 0x100040,
});
const bootCode = readFileSync(diskBootCode);

test("the boot code leaves room for partition table and parameters", () => {
  assert.equal(bootCode.length, 9 * 512);
  assert.deepEqual(
    [...bootCode.subarray(440, 510)],
    Array.from({ length: 70 }, () => 0),
  );
  assert.deepEqual(
    [...bootCode.subarray(510, 512 + 28)],
    [0x55, 0xaa, ...Array.from({ length: 28 }, () => 0)],
  );
});

test("a unikernel may fill the partition and not more", () => {
  const size = 4 << 20;
  const room = size - (1 << 20);
  const [boot, partition] = diskImage(kernel(room), [], bootCode, size);
  assert.equal(boot?.offset, 0);
  assert.equal((partition?.offset ?? 0) + (partition?.data.length ?? 0), size);
  assert.throws(() => diskImage(kernel(room + 1), [], bootCode, size), {
    code: "IMAGE",
    message: `error: the unikernel of ${room + 1} bytes does not fit into the partition of ${room} bytes`,
  });
});

test("arguments may fill their sectors and not more", () => {
  const most = 8192 - "unikernel \0".length;
  const [boot] = diskImage(kernel(1), ["a".repeat(most)], bootCode);
  assert.equal(boot?.data.length, 9 * 512 + 8192);
  assert.throws(() => diskImage(kernel(1), ["a".repeat(most + 1)], bootCode), {
    message: `error: the arguments are too long (max=${most} bytes)`,
  });
});

test("a tar header holds so many extents", () => {
  const extent = { offset: 0, data: new Uint8Array(512) };
  assert.throws(() => sparseTar("f", 1 << 20, [extent, extent, extent, extent]), { code: "IMAGE" });
});
