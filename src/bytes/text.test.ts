// Text from bytes and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeText, encodeText, hex, printable, textUntilNul, withNul } from "./text.js";

test("text ends at the first NUL, or at the end", () => {
  assert.equal(textUntilNul(Uint8Array.of(97, 98, 0, 99, 0)), "ab");
  assert.equal(textUntilNul(Uint8Array.of(97, 98, 0, 99, 0), 3), "c");
  assert.equal(textUntilNul(Uint8Array.of(97, 98)), "ab");
  assert.equal(textUntilNul(Uint8Array.of(97), 5), "");
  assert.equal(textUntilNul(Uint8Array.of(0xff, 97)), "\ufffda");
});

test("text without NUL survives", () => {
  const text = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0"));
  fc.assert(fc.property(text, (text) => assert.equal(textUntilNul(withNul(text)), text)));
});

test("bytes survive, UTF-8 or not, and UTF-8 is the text that it is", () => {
  const mixed = fc.array(
    fc.oneof(
      fc.uint8Array(),
      fc.string({ unit: "grapheme" }).map((text) => new TextEncoder().encode(text)),
    ),
  );
  const roundTrip = (data: Uint8Array): void => {
    const text = decodeText(data);
    assert.deepEqual(Buffer.from(encodeText(text)), Buffer.from(data));
    const plain = Buffer.from(data).toString();
    if (!plain.includes("\ufffd")) assert.equal(text, plain);
  };
  fc.assert(fc.property(mixed, (parts) => roundTrip(Buffer.concat(parts))));
  // As Python's surrogateescape has it: an overlong NUL, half a surrogate pair, a character cut short.
  assert.equal(
    decodeText(Uint8Array.of(0x61, 0xc0, 0x80, 0xed, 0xb2, 0x80, 0xe2, 0x82)),
    "a\udcc0\udc80\udced\udcb2\udc80\udce2\udc82",
  );
});

test("a byte order mark is text like any other", () => {
  assert.equal(textUntilNul(Uint8Array.of(0xef, 0xbb, 0xbf, 97)), "\ufeffa");
});

test("a stranger's text stays on its line and cannot steer a terminal", () => {
  assert.equal(printable("a\nb\u001b[2J\u0085\u2028\u202eé✓"), "a\\u000ab\\u001b[2J\\u0085\\u2028\\u202eé✓");
});

test("numbers in messages are hexadecimal", () => {
  assert.equal(hex(0x1f), "0x1f");
  assert.equal(hex(2n ** 64n - 1n), "0xffffffffffffffff");
});
