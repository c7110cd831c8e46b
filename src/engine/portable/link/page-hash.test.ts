// Hashes tell pages apart, by what they hold and by which they are; beyond memory there is none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pageSize } from "../../../bytes/align.js";
import { pageHash } from "./page-hash.js";

test("every bit of a page counts, and its number; beyond the end of memory there is no page", () => {
  const memory = new Uint8Array(2 * pageSize + 100);
  const empty = pageHash(memory, 1);
  assert.notEqual(pageHash(memory, 0), empty);
  const seen = new Set([empty]);
  for (let bit = 0; bit < 8 * pageSize; bit += 997) {
    const at = pageSize + (bit >> 3);
    memory[at] = 1 << (bit & 7);
    seen.add(pageHash(memory, 1));
    memory[at] = 0;
  }
  assert.equal(seen.size, 1 + Math.ceil((8 * pageSize) / 997));
  assert.equal(pageHash(memory, 1), empty);
  assert.deepEqual(
    [2, 3].map((page) => pageHash(memory, page)),
    [-1, -1],
  );
});
