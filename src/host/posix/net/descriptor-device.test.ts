// Descriptors of this process as network devices, whoever reads them: the cases that every network device passes.
import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { result } from "../../../abi/start.js";
import { netDeviceCases } from "../../../net/net-device.cases.js";
import { libc } from "../libc.js";
import { askedReader } from "./asked-reader.js";
import { descriptorDevice, directReader, type FrameReader } from "./descriptor-device.js";
import { watchedReader } from "./poll.js";
import { socketPair } from "./socket-pair.js";

const never = "frames of a thread that blocks come when it asks";
const readers = {
  "polling thread": { reader: watchedReader, closes: true, without: [] },
  "whoever asks": { reader: askedReader, closes: true, without: [] },
  "thread that may block": {
    reader: directReader,
    closes: false,
    without: [{ case: "tells the last listener, and it alone, that frames have come", reason: never }],
  },
} as const satisfies Record<
  string,
  { readonly reader: (fd: number) => FrameReader; readonly [key: string]: unknown }
>;

for (const [name, { reader, closes, without }] of Object.entries(readers)) {
  netDeviceCases(
    `descriptor that keeps frames whole, ${name}`,
    () => {
      const [near, far] = socketPair();
      const c = libc();
      const buffer = new Uint8Array(0x10000);
      const device = descriptorDevice({ fd: near, mtu: 1500 }, reader(near));
      return {
        device,
        // A full socket loses frames, as a wire does.
        send: (frame) => void c.write(far, frame, frame.length),
        async receive() {
          for (let tries = 0; tries < 200; tries++) {
            const size = c.read(far, buffer, buffer.length);
            if (size >= 0) return buffer.slice(0, size);
            await setTimeout(5);
          }
          return undefined;
        },
        close() {
          device.close();
          if (!closes) closeSync(near);
          closeSync(far);
        },
      };
    },
    { without },
  );
}

test("a device that could take no more tells when it can", async () => {
  const [near, far] = socketPair();
  const device = descriptorDevice({ fd: near, mtu: 1500 }, watchedReader(near));
  const [c, buffer] = [libc(), new Uint8Array(2000)];
  let sent = 0;
  const fill = (): void => {
    while (device.write(Uint8Array.from({ length: 60 }, () => sent & 0xff)) === result.ok) sent++;
  };
  fill();
  let received = 0;
  while (received < 500) {
    const writable = new Promise<void>((resolve) => device.onWritable?.(resolve));
    for (let size; (size = c.read(far, buffer, buffer.length)) > 0; received++)
      assert.deepEqual([size, buffer[0]], [60, received & 0xff]);
    await writable;
    fill();
  }
  device.close();
  closeSync(far);
});

test("what was read before another thread took over comes first", async () => {
  const [near, far] = socketPair();
  const device = descriptorDevice({ fd: near, mtu: 1500 }, askedReader(near));
  const send = (byte: number): void => void libc().write(far, new Uint8Array(60).fill(byte), 60);
  send(1);
  send(2);
  assert.deepEqual([device.readable, device.descriptor], [true, near]);
  const told = new Promise<void>((resolve) => device.onReadable(resolve));
  assert.equal(device.descriptor, undefined);
  await told;
  const buffer = new Uint8Array(4);
  assert.deepEqual([device.read()?.[0], device.readInto?.(buffer), buffer[0]], [1, 4, 2]);
  device.close();
  assert.deepEqual(
    [device.readable, device.read(), device.readInto?.(buffer)],
    [false, undefined, undefined],
  );
  closeSync(far);
});
