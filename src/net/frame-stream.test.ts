// Frames on a stream, cut anywhere. That it is QEMU's format, test/segments.test.ts has QEMU say.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createFrameReader, frameLength } from "./frame-stream.js";

test("frames come out as they went in, wherever the stream is cut", () => {
  const frames = fc.array(fc.uint8Array({ minLength: 14, maxLength: 300 }), { maxLength: 8 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, cuts) => {
      const stream = Buffer.concat(sent.flatMap((frame) => [frameLength(frame.length), frame]));
      const got: Uint8Array[] = [];
      const reader = createFrameReader((frame) => got.push(frame));
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = cuts[i % cuts.length] ?? 1;
        assert.equal(reader.push(stream.subarray(at, at + size)), true);
        at += size;
      }
      assert.deepEqual(
        got,
        sent.map((frame) => new Uint8Array(frame)),
      );
    }),
  );
});

test("what is no frame ends it, and nothing comes after", () => {
  for (const length of [0, 13, 0x10001, 0xffff_ffff]) {
    const reader = createFrameReader(() => assert.fail());
    assert.equal(reader.push(frameLength(length)), false);
    assert.equal(reader.push(new Uint8Array(100)), false);
  }
});
