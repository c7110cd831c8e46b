// Two devices joined by a wire, frame by frame.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { result } from "../abi/start.js";
import { join } from "./join.js";
import { createSegment } from "./segment.js";

function joined() {
  const [left, right] = [createSegment(), createSegment()];
  const [here, there] = [left.port(), right.port()];
  // What came before the two were joined.
  here.write(new Uint8Array(14).fill(1));
  const part = join(left.port(), right.port());
  return { here, there, part };
}

test("frames cross both ways", async () => {
  const { here, there } = joined();
  here.write(new Uint8Array(14).fill(3));
  there.write(new Uint8Array(14).fill(5));
  await setImmediate();
  assert.equal(there.read()?.[0], 3);
  assert.equal(here.read()?.[0], 5);
  assert.equal(here.read(), undefined);
});

test("parted, nothing crosses, and both sides live on", async () => {
  const { here, there, part } = joined();
  part();
  here.write(new Uint8Array(14).fill(3));
  there.write(new Uint8Array(14).fill(5));
  await setImmediate();
  assert.deepEqual([here.readable, there.readable], [false, false]);
});

test("what waited on one side crosses when the two are joined", async () => {
  const [left, right] = [createSegment(), createSegment()];
  const [near, far] = [left.port(), right.port()];
  const bridge = left.port();
  near.write(new Uint8Array(14).fill(3));
  join(bridge, right.port());
  await setImmediate();
  assert.equal(far.read()?.[0], 3);
});

test("what the other side cannot take now waits, and nothing is lost or overtakes", async () => {
  const segment = createSegment();
  const [source, bridge] = [segment.port(), segment.port()];
  const taken: number[] = [];
  let room = 3;
  let wanted: (() => void) | undefined;
  join(bridge, {
    mtu: 1500,
    readable: false,
    read: () => undefined,
    onReadable() {},
    onWritable: (listener) => void (wanted = listener),
    write(frame) {
      if (room === 0) return result.again;
      room--;
      taken.push(frame[13] ?? -1);
      return result.ok;
    },
    close() {},
  });
  const all = Array.from({ length: 10 }, (_, i) => i);
  for (const i of all)
    source.write(Uint8Array.from({ length: 14 }, (_, at) => (at === 13 ? i : at < 6 ? 255 : 2)));
  await setImmediate();
  assert.deepEqual(taken, [0, 1, 2]);
  for (let rounds = 0; wanted !== undefined && rounds < 10; rounds++) {
    room = 2;
    const next = wanted as () => void;
    wanted = undefined;
    next();
  }
  assert.deepEqual(taken, all);
});
