// Frames with codes in datagrams: what is lost is lost, but nothing is taken twice, from others or of another time.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { keyedDatagrams, type KeyedDatagrams } from "./keyed-datagrams.js";

const key = Buffer.from("a key of the tests, 32 bytes long");
const frame = (seed: number, length = 60): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i + seed) & 255);

interface Side {
  readonly datagrams: KeyedDatagrams;
  readonly got: Uint8Array[];
  readonly said: Uint8Array[];
}
let clock = 0;
function side(own: Uint8Array = key): Side {
  const [got, said]: [Uint8Array[], Uint8Array[]] = [[], []];
  const datagrams = keyedDatagrams(own, {
    receive: (one) => got.push(one),
    send: (one) => said.push(Uint8Array.from(one)),
    now: () => (clock += 1000),
  });
  return { datagrams, got, said };
}
/** Carries everything to and fro until nothing is said. Gives what was carried. */
function carry(a: Side, b: Side): readonly Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let rounds = 0; a.said.length > 0 || b.said.length > 0; rounds++) {
    assert.ok(rounds < 20, "they do not come to an end");
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      for (const one of from.said.splice(0)) {
        all.push(one);
        to.datagrams.push(one);
      }
  }
  return all;
}
function pair(): readonly [Side, Side] {
  const [a, b] = [side(), side()];
  a.datagrams.greet();
  carry(a, b);
  assert.ok(a.datagrams.isReady && b.datagrams.isReady);
  return [a, b];
}
const sent = ({ datagrams, said }: Side, one: Uint8Array): Uint8Array => {
  datagrams.sendFrame(one);
  return said.pop() ?? assert.fail();
};

test("in any order, with any lost and any repeated, each frame arrives once at most", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(99), { maxLength: 300 }), (order) => {
      const [a, b] = pair();
      const all = Array.from({ length: 100 }, (_, i) => sent(a, frame(i, 20 + i)));
      for (const i of order) b.datagrams.push(all[i] ?? assert.fail());
      assert.deepEqual(
        b.got,
        [...new Set(order)].map((i) => frame(i, 20 + i)),
      );
    }),
  );
});

test("the code is what the file's head says, by Node's HMAC", () => {
  const a = side();
  a.datagrams.greet();
  const [hello = assert.fail()] = a.said;
  const own = hello.subarray(1, 17);
  const label = Buffer.from("solo5 segment datagram");
  const code = (...parts: readonly Uint8Array[]): Uint8Array =>
    createHmac("sha256", key).update(Buffer.concat(parts)).digest().subarray(0, 16);
  const zeros = Buffer.alloc(16);
  assert.deepEqual(
    Buffer.from(hello),
    Buffer.concat([Buffer.alloc(1), own, zeros, code(label, Buffer.alloc(1), own, zeros)]),
  );
  const nonce = Buffer.alloc(16, 9);
  a.datagrams.push(Buffer.concat([Buffer.alloc(1), nonce, own, code(label, Buffer.alloc(1), nonce, own)]));
  const one = frame(3);
  const made = sent(a, one);
  const counter = Buffer.alloc(8);
  assert.deepEqual(
    Buffer.from(made),
    Buffer.concat([Buffer.of(1), counter, code(label, Buffer.of(1), counter, own, nonce, one), one]),
  );
});

test("what is changed anywhere, reflected, or of another key is nothing", () => {
  const [a, b] = pair();
  const one = sent(a, frame(1));
  for (let i = 0; i < one.length; i++) b.datagrams.push(one.map((byte, at) => (at === i ? byte ^ 1 : byte)));
  for (let length = 0; length < one.length; length++) b.datagrams.push(one.subarray(0, length));
  a.datagrams.push(one);
  assert.deepEqual([a.got, b.got], [[], []]);
  b.datagrams.push(one);
  assert.equal(b.got.length, 1);
  const [c, other] = [side(), side(Buffer.from("another key, of as many bytes too"))];
  c.datagrams.greet();
  other.datagrams.greet();
  carry(c, other);
  assert.deepEqual([c.datagrams.isReady, other.datagrams.isReady], [false, false]);
  const mirror = side();
  mirror.datagrams.greet();
  for (const said of mirror.said.splice(0)) mirror.datagrams.push(said);
  assert.deepEqual([mirror.datagrams.isReady, mirror.said], [false, []]);
});

test("who begins anew is understood again, and nothing of before is", () => {
  const [a, b] = pair();
  const old = [sent(a, frame(1)), sent(a, frame(2))];
  const anew = side();
  // It did not hear what was said to the one before.
  anew.datagrams.greet();
  carry(anew, a);
  for (const one of old) {
    anew.datagrams.push(one);
    b.datagrams.push(one);
  }
  assert.deepEqual([anew.got, b.got.length], [[], 2]);
  anew.datagrams.push(sent(a, frame(3)));
  a.datagrams.push(sent(anew, frame(4)));
  assert.deepEqual([anew.got, a.got], [[frame(3)], [frame(4)]]);
  // Even where the greeting that would have made it known was lost: the first frame is.
  const late = side();
  late.datagrams.greet();
  for (const one of late.said.splice(0)) a.datagrams.push(one);
  for (const one of a.said.splice(0)) late.datagrams.push(one);
  late.said.length = 0;
  assert.ok(late.datagrams.isReady);
  late.datagrams.push(sent(a, frame(5)));
  carry(late, a);
  late.datagrams.push(sent(a, frame(6)));
  assert.deepEqual(late.got, [frame(6)]);
});

test("greetings of before, said again, change nothing", () => {
  const [a, b] = [side(), side()];
  a.datagrams.greet();
  const before = carry(a, b);
  const [c, d] = [side(), side()];
  c.datagrams.greet();
  carry(c, d);
  for (const one of before) {
    c.datagrams.push(one);
    d.datagrams.push(one);
  }
  // They may be answered, but not believed.
  carry(c, d);
  d.datagrams.push(sent(c, frame(7)));
  c.datagrams.push(sent(d, frame(8)));
  assert.deepEqual([c.got, d.got], [[frame(8)], [frame(7)]]);
});

test("bytes of no sense throw nothing", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 120 })), (all) => {
      const [a] = pair();
      for (const one of all) a.datagrams.push(one);
      assert.deepEqual(a.got, []);
    }),
  );
});
