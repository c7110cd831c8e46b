// Digits against Buffer's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { hexText } from "./hex.js";

test("two digits a byte, as Buffer has them", () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(hexText(every), Buffer.from(every).toString("hex"));
  assert.equal(hexText(Uint8Array.of(2, 0, 0xab, 0, 0, 1), ":"), "02:00:ab:00:00:01");
  assert.equal(hexText(new Uint8Array()), "");
});
