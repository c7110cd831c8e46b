// Byte strings put together and taken apart: any of them, and none that is cut or longer.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { decodeSections, encodeSections } from "./sections.js";

const names = ["first", "second", "third"] as const;
const any = fc.uint8Array({ maxLength: 20 });

test("sections come back as they were, wherever the bytes lie", () => {
  fc.assert(
    fc.property(any, any, any, fc.nat(9), (first, second, third, shift) => {
      const encoded = encodeSections(names, { first, second, third });
      const moved = new Uint8Array(shift + encoded.length);
      moved.set(encoded, shift);
      const found = decodeSections(names, moved.subarray(shift));
      assert.deepEqual(names.map((name) => [...(found?.[name] ?? [0])]), [[...first], [...second], [...third]]); // prettier-ignore
    }),
  );
});

test("what is cut anywhere, or goes on, is none", () => {
  const third = Uint8Array.of(4, 5, 6, 7, 8, 9, 10, 11, 12);
  const encoded = encodeSections(names, { first: Uint8Array.of(1, 2, 3), second: new Uint8Array(), third });
  for (let length = 0; length < encoded.length; length++)
    assert.equal(decodeSections(names, encoded.subarray(0, length)), undefined, `${length} bytes`);
  assert.equal(decodeSections(names, Uint8Array.of(...encoded, 0)), undefined);
});
