// Ports of the PC: each is one device's, and what nobody drives reads as ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { stateIn } from "../../../bytes/plain.js";
import { nothing, portMap, type PortDevice } from "./ports.js";

const device = (...ports: PortDevice["ports"]): PortDevice => ({
  ports,
  in: () => 0,
  out() {},
  stateful: stateIn({}),
});

test("every port of a device leads to it, and a port of two is a mistake", () => {
  const [one, other] = [device([0x20, 0x21], [0xa0, 0xa0]), device([0x22, 0x22])];
  const map = portMap([one, other]);
  assert.deepEqual([...map.keys()], [0x20, 0x21, 0xa0, 0x22]);
  assert.equal(map.get(0xa0), one);
  assert.equal(map.get(0x22), other);
  assert.throws(() => portMap([one, device([0x21, 0x23])]), /two devices at port 0x21/);
});

test("nobody's port", () => {
  assert.deepEqual([nothing(1), nothing(2), nothing(4)], [0xff, 0xffff, 0xffff_ffff]);
});
