// Addresses, with Node's own parser and the URL standard's serializer as witnesses.
import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";
import { commonBits, formatAddress, inPrefix, isBroadcast, interfaceAddress, parseAddress, parsePrefix, solicitedNode, tryParseAddress } from "./address.js"; // prettier-ignore

const likeAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.array(fc.constantFrom("0", "1", "ff", "255", "256", "01", "12345", "", ".", ":", "::", "1.2.3.4", "g"), { maxLength: 12 }).map((parts) => parts.join("")), // prettier-ignore
  fc.array(fc.constantFrom("0", "a1", "", "1.2.3.4"), { maxLength: 9 }).map((parts) => parts.join(":")),
);

test("what is an address: as Node has it", () => {
  fc.assert(
    fc.property(likeAddress, (text) => {
      const parsed = tryParseAddress(text);
      assert.equal(parsed === undefined ? 0 : parsed.length === 4 ? 4 : 6, isIP(text), text);
    }),
    { numRuns: 3000 },
  );
});

test("how it is written: as a URL has it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 0, 0, 1, 0x10, 0xffff), { minLength: 8, maxLength: 8 }),
      (groups) => {
        const text = groups.map((group) => group.toString(16)).join(":");
        const written = formatAddress(parseAddress(text));
        assert.deepEqual(parseAddress(written), parseAddress(text));
        // A URL writes mapped addresses in hexadecimal; RFC 5952, 5 recommends dots.
        if (!written.includes(".")) assert.equal(`[${written}]`, new URL(`http://[${text}]/`).hostname);
      },
    ),
  );
  assert.equal(formatAddress(parseAddress("::ffff:192.0.2.1")), "::ffff:192.0.2.1");
  assert.equal(formatAddress(parseAddress("10.0.255.1")), "10.0.255.1");
});

test("prefixes, broadcasts, and the addresses that follow from others", () => {
  assert.ok(inPrefix(parseAddress("10.1.2.3"), parsePrefix("10.1.0.0/16")));
  assert.ok(!inPrefix(parseAddress("10.2.2.3"), parsePrefix("10.1.0.0/16")));
  assert.ok(inPrefix(parseAddress("2001:db8::1"), parsePrefix("::/0")));
  assert.ok(!inPrefix(parseAddress("10.1.2.3"), parsePrefix("::/0")));
  assert.equal(commonBits(parseAddress("fe80::1"), parseAddress("fe80::3")), 126);
  for (const [address, prefix, is] of [
    ["10.0.0.255", "10.0.0.1/24", true],
    ["10.0.0.3", "10.0.0.2/30", true],
    ["10.0.0.3", "10.0.0.2/31", false],
    ["10.0.0.255", "10.0.0.1/16", false],
    ["10.0.255.255", "10.0.0.1/16", true],
  ] as const)
    // prettier-ignore
    assert.equal(isBroadcast(parseAddress(address), parsePrefix(prefix)), is, `${address} of ${prefix}`);
  // RFC 4291, 2.7.1 and appendix A.
  assert.equal(formatAddress(solicitedNode(parseAddress("4037::01:800:200e:8c6c"))), "ff02::1:ff0e:8c6c");
  assert.equal(formatAddress(interfaceAddress(Uint8Array.of(0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde))), "fe80::3656:78ff:fe9a:bcde"); // prettier-ignore
  for (const bad of ["10.0.0.1/33", "10.0.0.1/", "10.0.0.1/8/8", "x/8", "::/129", "10.0.0/8"]) assert.throws(() => parsePrefix(bad), { code: "ADDRESS" }, bad); // prettier-ignore
});
