// Packets in whatever pieces they come, damaged and hostile ones. The examples' checksums are computed by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { createPacketReader, encodePacket, packetSize } from "./packet.js";

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const readAll = (data: Uint8Array) => createPacketReader()(data);

test("what gdb sends first", () => {
  // 0x63 is `c`; the sum of "OK" is 0x4f + 0x4b = 0x9a.
  assert.deepEqual(readAll(bytes("+$c#63-\x03$OK#9A")), [
    { kind: "ack" },
    { kind: "packet", data: "c" },
    { kind: "nak" },
    { kind: "interrupt" },
    { kind: "packet", data: "OK" },
  ]);
  assert.deepEqual(encodePacket("OK"), bytes("$OK#9a"));
});

test("escapes: a byte that means something is sent as } and itself with bit 5 changed", () => {
  assert.deepEqual(encodePacket("#"), bytes("$}\x03#80"));
  assert.deepEqual(readAll(bytes("$}\x03#80")), [{ kind: "packet", data: "#" }]);
  assert.deepEqual(readAll(bytes("$}#7d")), [{ kind: "damaged" }]);
});

test("any data survives, cut at every byte", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (data) => {
      const text = String.fromCharCode(...data);
      const wire = encodePacket(text);
      for (let cut = 0; cut <= wire.length; cut++) {
        const read = createPacketReader();
        const items = [...read(wire.subarray(0, cut)), ...read(wire.subarray(cut))];
        assert.deepEqual(items, [{ kind: "packet", data: text }]);
      }
    }),
  );
});

test("one wrong bit in the data or the checksum is noticed", () => {
  const wire = encodePacket("m100000,40");
  for (let at = 1; at < wire.length; at++) {
    if (at === wire.length - 3) continue;
    for (let bit = 0; bit < 7; bit++) {
      const wrong = wire.slice();
      wrong[at] = (wrong[at] ?? 0) ^ (1 << bit);
      const items = [...readAll(wrong)];
      const isSameDigit = String.fromCharCode(...wrong).toLowerCase() === String.fromCharCode(...wire);
      if (!isSameDigit)
        assert.ok(!items.some(({ kind }) => kind === "packet"), String.fromCharCode(...wrong));
    }
  }
});

test("a packet without an end takes no more memory than a packet may", () => {
  const read = createPacketReader();
  assert.deepEqual(read(bytes("$")), []);
  for (let i = 0; i < 100; i++) assert.deepEqual(read(new Uint8Array(packetSize).fill(0x61)), []);
  assert.deepEqual(read(bytes("#00")), [{ kind: "damaged" }]);
  assert.deepEqual(read(encodePacket("g")), [{ kind: "packet", data: "g" }]);
});

test("no bytes make the reader throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (pieces) => {
      const read = createPacketReader();
      for (const piece of pieces) read(piece);
    }),
  );
});
