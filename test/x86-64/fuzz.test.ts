// A short run of the fuzzer; `npm run fuzz` goes on for as long as one likes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { newInterpreter } from "../../src/engine/x86-64/interpreter.js";
import { findDifference } from "./fuzz.js";
import { whyNotNative } from "./native.js";

test("sequences do what they do on the CPU", { skip: whyNotNative() ?? false }, () => {
  assert.equal(findDifference(newInterpreter, { count: 2000, length: 12, seed: 11 }), undefined);
});
