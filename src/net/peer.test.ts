// The peer, with the frames and sums that RFC 826, 792 and 1071 write down.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import * as fc from "fast-check";
import { checksum, createPeer } from "./peer.js";
import { createSegment } from "./segment.js";

const macs = [Uint8Array.of(2, 0, 0, 0, 0, 1), Uint8Array.of(2, 0, 0, 0, 0, 2)] as const;
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
const peerMac = "020000000001";

/** A peer at 10.0.0.1 and a bare port beside it. */
function setting() {
  const segment = createSegment({ mtu: 9000 });
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: macs[0] });
  return { segment, peer, port: segment.port() };
}

test("RFC 1071's own example, odd lengths, and the sum that includes itself", () => {
  assert.equal(checksum(hex("0001 f203 f4f5 f6f7")), 0x220d);
  assert.equal(checksum(hex("0001 f203 f4f5 f6")), ~(0xddf2 - 0xf7) & 0xffff);
  // The header of Wikipedia's article on the IPv4 checksum.
  assert.equal(checksum(hex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7")), 0xb861);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 99 }), (data) => {
      data.set([0, 0], 2);
      const sum = checksum(data);
      data.set([sum >> 8, sum & 255], 2);
      assert.equal(checksum(data), 0);
    }),
  );
});

test("answers ARP for its own address only: RFC 826", async () => {
  const { port } = setting();
  const ask = (ip: string): Uint8Array =>
    hex(`ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 0a000002 000000000000 ${ip}`);
  port.write(ask("0a000001"));
  port.write(ask("0a000003"));
  await setImmediate();
  assert.deepEqual(
    port.read(),
    hex(`020000000002 ${peerMac} 0806 0001 0800 06 04 0002 ${peerMac} 0a000001 020000000002 0a000002`),
  );
  assert.equal(port.read(), undefined);
});

/** An echo request from 10.0.0.2 to 10.0.0.1, with a payload of 8 bytes. */
const request = hex(
  `${peerMac} 020000000002 0800
   45 00 0024 1234 4000 40 01 14a3 0a000002 0a000001
   08 00 3c17 abcd 0007 0102030405060708`,
);

test("answers echo requests: RFC 792", async () => {
  const { port } = setting();
  // The checksums of the request by another way than the code's.
  const words = (from: number, to: number): number => {
    let sum = 0;
    for (let i = from; i < to; i += 2) sum += (request[i] ?? 0) * 256 + (request[i + 1] ?? 0);
    return sum % 0xffff;
  };
  assert.deepEqual([words(14, 34), words(34, 50)], [0, 0]);
  port.write(request);
  await setImmediate();
  const reply = port.read() ?? new Uint8Array();
  assert.equal(reply.length, request.length);
  assert.deepEqual(reply.subarray(0, 14), hex(`020000000002 ${peerMac} 0800`));
  assert.deepEqual(reply.subarray(26, 34), hex("0a000001 0a000002"));
  assert.equal(reply[34], 0);
  assert.deepEqual(reply.subarray(38), request.subarray(38));
  assert.equal(checksum(reply.subarray(14, 34)), 0);
  assert.equal(checksum(reply.subarray(34)), 0);
});

test("says nothing to what is damaged, cut or for somebody else", async () => {
  const { port } = setting();
  const changed = (at: number, value: number): Uint8Array => {
    const frame = request.slice();
    frame[at] = value;
    return frame;
  };
  for (const frame of [
    changed(49, 0), // the checksum is wrong
    changed(33, 3), // another address
    changed(23, 17), // UDP
    changed(14, 0x44), // a header of 16 bytes
    changed(14, 0x4f), // a header longer than the packet
    changed(17, 0xff), // longer than the frame
    changed(17, 20), // without ICMP
    ...Array.from({ length: 34 }, (_, i) => request.slice(0, 14 + i)),
    hex(`${peerMac} 020000000002 0806 0001 0800 06 04 0001`),
  ])
    port.write(frame);
  await setImmediate();
  assert.equal(port.read(), undefined);
});

test("survives any frame", async () => {
  const { port } = setting();
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 14, maxLength: 80 }),
      fc.constantFrom(0x00, 0x06),
      (data, type) => {
        data.set([8, type], 12);
        port.write(data);
      },
    ),
    { seed: 5010, numRuns: 2000 },
  );
  await setImmediate();
  while (port.read() !== undefined);
  port.write(request);
  await setImmediate();
  assert.equal(port.read()?.[34], 0);
});

test("peers ping each other, and time out where nobody is", async () => {
  const { segment, peer } = setting();
  createPeer(segment.port(), { ip: "10.0.0.2", mac: macs[1] });
  for (const size of [0, 1, 56, 8972]) {
    const msecs = await peer.ping("10.0.0.2", { size });
    assert.ok(msecs !== undefined && msecs >= 0 && msecs < 1000, `${size} bytes: ${msecs}`);
  }
  assert.equal(await peer.ping("10.0.0.9", { timeoutMsecs: 20 }), undefined);
});

test("a neighbour that falls silent is a ping without an answer", async () => {
  const { segment, peer } = setting();
  const port = segment.port();
  createPeer(port, { ip: "10.0.0.2", mac: macs[1] });
  assert.notEqual(await peer.ping("10.0.0.2"), undefined);
  port.close();
  assert.equal(await peer.ping("10.0.0.2", { timeoutMsecs: 20 }), undefined);
});

test("many pings at once are told apart", async () => {
  const { segment, peer } = setting();
  createPeer(segment.port(), { ip: "10.0.0.2", mac: macs[1] });
  await peer.ping("10.0.0.2");
  const all = await Promise.all(Array.from({ length: 100 }, () => peer.ping("10.0.0.2")));
  assert.ok(all.every((msecs) => msecs !== undefined));
});
