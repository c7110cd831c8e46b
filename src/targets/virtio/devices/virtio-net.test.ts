// The network card at its registers and queues, with a host that the test is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { result } from "../../../abi/start.js";
import type { NetDevice } from "../../../net/contract.js";
import { createVirtioNet, type VirtioNet } from "./virtio-net.js";
import { newDriver } from "./virtio.cases.js";

const mac = Uint8Array.of(2, 1, 2, 3, 4, 5);
const slot = 0x40000;

function newCard(mtu = 1500) {
  const sent: Uint8Array[] = [];
  const coming: Uint8Array[] = [];
  const net: NetDevice = {
    mtu,
    write(frame) {
      sent.push(frame.slice());
      return sent.length > 1 ? result.again : result.ok;
    },
    read: () => coming.shift(),
    get readable() {
      return coming.length > 0;
    },
    onReadable: () => {},
    close: () => {},
  };
  let card: VirtioNet | undefined;
  const driver = newDriver((memory, place) => (card = createVirtioNet(memory, net, mac, place)));
  return { ...driver, sent, coming, pump: () => card?.pump() };
}

test("address and MTU", () => {
  const { register } = newCard(9000);
  assert.deepEqual(
    [20, 21, 22, 23, 24, 25].map((at) => register(at, 1)),
    [...mac],
  );
  assert.equal(register(30, 2), 9000);
  assert.equal(register(20, 4), 0x0302_0102);
  assert.equal(register(0, 4), 2 ** 29 + (1 << 5) + (1 << 3));
});

test("a frame out: the header stays here", () => {
  const card = newCard();
  card.start(2);
  card.bytes(slot, 80).set(Uint8Array.from({ length: 80 }, (_, i) => i));
  card.publish(1, [
    { at: slot, length: 10 },
    { at: slot + 10, length: 60 },
  ]);
  card.notify(1);
  assert.deepEqual(card.sent, [Uint8Array.from({ length: 60 }, (_, i) => i + 10)]);
  assert.deepEqual(card.used(1), [0]);
});

test("what is too short or too long for a frame is lost", () => {
  const card = newCard();
  card.start(2);
  for (const length of [0, 1, 13, 1519, 14]) card.publish(1, [{ at: slot, length: 10 + length }]);
  card.notify(1);
  assert.deepEqual(card.sent, [new Uint8Array(14)]);
  assert.equal(card.used(1).length, 5);
});

test("frames in: into the buffers that there are, the others are lost", () => {
  const card = newCard();
  card.coming.push(new Uint8Array(60));
  card.pump();
  assert.equal(card.coming.length, 0, "without a driver");
  card.start(2);
  card.publish(0, [{ at: slot, length: 1526, write: true }]);
  card.publish(0, [{ at: slot + 0x1000, length: 100, write: true }]);
  card.coming.push(new Uint8Array(60).fill(1), new Uint8Array(200).fill(2), new Uint8Array(90).fill(3));
  card.bytes(slot, 10).fill(0xee);
  card.pump();
  assert.deepEqual(card.used(0), [70, 100], "the second fits into no buffer of 100 bytes");
  assert.deepEqual([...card.bytes(slot, 12)], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  assert.equal(card.bytes(slot + 0x1000, 100)[99], 3);
  assert.equal(card.isHigh(), true);
  card.set(18, 0, 1);
  assert.equal(card.isHigh(), false);
});

test("whoever looks on is told of each frame, also of a lost one", () => {
  const card = newCard();
  card.start(2, 2 ** 29);
  for (const _ of [1, 2]) card.publish(1, [{ at: slot, length: 70 }]);
  card.notify(1);
  card.publish(0, [{ at: slot, length: 1526, write: true }]);
  card.coming.push(new Uint8Array(60).fill(1), new Uint8Array(61).fill(2));
  card.pump();
  const device = "device";
  assert.deepEqual(card.told, [
    { device, name: "driverOk", args: ["features 0x20000000"], results: [] },
    { device, name: "transmit", args: ["0,0", 60], results: [] },
    { device, name: "transmit", args: ["0,0", 60], results: ["lost"] },
    { device, name: "receive", args: ["1,1", 60], results: [] },
    { device, name: "receive", args: ["2,2", 61], results: ["lost"] },
  ]);
});
