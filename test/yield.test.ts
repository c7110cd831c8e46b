// Yields until deadlines of every kind, as the first and as later ones, on every target and engine that is here. Frames
// come in all the while, so that a yield without a deadline ends as well.
import assert from "node:assert/strict";
import { test } from "node:test";
import { attach, createSegment, open, run } from "../src/index.js";
import { selfTest } from "./command.js";
import { needs } from "./needs.js";

/** The Ethernet header of a frame to everyone, of a type for experiments. */
const broadcast = Uint8Array.of(255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5);

const machines = [
  { target: "spt", engine: "native" },
  { target: "spt", engine: "wasm" },
  { target: "hvt", engine: "wasm" },
  { target: "virtio", engine: "wasm" },
  { target: "muen", engine: "wasm" },
  { target: "xen", engine: "wasm" },
] as const;

for (const { target, engine } of machines) {
  const skip = engine === "native" ? needs.x8664Linux() : false;
  test(`yields come back: ${target}, ${engine}`, { skip, timeout: 240_000 }, async () => {
    for (const first of ["0", "1", "past", "now", "soon", "never"]) {
      const segment = createSegment();
      const unikernel = open(selfTest(`test_yield.${target}`));
      const plan = attach(unikernel, {
        memMiB: 16,
        net: { service0: { source: { kind: "device", device: segment.port() } } },
        args: ["--solo5:quiet", first],
      });
      let text = "";
      const sender = segment.port();
      const console = { write: (data: Uint8Array) => (text += new TextDecoder().decode(data)) };
      await using running = run(plan, { engine, console });
      const frames = setInterval(() => sender.write(broadcast), 2);
      assert.equal((await running.exited).status, 0, `first ${first}: ${text}`);
      clearInterval(frames);
    }
  });
}
