// The frame queue against a plain list, and when it tells of frames.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createFrameQueue, queueLimit } from "./queue.js";

test("behaves as a list that forgets what it cannot hold", () => {
  const step = fc.oneof(
    fc.record({ push: fc.integer({ min: 1, max: 700 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 700 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const queue = createFrameQueue();
      const model: Uint8Array[] = [];
      for (const step of steps) {
        for (let i = 0; "push" in step && i < step.push; i++) {
          const frame = new Uint8Array(1);
          assert.equal(queue.push(frame), model.length < queueLimit);
          if (model.length < queueLimit) model.push(frame);
        }
        for (let i = 0; "read" in step && i < step.read; i++) {
          assert.equal(queue.readable, model.length > 0);
          assert.equal(queue.read(), model.shift());
        }
      }
    }),
    { seed: 5010 },
  );
});

test("the listener is told once for a burst, and later than the push", async () => {
  const queue = createFrameQueue();
  let told = 0;
  queue.onReadable(() => told++);
  queue.push(new Uint8Array(1));
  queue.push(new Uint8Array(1));
  assert.equal(told, 0);
  await Promise.resolve();
  assert.equal(told, 1);
  queue.push(new Uint8Array(1));
  await Promise.resolve();
  assert.equal(told, 2);
});
