// What segment:NAME[/IP] stands for: which devices share a segment, and which hosts are on it, by the frames they send.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { NetDevice } from "./contract.js";
import { segmentOpener, segmentScheme } from "./segments.js";

/** Who answers an ARP request for 10.0.0.`host`: the senders' hardware addresses. */
async function answers(device: NetDevice, host: number): Promise<string[]> {
  const from = [2, 9, 9, 9, 9, 9];
  const request = [0, 1, 8, 0, 6, 4, 0, 1, ...from, 10, 0, 0, 99, 0, 0, 0, 0, 0, 0, 10, 0, 0, host];
  assert.equal(device.write(Uint8Array.of(255, 255, 255, 255, 255, 255, ...from, 8, 6, ...request)), 0);
  await setImmediate();
  const senders: string[] = [];
  for (let frame; (frame = device.read()) !== undefined;) {
    const isReply = frame[21] === 2;
    if (isReply) senders.push(frame.subarray(6, 12).join(":"));
  }
  return senders;
}

const openSegment = segmentOpener(() => assert.fail(), String);
const context = {
  mtu: 1500,
  clock: { monotonic: () => 0n, wall: () => 0n },
  say() {},
  failed: (message: string) => assert.fail(message),
};
function open(value: string): NetDevice {
  const source = segmentScheme.parse(value);
  assert.ok(source !== undefined);
  assert.equal(segmentScheme.format(source), value);
  return openSegment(source, context);
}

test("devices of one name share a segment; a peer is there once, with an address of its own", async () => {
  const first = open("segment:lan/10.0.0.1");
  const devices = [
    first,
    open("segment:lan/10.0.0.1"),
    open("segment:lan/10.0.0.2"),
    open("segment:wan"),
  ] as const;
  const [, , second, other] = devices;
  assert.equal((await answers(first, 1)).length, 1);
  assert.equal((await answers(second, 1)).length, 1);
  assert.notDeepEqual(await answers(first, 1), await answers(first, 2));
  assert.deepEqual(await answers(other, 1), []);
  for (const device of devices) device.close();
});

test("a segment lasts as long as a unikernel is on it", async () => {
  const first = open("segment:lan/10.0.0.1");
  const second = open("segment:lan");
  first.close();
  assert.equal((await answers(second, 1)).length, 1);
  second.close();
  const later = open("segment:lan");
  assert.deepEqual(await answers(later, 1), []);
  later.close();
});

test("where it is shared is read as it is written; beyond this host with a key, or on purpose without", () => {
  for (const value of [
    "segment:lan@unix:/run/lan",
    "segment:lan/10.0.0.1@unix:./lan@x",
    "segment:lan@tcp:127.0.0.1:7000",
    "segment:lan@tcp:[::1]:7000",
    "segment:lan@tcp:10.0.0.1:7000,key=./k",
    "segment:lan@tcp:[fd00::1]:7000,key=k,insecure",
    "segment:lan@tcp:10.0.0.1:7000,insecure",
    "segment:lan@udp:127.0.0.1:7000,to=127.0.0.1:7001",
    "segment:lan@udp:[::]:7000,to=[fd00::1]:7001,insecure",
    "segment:lan@udp:10.0.0.2:7000,to=10.0.0.1:7001,key=/etc/lan.key",
  ]) {
    const source = segmentScheme.parse(value);
    assert.equal(source && segmentScheme.format(source), value);
  }
  assert.deepEqual(segmentScheme.parse("segment:lan@/run/lan")?.at, { path: "/run/lan" });
  for (const at of ["tcp:127.0.0.1:70000", "tcp:localhost:7", "udp:127.0.0.1:7", "lan", "unix:"])
    assert.throws(() => segmentScheme.parse(`segment:lan@${at}`), {
      code: "NET",
      message: /is none of unix:PATH, tcp:IP:PORT/,
    });
  for (const at of [
    "tcp:10.0.0.1:7000",
    "tcp:[fd00::1]:7000",
    "tcp:0.0.0.0:7000",
    "udp:127.0.0.1:7000,to=10.0.0.1:7001",
  ])
    assert.throws(() => segmentScheme.parse(`segment:lan@${at}`), {
      code: "NET",
      message: /anybody could join/,
    });
});

test("what is no segment is left to others, and a bad one is refused", () => {
  assert.equal(segmentScheme.parse("tap0"), undefined);
  for (const value of ["segment:", "segment:a b", "segment:lan/"]) {
    assert.throws(() => segmentScheme.parse(value), {
      code: "NET",
      message: new RegExp(`interface: ${value}: not of the form`),
    });
  }
  for (const ip of ["10.0.0.256", "10.0.0", "10.0.0.1.1", "x"]) {
    assert.throws(() => segmentScheme.parse(`segment:lan/${ip}`), {
      code: "ADDRESS",
      message: `not an IPv4 address: ${ip}`,
    });
  }
});
