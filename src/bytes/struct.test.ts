// Layouts, reading and writing of structs, by the rules of C that the specifications follow.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { array, bytes, encode, i32, i64, packed, struct, u16, u32, u64, u8, viewOf } from "./struct.js";

test("fields lie where C's natural alignment puts them", () => {
  const inner = struct(16, { a: u8, b: u64 });
  const outer = struct(40, { x: u16, inner, y: u8, z: array(u32, 3) });
  assert.deepEqual(inner.offsets, { a: 0, b: 8 });
  assert.deepEqual(outer.offsets, { x: 0, inner: 8, y: 24, z: 28 });
  assert.equal(outer.align, 8);
});

test("packed fields have no padding in front of them", () => {
  assert.deepEqual(struct(12, { events: u32, data: packed(u64) }).offsets, { events: 0, data: 4 });
});

test("a struct that is not as large as its specification says does not load", () => {
  assert.throws(() => struct(12, { a: u32, b: u64 }), {
    name: "RangeError",
    message: "struct of 12 bytes has fields of 16",
  });
});

test("integers are little endian, and signed where they say so", () => {
  const layout = struct(32, { a: u16, b: u32, c: i32, d: u64, e: i64 });
  const data = encode(layout, { a: 0x1234, b: 0xfffffffe, c: -2, d: 0x0102030405060708n, e: -3n });
  assert.equal(
    Buffer.from(data).toString("hex"),
    "34120000feffffff feffffff00000000 0807060504030201 fdffffffffffffff".replaceAll(" ", ""),
  );
});

test("what is written is read back", () => {
  const layout = struct(40, { a: u8, b: u16, c: u32, d: i32, e: u64, f: bytes(5), g: array(i32, 2) });
  const value = fc.record({
    a: fc.nat(0xff),
    b: fc.nat(0xffff),
    c: fc.nat(0xffffffff),
    d: fc.integer(),
    e: fc.bigInt(0n, 2n ** 64n - 1n),
    f: fc.uint8Array({ minLength: 5, maxLength: 5 }),
    g: fc.tuple(fc.integer(), fc.integer()),
  });
  fc.assert(
    fc.property(value, fc.nat(9), (expected, at) => {
      const data = new Uint8Array(layout.size + 10).fill(0xee);
      layout.write(viewOf(data), at, expected);
      assert.deepEqual({ ...layout.read(viewOf(data), at) }, { ...expected });
      assert.ok(data.subarray(0, at).every((byte) => byte === 0xee));
      assert.ok(data.subarray(at + layout.size).every((byte) => byte === 0xee));
    }),
  );
});

test("bytes are copied, filled with zeros and never longer than the field", () => {
  const data = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const read = bytes(2).read(viewOf(data), 1);
  read[0] = 99;
  assert.deepEqual(data, Uint8Array.of(1, 2, 3, 4, 5, 6));
  bytes(3).write(viewOf(data), 1, Uint8Array.of(9));
  bytes(1).write(viewOf(data), 5, Uint8Array.of(7, 8));
  assert.deepEqual(data, Uint8Array.of(1, 9, 0, 0, 5, 7));
});

test("no field reads or writes outside its view, even where the buffer goes on", () => {
  const view = viewOf(new Uint8Array(16).subarray(4, 8));
  for (const field of [u8, u16, u32, bytes(2)] as const) {
    const at = 5 - field.size;
    assert.throws(() => field.read(view, at), RangeError);
    assert.throws(() => field.read(view, -1), RangeError);
    assert.throws(
      () => field.write(view, at, (field.size === 2 ? new Uint8Array(2) : 0) as never),
      RangeError,
    );
  }
});
