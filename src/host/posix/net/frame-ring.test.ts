// Frames through shared memory: every one that had room arrives, whole and in order, however writing and reading alternate.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { frameRingMemory, frameRingReader, frameRingWriter } from "./frame-ring.js";

const frame = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 0xff);

test("what a queue does", () => {
  const length = fc.oneof(fc.integer({ min: 1, max: 1600 }), fc.integer({ min: 1, max: 65_536 }));
  const step = fc.oneof(
    fc.record({ write: length, times: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ read: fc.integer({ min: 1, max: 60 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = frameRingMemory();
      const [writer, reader] = [frameRingWriter(memory), frameRingReader(memory)];
      const expected: Uint8Array[] = [];
      let seed = 0;
      let isFull = false;
      for (const step of steps) {
        if ("write" in step) {
          for (let i = 0; i < step.times; i++) {
            const room = writer.room();
            // The reader tells of room also where the writer has met with some since.
            isFull ||= room === undefined;
            if (room === undefined) break;
            const data = frame(step.write, seed++);
            room.set(data);
            writer.commit(data.length);
            expected.push(data);
          }
          continue;
        }
        for (let i = 0; i < step.read; i++) {
          assert.equal(reader.readable, expected.length > 0);
          const next = expected.shift();
          const got = reader.read();
          assert.ok(
            got === undefined ? next === undefined : Buffer.from(got).equals(next ?? Buffer.alloc(0)),
          );
          if (reader.shouldResume()) {
            assert.ok(isFull);
            isFull = false;
            assert.ok(writer.room() !== undefined);
          }
        }
      }
      for (const next of expected) assert.ok(Buffer.from(reader.read() ?? []).equals(next));
      assert.equal(reader.read(), undefined);
    }),
    { numRuns: 40 },
  );
});

test("the reader is told once until it has looked, and the writer when there is room again", () => {
  const memory = frameRingMemory();
  const [writer, reader] = [frameRingWriter(memory), frameRingReader(memory)];
  const send = (): boolean => {
    const isRoom = writer.room() !== undefined;
    if (isRoom) writer.commit(60_000);
    return isRoom;
  };
  send();
  assert.deepEqual([writer.shouldTell(), writer.shouldTell()], [true, false]);
  reader.acknowledge();
  assert.equal(writer.shouldTell(), true);
  assert.equal(reader.shouldResume(), false);
  while (send());
  let count = 0;
  for (; !reader.shouldResume(); count++) assert.ok(reader.read() !== undefined);
  assert.ok(count > 4 && send(), `after ${count} frames`);
  assert.equal(reader.shouldResume(), false);
});
