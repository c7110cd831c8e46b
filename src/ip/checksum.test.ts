// The checksum against its definition (RFC 1071, 1), and SipHash against its paper's values.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { adds, checksum } from "./checksum.js";
import { siphash } from "./siphash.js";
import { concat } from "./wire.js";

/** Big numbers, and one division at the end: 0xffff stands for 0, as it does among one's complement sums. */
function defined(bytes: Uint8Array): number {
  const padded = bytes.length % 2 === 0 ? bytes : concat(bytes, Uint8Array.of(0));
  let sum = 0n;
  for (let i = 0; i < padded.length; i += 2) sum += BigInt((padded[i] ?? 0) * 256 + (padded[i + 1] ?? 0));
  const folded = sum === 0n ? 0n : ((sum - 1n) % 0xffffn) + 1n;
  return 0xffff - Number(folded);
}

test("the checksum of anything, anywhere in a buffer", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 600 }),
      fc.nat(5),
      fc.nat(5),
      fc.nat(0xffff),
      (bytes, before, skip, start) => {
        const buffer = concat(new Uint8Array(before).fill(0xee), bytes).subarray(Math.min(before, skip));
        const at = before - Math.min(before, skip);
        assert.equal(checksum(buffer, at, at + bytes.length), defined(bytes));
        const field = checksum(buffer, at, at + bytes.length, start);
        if (bytes.length % 2 === 0) assert.ok(adds(concat(bytes, Uint8Array.of(field >> 8, field)), 0, bytes.length + 2, start)); // prettier-ignore
      },
    ),
  );
  assert.equal(
    checksum(new Uint8Array(65_535).fill(255), 0, 65_535),
    defined(new Uint8Array(65_535).fill(255)),
  );
});

test("SipHash-2-4, appendix A", () => {
  const count = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i);
  assert.deepEqual(
    siphash(count(16), count(15)).map((half) => half >>> 0),
    [0x49be45e5, 0xa129ca61],
  );
});
