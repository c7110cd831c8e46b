// The segment as a learning switch: who gets which frame.
import assert from "node:assert/strict";
import { test } from "node:test";
import { result } from "../abi/start.js";
import { netDeviceCases } from "./net-device.cases.js";
import { createSegment } from "./segment.js";

netDeviceCases("port of a segment", () => {
  const segment = createSegment();
  const [device, far] = [segment.port(), segment.port()];
  return {
    device,
    send: (frame) => void far.write(frame),
    receive: async () => far.read(),
    close: () => device.close(),
  };
});

/** A frame from station `from` to station `to`; 255 is everybody. */
function frame(from: number, to: number): Uint8Array {
  const data = new Uint8Array(60);
  data.set(to === 255 ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 0, to]);
  data.set([2, 0, 0, 0, 0, from], 6);
  return data;
}
/** A segment with stations 0, 1, 2 and a note of who got the last frame. */
function stations() {
  const segment = createSegment();
  const ports = [segment.port(), segment.port(), segment.port()];
  const got = (): readonly number[] => {
    const got = ports.flatMap(({ readable }, i) => (readable ? [i] : []));
    for (const port of ports) while (port.read() !== undefined);
    return got;
  };
  const send = (from: number, to: number): readonly number[] => {
    assert.equal(ports[from]?.write(frame(from, to)), result.ok);
    return got();
  };
  return { ports, send };
}

test("frames go to everybody else until the station is known, then to it alone", () => {
  const { send } = stations();
  assert.deepEqual(send(0, 1), [1, 2]);
  assert.deepEqual(send(1, 0), [0]);
  assert.deepEqual(send(0, 1), [1]);
  assert.deepEqual(send(2, 255), [0, 1]);
});

test("what is for the sender's own side goes nowhere", () => {
  const { send } = stations();
  send(0, 255);
  assert.deepEqual(send(0, 0), []);
});

test("a station that moves is found at its new port", () => {
  const { ports, send } = stations();
  send(0, 255);
  ports[2]?.write(frame(0, 255));
  assert.deepEqual(send(1, 0).includes(2), true);
});

test("a port that is closed gets nothing, and its stations are forgotten", () => {
  const { ports, send } = stations();
  send(2, 255);
  ports[2]?.close();
  assert.deepEqual(send(0, 2), [1]);
});

test("each port has its own bytes of a frame", () => {
  const { ports } = stations();
  ports[0]?.write(frame(0, 255));
  ports[1]?.read()?.fill(0);
  assert.deepEqual(ports[2]?.read(), frame(0, 255));
});

test("what is no frame, or longer than the MTU and a tag, is invalid", () => {
  const port = createSegment({ mtu: 100 }).port();
  assert.equal(port.mtu, 100);
  assert.equal(port.write(new Uint8Array(13)), result.invalid);
  assert.equal(port.write(new Uint8Array(14)), result.ok);
  assert.equal(port.write(new Uint8Array(118)), result.ok);
  assert.equal(port.write(new Uint8Array(119)), result.invalid);
});

test("a guest that invents addresses does not fill the memory of the segment", () => {
  const segment = createSegment();
  const [liar, known, other] = [segment.port(), segment.port(), segment.port()];
  known.write(frame(1, 255));
  for (let i = 0; i < 10_000; i++) {
    const data = frame(0, 1);
    new DataView(data.buffer).setUint16(8, i);
    liar.write(data);
  }
  while (other.read() !== undefined);
  while (known.read() !== undefined);
  liar.write(frame(9, 1));
  assert.deepEqual([known.readable, other.readable], [true, false]);
});
