// Plain data as CBOR. Witness: the examples of RFC 8949, appendix A, of the types that there are here.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Plain } from "../bytes/plain.js";
import { BadData, decodePlain, encodePlain } from "./cbor.js";
import { decodeSnapshot, encodeSnapshot } from "./snapshot.js";

const examples: readonly (readonly [value: Plain, hex: string])[] = [
  [0, "00"],
  [10, "0a"],
  [23, "17"],
  [24, "1818"],
  [1000, "1903e8"],
  [1_000_000, "1a000f4240"],
  [1_000_000_000_000, "1b000000e8d4a51000"],
  [-1, "20"],
  [-100, "3863"],
  [-1000, "3903e7"],
  [18_446_744_073_709_551_616n, "c249010000000000000000"],
  [-18_446_744_073_709_551_617n, "c349010000000000000000"],
  [1.1, "fb3ff199999999999a"],
  [-4.1, "fbc010666666666666"],
  [1.0e300, "fb7e37e43c8800759c"],
  [false, "f4"],
  [true, "f5"],
  [null, "f6"],
  [undefined, "f7"],
  [new Uint8Array(), "40"],
  [Uint8Array.of(1, 2, 3, 4), "4401020304"],
  ["", "60"],
  ["IETF", "6449455446"],
  ["\u00fc", "62c3bc"],
  ["\u6c34", "63e6b0b4"],
  [[], "80"],
  [[1, [2, 3], [4, 5]], "8301820203820405"],
  [{}, "a0"],
  [{ a: 1, b: [2, 3] }, "a26161016162820203"],
];

test("values are the RFC's bytes, both ways", () => {
  for (const [value, hex] of examples) {
    assert.equal(Buffer.from(encodePlain(value)).toString("hex"), hex);
    assert.deepEqual(decodePlain(Buffer.from(hex, "hex")), value);
  }
});

const plain: fc.Arbitrary<Plain> = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(undefined, null, true, false, -0, Number.NaN, 2 ** 53, -(2 ** 60)),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array(),
    fc.array(tie("value")),
    fc.dictionary(fc.string(), tie("value"), { noNullPrototype: true }),
  ),
})).value;

test("what is written is read", () => {
  fc.assert(fc.property(plain, (value) => assert.deepEqual(decodePlain(encodePlain(value)), value)));
});

test("what is cut off or damaged is refused, and nothing else happens", () => {
  fc.assert(
    fc.property(plain, fc.nat(), fc.nat(255), (value, place, byte) => {
      const data = encodePlain(value);
      for (let length = 0; length < data.length; length++)
        assert.throws(() => decodePlain(data.subarray(0, length)), BadData);
      data[place % data.length] = byte;
      try {
        decodePlain(data);
      } catch (error) {
        assert.ok(error instanceof BadData, String(error));
      }
    }),
  );
  assert.throws(() => decodePlain(new Uint8Array(100_000).fill(0x81)), BadData);
});

test("a snapshot of another version is refused with its number", () => {
  const parts = { cpu: { rip: 1n }, session: [1, 2] };
  assert.deepEqual(decodeSnapshot(encodeSnapshot(parts), "one"), parts);
  const other = encodePlain(["solo5 snapshot", 2, {}]);
  assert.throws(
    () => decodeSnapshot(other, "one"),
    /^Solo5Error: one: a snapshot of version 2, and this is 1: take it anew$/,
  );
  assert.throws(() => decodeSnapshot(Uint8Array.of(1), "one"), /one: not a snapshot$/);
  assert.throws(() => decodeSnapshot(Uint8Array.of(0x81), "one"), /one: damaged, or no snapshot: /);
});
