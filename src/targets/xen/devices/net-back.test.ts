// The network's back end as a hostile guest meets it: whatever stands in rings and grants, it reads and writes granted pages alone,
// answers no more than there were requests, and comes to an end.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { NetDevice } from "../../../net/contract.js";
import { newFront, pages, pageSize, refOf, type Front } from "./front.cases.js";
import { createNetBack, type NetBack } from "./net-back.js";

const mac = Uint8Array.of(2, 0, 0, 0, 0, 7);
const [txPage, rxPage] = [pages.rings, pages.rings + 1];
const tx = txPage * pageSize;
const rx = rxPage * pageSize;

/** A device that keeps what it is given, and gives what it is told to. */
function device(mtu = 1500): NetDevice & { readonly sent: Uint8Array[]; readonly incoming: Uint8Array[] } {
  const [sent, incoming] = [[] as Uint8Array[], [] as Uint8Array[]];
  return {
    sent,
    incoming,
    mtu,
    get readable() {
      return incoming.length > 0;
    },
    write(frame) {
      sent.push(frame.slice());
      return 0;
    },
    read: () => incoming.shift(),
    onReadable() {},
    close() {},
  };
}

function connected(mtu?: number) {
  const net = device(mtu);
  let back: NetBack | undefined;
  const front = newFront((domain) => (back = createNetBack("net", net, mac, domain, undefined)));
  front.grant(txPage);
  front.grant(rxPage);
  front.write("tx-ring-ref", refOf(txPage));
  front.write("rx-ring-ref", refOf(rxPage));
  front.write("request-rx-copy", 1);
  front.write("feature-sg", 1);
  front.view.setUint32(tx + 12, 1, true);
  front.view.setUint32(rx + 12, 1, true);
  front.write("state", 4);
  assert.equal(front.state(), "4");
  return { front, net, pump: () => back?.pump() };
}

/** By docs/abi.md 11.6: grant, offset, flags, number, size. */
function request(
  front: Front,
  index: number,
  fields: readonly [number, number, number, number, number],
): void {
  const at = tx + 64 + (index % 256) * 12;
  const [gref, ...rest] = fields;
  front.view.setUint32(at, gref, true);
  rest.forEach((value, i) => front.view.setUint16(at + 4 + 2 * i, value, true));
}

test("the address is told, a frame of three pieces is sent, and each request answered", () => {
  const { front, net } = connected();
  assert.equal(front.read("mac"), "02:00:00:00:00:07");
  for (const page of [pages.data, pages.data + 1]) {
    front.grant(page, 5);
    front.bytes.fill(page, page * pageSize, (page + 1) * pageSize);
  }
  request(front, 0, [refOf(pages.data), 4000, 4, 11, 300]);
  request(front, 1, [refOf(pages.data + 1), 0, 4, 12, 150]);
  request(front, 2, [refOf(pages.data), 1, 0, 13, 60]);
  front.view.setUint32(tx, 3, true);
  front.send();
  const [sent] = net.sent;
  assert.deepEqual([...(sent ?? [])], [...Array.from({ length: 90 }, () => 16), ...Array.from({ length: 150 }, () => 17), ...Array.from({ length: 60 }, () => 16)]); // prettier-ignore
  assert.equal(front.view.getUint32(tx + 8, true), 3);
  assert.deepEqual(
    [0, 1, 2].map((i) => [
      front.view.getUint16(tx + 64 + 12 * i, true),
      front.view.getInt16(tx + 66 + 12 * i, true),
    ]),
    [[11, 0], [12, 0], [13, 0]], // prettier-ignore
  );
  assert.ok(front.isTold());
});

test("what is no request, page or frame is answered as an error, and sends nothing", () => {
  const bad: readonly (readonly [number, number, number, number, number])[] = [
    [refOf(40), 0, 0, 1, 60], // not granted
    [100_000, 0, 0, 1, 60], // no such grant
    [refOf(pages.data), 4090, 0, 1, 60], // over the page's end
    [refOf(pages.data), 0, 0, 1, 13], // less than a header
    [refOf(pages.data), 0, 0, 1, 1600], // more than the MTU
    [refOf(pages.data), 0, 0, 1, 0],
    [refOf(pages.data), 0, 4, 1, 60], // goes on in nothing
  ];
  for (const fields of bad) {
    const { front, net } = connected();
    front.grant(pages.data);
    request(front, 0, fields);
    front.view.setUint32(tx, 1, true);
    front.send();
    assert.equal(net.sent.length, 0);
    assert.equal(front.view.getInt16(tx + 66, true), -1, fields.join());
  }
});

test("a frame that comes lies in as many pages as it needs; without them it is lost", () => {
  const { front, net, pump } = connected(9000);
  const offer = (count: number, from: number): void => {
    for (let i = from; i < from + count; i++) {
      front.grant(pages.data + i);
      front.view.setUint16(rx + 64 + 8 * i, 100 + i, true);
      front.view.setUint32(rx + 64 + 8 * i + 4, refOf(pages.data + i), true);
    }
    front.view.setUint32(rx, from + count, true);
  };
  const frame = new Uint8Array(9000).map((_, i) => i * 7);
  offer(2, 0);
  net.incoming.push(frame);
  pump();
  assert.equal(front.view.getUint32(rx + 8, true), 0, "two pages are too few");
  offer(1, 2);
  net.incoming.push(frame);
  pump();
  assert.equal(front.view.getUint32(rx + 8, true), 3);
  const answers = [0, 1, 2].map((i) =>
    [0, 2, 4, 6].map((at) => front.view.getInt16(rx + 64 + 8 * i + at, true)),
  );
  assert.deepEqual(answers, [[100, 0, 4, 4096], [101, 0, 4, 4096], [102, 0, 0, 808]]); // prettier-ignore
  const start = pages.data * pageSize;
  assert.deepEqual(front.bytes.slice(start, start + 9000), frame);
});

test("a front end that tells nothing of use is not connected, and may try again", () => {
  const keys = { "tx-ring-ref": refOf(txPage), "rx-ring-ref": refOf(rxPage), "request-rx-copy": 1 };
  for (const [key, value] of [
    ["tx-ring-ref", "none"],
    ["rx-ring-ref", 99],
    ["rx-ring-ref", "99999999999"],
    ["request-rx-copy", 0],
    ["event-channel", 77],
    ["event-channel", ""],
  ] as const) {
    const front = newFront((domain) => createNetBack("net", device(), mac, domain, undefined));
    const port = front.read("event-channel") ?? "";
    front.grant(txPage);
    front.grant(rxPage);
    for (const [name, one] of Object.entries(keys)) front.write(name, one);
    front.write(key, value);
    front.write("state", 4);
    assert.equal(front.state(), "5", `${key} ${value}`);
    const flags = (page: number): number => front.view.getUint16(pages.grants * pageSize + 8 * page, true);
    assert.deepEqual([flags(txPage), flags(rxPage)], [1, 1], "no grant is held");
    front.write("state", 6);
    front.write("state", 1);
    front.write("event-channel", port);
    for (const [name, one] of Object.entries(keys)) front.write(name, one);
    front.write("state", 4);
    assert.equal(front.state(), "4");
    assert.deepEqual([flags(txPage), flags(rxPage)], [0x19, 0x19]);
  }
});

test("no rings and no grants make it touch what is not granted, answer for ever, or throw", () => {
  const word = fc.oneof(
    fc.nat(0xffff_ffff),
    fc.constantFrom(0, 1, 2, 255, 256, 257, 0x8000_0000, 0xffff_ffff),
  );
  const half = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 4, 8, 12, 13, 60, 1514, 4095, 4096, 0xffff));
  const gref = fc.oneof(fc.integer({ min: pages.data, max: pages.all }), word);
  const step = fc.record({
    requests: fc.array(fc.tuple(gref, half, half, half, half), { maxLength: 20 }),
    offers: fc.array(fc.tuple(half, gref), { maxLength: 20 }),
    flags: fc.array(fc.nat(31), { minLength: 10, maxLength: 10 }),
    ends: fc.record({ tx: word, rx: word }, { requiredKeys: [] }),
    frames: fc.array(fc.integer({ min: 1, max: 9018 }), { maxLength: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const { front, net, pump } = connected(9000);
      let [sent, offered] = [0, 0];
      for (const { requests, offers, flags, ends, frames } of steps) {
        flags.forEach((one, i) => front.grant(pages.data + 3 * i, one));
        for (const fields of requests) request(front, sent++, fields);
        for (const [id, ref] of offers) {
          const at = rx + 64 + (offered++ % 256) * 8;
          front.view.setUint16(at, id, true);
          front.view.setUint32(at + 4, ref, true);
        }
        front.view.setUint32(tx, ends.tx ?? sent, true);
        front.view.setUint32(rx, ends.rx ?? offered, true);
        const before = front.bytes.slice();
        net.incoming.push(...frames.map((size) => new Uint8Array(size).fill(0xee)));
        front.send();
        pump();
        assert.equal(net.incoming.length, 0);
        for (const frame of net.sent) assert.ok(frame.length >= 14 && frame.length <= 9018);
        const mayChange = (page: number): boolean => {
          const entry = before.subarray(pages.grants * pageSize + 8 * page);
          const isWritable = page >= pages.data && ((entry[0] ?? 0) & 7) === 1 && entry[2] === 0;
          return isWritable || page === pages.shared || page === txPage || page === rxPage;
        };
        for (let page = 0; page < pages.all; page++) {
          const range = [page * pageSize, (page + 1) * pageSize] as const;
          if (!mayChange(page))
            assert.deepEqual(front.bytes.subarray(...range), before.subarray(...range), `${page}`);
        }
      }
    }),
    { numRuns: 150 },
  );
});
