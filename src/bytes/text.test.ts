// Text from bytes and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { hex, printable, textUntilNul, withNul } from "./text.js";

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
