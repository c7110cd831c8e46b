// Descriptors of this process as network devices: the cases that every network device passes.
import { closeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { netDeviceCases } from "../../net/net-device.cases.js";
import { libc } from "../libc.js";
import { frameDevice } from "./frame-device.js";
import { socketPair } from "./socket-pair.js";

netDeviceCases("descriptor that keeps frames whole", () => {
  const [near, far] = socketPair();
  const c = libc();
  const buffer = new Uint8Array(0x10000);
  const device = frameDevice(near, 1500);
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
      closeSync(far);
    },
  };
});
