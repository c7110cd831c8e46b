// Frames with codes between two who share a key; who has another, repeats, leaves out, changes or reflects is found.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { keyedStream, type FrameStream } from "./keyed-stream.js";

const key = Buffer.from("a key of the tests, 32 bytes long");
const frame = (seed: number, length = 60): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i + seed) & 255);

interface Side {
  readonly stream: FrameStream;
  readonly got: Uint8Array[];
  readonly said: Uint8Array[];
}
function side(own: Uint8Array): Side {
  const [got, said]: [Uint8Array[], Uint8Array[]] = [[], []];
  const stream = keyedStream(
    own,
    (one) => got.push(one),
    (bytes) => said.push(bytes),
  );
  said.push(stream.greeting);
  return { stream, got, said };
}
const send = ({ stream }: Side, one: Uint8Array): Uint8Array => Buffer.concat(stream.encode(one));
/** Two who have greeted each other. */
function pair(): readonly [Side, Side] {
  const [a, b] = [side(key), side(key)];
  for (let i = 0; i < 2; i++)
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      for (const bytes of from.said.splice(0)) assert.equal(to.stream.push(bytes), "taken");
  assert.ok(a.stream.isReady && b.stream.isReady);
  return [a, b];
}

test("frames arrive, wherever the stream is cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 14, max: 2000 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 500 }),
      (lengths, cut) => {
        const [a, b] = pair();
        const sent = lengths.map((length, i) => frame(i, length));
        const bytes = Buffer.concat(sent.map((one) => send(a, one)));
        for (let at = 0; at < bytes.length; at += cut)
          assert.equal(b.stream.push(bytes.subarray(at, at + cut)), "taken");
        assert.deepEqual(b.got, sent);
      },
    ),
  );
});

test("the code is what the file's head says, by Node's HMAC", () => {
  const a = side(key);
  const nonce = Buffer.alloc(16, 9);
  a.stream.push(nonce);
  const [own = assert.fail(), first = assert.fail()] = a.said;
  const code = createHmac("sha256", key)
    .update(Buffer.concat([Buffer.alloc(8), own, nonce]))
    .digest()
    .subarray(0, 16);
  assert.deepEqual(Buffer.from(first), Buffer.concat([Buffer.alloc(4), code]));
});

test("another key is refused at once, whatever it is", () => {
  const [a, b] = [side(key), side(Buffer.from("another key, of as many bytes too"))];
  for (const bytes of b.said.splice(0)) a.stream.push(bytes);
  const outcomes = a.said.map((bytes) => b.stream.push(bytes));
  assert.deepEqual(outcomes, ["taken", "refused"]);
  assert.deepEqual(b.got, []);
});

test("what is changed, repeated, left out, out of order or reflected ends it", () => {
  const changes: readonly ((records: readonly Buffer[], a: Side) => readonly Uint8Array[])[] = [
    ([one = Buffer.alloc(0)]) => [
      Buffer.from(one.map((byte, i) => (i === one.length - 1 ? byte ^ 1 : byte))),
    ],
    ([one = Buffer.alloc(0)]) => [one, one],
    ([, two = Buffer.alloc(0)]) => [two],
    ([one = Buffer.alloc(0), two = Buffer.alloc(0)]) => [two, one],
  ];
  for (const change of changes) {
    const [a, b] = pair();
    const records = [1, 2].map((seed) => Buffer.from(send(a, frame(seed))));
    const outcomes = change(records, a).map((bytes) => b.stream.push(bytes));
    assert.ok(outcomes.includes("broken"), outcomes.join());
    assert.ok(b.got.length <= 1);
  }
  const mirror = side(key);
  assert.equal(mirror.stream.push(mirror.stream.greeting), "broken");
  // Codes of one connection are of no use in another.
  const [a, b] = pair();
  const other = pair()[1];
  assert.equal(b.stream.push(send(a, frame(1))), "taken");
  assert.equal(other.stream.push(send(a, frame(2))), "broken");
});
