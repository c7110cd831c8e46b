// Segments over a BroadcastChannel: hosts of three realms, of which one says what is no frame. Node's channel is the witness here; a
// browser's in test/browser.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPeer } from "./peer.js";
import { createSegment } from "./segment.js";
import { shareSegment } from "./share.js";

test("hosts on segments of one name are on one wire, and others are not", async () => {
  const there = (ip: string, host: number, name: string) => {
    const segment = createSegment();
    const shared = shareSegment(segment, name);
    return { peer: createPeer(segment.port(), { ip, mac: Uint8Array.of(2, 0, 0, 0, 0, host) }), shared };
  };
  const [first, second, other] = [
    there("10.0.0.1", 1, "lan"),
    there("10.0.0.2", 2, "lan"),
    there("10.0.0.3", 3, "wan"),
  ];
  const channel = new BroadcastChannel("solo5-segment:lan");
  for (const nonsense of ["frame", new Uint8Array(3), new Uint8Array(99_999), { length: 60 }, null])
    channel.postMessage(nonsense);
  assert.ok((await first.peer.ping("10.0.0.2")) !== undefined);
  assert.ok((await second.peer.ping("10.0.0.1")) !== undefined);
  assert.equal(await first.peer.ping("10.0.0.3", { timeoutMsecs: 50 }), undefined);
  for (const { shared } of [first, second, other]) shared.close();
  channel.close();
});
