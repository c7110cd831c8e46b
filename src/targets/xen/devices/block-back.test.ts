// The disk's back end as a hostile guest meets it.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { BlockDevice } from "../../../device/contract.js";
import { createBlockBack } from "./block-back.js";
import { newFront, pages, pageSize, refOf } from "./front.cases.js";

const ringPage = pages.rings;
const ring = ringPage * pageSize;
const sectors = 32;

function connected() {
  const content = new Uint8Array(sectors * 512).map((_, i) => i >> 9);
  const inside = (offset: bigint, { length }: Uint8Array): void =>
    assert.ok(offset >= 0n && length % 512 === 0 && offset + BigInt(length) <= BigInt(content.length));
  const block: BlockDevice = {
    capacity: BigInt(content.length),
    blockSize: 512,
    read(offset, into) {
      inside(offset, into);
      into.set(content.subarray(Number(offset), Number(offset) + into.length));
      return 0;
    },
    write(offset, data) {
      inside(offset, data);
      content.set(data, Number(offset));
      return 0;
    },
    close() {},
  };
  const front = newFront((domain) => createBlockBack("disk", 3, block, domain, undefined));
  front.grant(ringPage);
  front.write("ring-ref", refOf(ringPage));
  front.view.setUint32(ring + 12, 1, true);
  front.write("state", 3);
  assert.equal(front.state(), "4");
  return { front, content };
}

interface Request {
  readonly operation: number;
  readonly count: number;
  readonly sector: bigint;
  readonly segments: readonly (readonly [number, number, number])[];
}

test("no ring and no grants make it touch what is not granted, or not there, answer for ever, or throw", () => {
  const sector = fc.oneof(
    fc.bigInt({ min: 0n, max: BigInt(sectors + 2) }),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(2n ** 55n, 2n ** 63n, 2n ** 64n - 1n),
  );
  const gref = fc.oneof(fc.integer({ min: pages.data, max: pages.all }), fc.nat(0xffff_ffff));
  const request = fc.record({
    operation: fc.oneof(fc.constantFrom(0, 1), fc.nat(255)),
    count: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.nat(255)),
    sector,
    segments: fc.array(fc.tuple(gref, fc.oneof(fc.nat(7), fc.nat(255)), fc.oneof(fc.nat(7), fc.nat(255))), {
      minLength: 11,
      maxLength: 11,
    }),
  });
  const step = fc.record({
    requests: fc.array(request, { maxLength: 10 }),
    flags: fc.array(fc.nat(31), { minLength: 16, maxLength: 16 }),
    end: fc.option(fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(31, 32, 33, 0xffff_ffff)), {
      nil: undefined,
    }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 5 }), (steps) => {
      const { front } = connected();
      let published = 0;
      const put = ({ operation, count, sector: start, segments }: Request): void => {
        const at = ring + 64 + (published++ % 32) * 112;
        front.view.setUint8(at, operation);
        front.view.setUint8(at + 1, count);
        front.view.setBigUint64(at + 16, start, true);
        segments.forEach(([ref, first, last], i) => {
          front.view.setUint32(at + 24 + 8 * i, ref, true);
          front.view.setUint8(at + 28 + 8 * i, first);
          front.view.setUint8(at + 29 + 8 * i, last);
        });
      };
      for (const { requests, flags, end } of steps) {
        flags.forEach((one, i) => front.grant(pages.data + 3 * i, one));
        requests.forEach(put);
        front.view.setUint32(ring, end ?? published, true);
        const before = front.bytes.slice();
        const given = before[ring + 8] ?? 0;
        front.send();
        assert.ok(((front.view.getUint8(ring + 8) - given) & 0xff) <= 32);
        for (let page = 0; page < pages.all; page++) {
          const entry = before.subarray(pages.grants * pageSize + 8 * page);
          const isWritable = page >= pages.data && ((entry[0] ?? 0) & 7) === 1;
          if (isWritable || page === pages.shared || page === ringPage) continue;
          const range = [page * pageSize, (page + 1) * pageSize] as const;
          assert.deepEqual(front.bytes.subarray(...range), before.subarray(...range), `${page}`);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("what a guest changes while it is looked at changes nothing: requests are copied", () => {
  const { front, content } = connected();
  front.grant(ringPage);
  // The ring's own page is what is read into: the answer lies in what was the request.
  const at = ring + 64;
  front.view.setUint8(at, 0);
  front.view.setUint8(at + 1, 2);
  front.view.setBigUint64(at + 8, 77n, true);
  for (const i of [0, 1]) {
    front.view.setUint32(at + 24 + 8 * i, refOf(ringPage), true);
    front.view.setUint8(at + 29 + 8 * i, 0);
  }
  front.view.setUint32(ring, 1, true);
  front.view.setBigUint64(at + 16, 0n, true);
  content.fill(0xff, 0, 1024);
  front.send();
  assert.equal(front.view.getBigUint64(at, true), 77n);
  assert.equal(front.view.getInt16(at + 10, true), 0);
});
