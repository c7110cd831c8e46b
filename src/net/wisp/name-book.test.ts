// Addresses that stand for names.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatAddress, parseAddress } from "../../ip/index.js";
import { createNameBook } from "./name-book.js";

test("a name has one address, an address one name", () => {
  const book = createNameBook();
  const [first] = book.lookup("a.example", 4);
  assert.equal(first && formatAddress(first), "198.18.0.1");
  assert.deepEqual(book.lookup("A.Example", 4), [first]);
  assert.deepEqual(book.lookup("a.example", 6), []);
  assert.equal(book.nameOf(parseAddress("198.18.0.1")), "a.example");
  assert.equal(book.nameOf(parseAddress("198.18.0.2")), undefined);
  assert.equal(book.nameOf(parseAddress("10.0.0.1")), undefined);
});

test("there are as many as there are addresses; then the first is forgotten", () => {
  const book = createNameBook();
  const count = 2 ** 17 - 2;
  const seen = new Set<string>();
  for (let i = 0; i < count; i++) seen.add(formatAddress(book.lookup(`name-${i}`, 4)[0] ?? assert.fail()));
  assert.equal(seen.size, count);
  assert.ok(!seen.has("198.18.0.0") && !seen.has("198.19.255.255"));
  assert.deepEqual(book.lookup("one more", 4), [parseAddress("198.18.0.1")]);
  assert.equal(book.nameOf(parseAddress("198.18.0.1")), "one more");
  assert.notDeepEqual(book.lookup("name-0", 4), [parseAddress("198.18.0.1")]);
});
