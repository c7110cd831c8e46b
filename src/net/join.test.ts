// Two devices joined by a wire, frame by frame.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
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
