// DHCP messages: what is written is read, and anything may be read.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { codecCases } from "../../../test/ip/codec.cases.js";
import { lengthOf, maskOf, readDhcp, writeDhcp, type DhcpMessage } from "./message.js";

const address = fc.uint8Array({ minLength: 4, maxLength: 4 });
const message: fc.Arbitrary<DhcpMessage> = fc.record(
  {
    op: fc.constantFrom(1 as const, 2 as const),
    xid: fc.integer(),
    secs: fc.nat(0xffff),
    broadcast: fc.boolean(),
    ciaddr: address,
    yiaddr: address,
    siaddr: address,
    giaddr: address,
    chaddr: fc.uint8Array({ minLength: 6, maxLength: 6 }),
    type: fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8),
    options: fc
      .uniqueArray(
        fc.tuple(fc.constantFrom(1, 3, 6, 12, 50, 51, 61, 119), fc.uint8Array({ maxLength: 600 })),
        {
          selector: ([code]) => code,
          maxLength: 5,
        },
      ) // prettier-ignore
      .map((entries) => new Map(entries)),
  },
  { noNullPrototype: true },
);

codecCases({ message, write: writeDhcp, read: readDhcp });

test("masks and lengths", () => {
  for (let length = 0; length <= 32; length++) assert.equal(lengthOf(maskOf(length)), length);
  assert.deepEqual(maskOf(20), Uint8Array.of(255, 255, 240, 0));
});
