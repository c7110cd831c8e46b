// Waits of the main thread in the kernel: each thing that may end one does, and the event loop goes on meanwhile.
import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { NetDevice } from "../../../net/contract.js";
import { createSegment } from "../../../net/segment.js";
import { hostClock } from "../../any/clock.js";
import { libc } from "../libc.js";
import { askedReader } from "./asked-reader.js";
import { asleep } from "./asleep.js";
import { descriptorDevice } from "./descriptor-device.js";
import { socketPair } from "./socket-pair.js";

const never = 1n << 62n;
const pace = asleep(() => new Promise((resolve) => void setImmediate(resolve)), hostClock);
const opened: { readonly device: NetDevice; readonly far: number }[] = [];
after(() => {
  for (const { device, far } of opened) {
    device.close();
    closeSync(far);
  }
});

/** A device, and the way to send to it. */
function wire(): { readonly device: NetDevice; readonly send: () => void } {
  const [near, far] = socketPair();
  const device = descriptorDevice({ fd: near, mtu: 1500 }, askedReader(near));
  opened.push({ device, far });
  return { device, send: () => void libc().write(far, new Uint8Array(60), 60) };
}
const wait = (devices: readonly NetDevice[], deadline = never): Promise<void> =>
  pace.wait(deadline, devices, () => {});

test("a frame ends a wait, whichever device it comes on and whether it came before", async () => {
  const wires = [wire(), wire()] as const;
  const devices = wires.map(({ device }) => device);
  for (const { device, send } of [...wires, ...wires]) {
    send();
    await wait(devices);
    assert.ok(device.read() !== undefined);
    setTimeout(send, 5);
    await wait(devices);
    assert.ok(device.read() !== undefined);
    assert.equal(device.readable, false);
  }
});

test("a deadline ends a wait, and the loop alone keeps no wait alive", async () => {
  const { device } = wire();
  for (const nsecs of [-1n, 0n, 10_000n, 700_000n, 5_000_000n]) {
    const deadline = hostClock.monotonic() + nsecs;
    await wait([device], deadline);
    assert.ok(hostClock.monotonic() >= deadline);
  }
});

test("an interrupt ends a wait, from a timer, a worker or a promise", async () => {
  const { device } = wire();
  const interrupts: ((interrupt: () => void) => void)[] = [
    (interrupt) => setTimeout(interrupt, 10),
    (interrupt) => void sleep(5).then(interrupt),
    (interrupt) => {
      const worker = new Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
      worker.once("message", interrupt);
    },
    (interrupt) => {
      process.once("SIGWINCH", interrupt);
      process.kill(process.pid, "SIGWINCH");
    },
  ];
  for (const interrupted of interrupts) await pace.wait(never, [device], interrupted);
});

test("several guests wait at once: each is woken by its own", async () => {
  const [a, b] = [wire(), wire()];
  const segment = createSegment();
  const [near, far] = [segment.port(), segment.port()];
  const ended: string[] = [];
  const named = async (name: string, devices: readonly NetDevice[], deadline?: bigint): Promise<void> => {
    await wait(devices, deadline);
    ended.push(name);
  };
  const waits = [
    named("a", [a.device]),
    named("both", [b.device, near]),
    named("segment", [near]),
    named("deadline", [b.device], hostClock.monotonic() + 20_000_000n),
  ];
  await waits[3];
  assert.deepEqual(ended, ["deadline"]);
  setTimeout(a.send, 5);
  await waits[0];
  assert.deepEqual(ended, ["deadline", "a"]);
  far.write(new Uint8Array(60).fill(255));
  await Promise.race([waits[1], waits[2]]);
  b.send();
  await waits[1];
  far.close();
});

test("timers, immediates and promises go on while frames come without end", async () => {
  const { device, send } = wire();
  const seen = new Set<string>();
  setTimeout(() => seen.add("timer"), 1);
  setImmediate(() => seen.add("immediate"));
  void sleep(2).then(() => seen.add("promise"));
  const end = performance.now() + 30_000;
  while (seen.size < 3) {
    assert.ok(performance.now() < end, [...seen].join(" "));
    send();
    await wait([device]);
    while (device.read() !== undefined);
  }
});
