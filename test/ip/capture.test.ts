// tshark looks at a capture of everything that stacks say: every protocol, errors with what they quote, fragments, losses.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import {
  createDhcpClient,
  createDhcpServer,
  createDnsClient,
  createDnsForwarder,
  parseAddress,
  parsePrefix,
  recordType,
  responseCode,
  type Stack,
} from "../../src/ip/index.js";
import { needs } from "../needs.js";
import { be16, be32, ipFrame } from "./forge.js";
import { createPair, macs } from "./pair.js";
import { createPcap } from "./pcap-file.js";
import { inspect } from "./tshark.js";

const gateway4 = parseAddress("10.0.0.2");
const gateway6 = parseAddress("fd00::2");

function transfer(stack: Stack, to: string, port: number, size: number): void {
  const connection = stack.tcp.connect({ remote: { address: parseAddress(to), port } }, {});
  connection.handlers = {
    readable() {
      while (connection.read() !== undefined);
      if (connection.ended) connection.end();
    },
  };
  connection.write(new Uint8Array(size));
  connection.end();
}

test("tshark finds nothing wrong with anything that is sent", { skip: needs.program("tshark") }, async () => {
  const pair = createPair({
    seed: 9,
    weather: { loss: 0.02, jitter: 2 },
    a: { addresses: [], autoconfigure: true },
    b: { anyAddress: true, advertise: { prefixes: [parsePrefix("fd00::/64")], dnsServers: [gateway6] } },
  });
  const { world, a, b, frames } = pair;
  const clock = { now: () => world.now, wake() {}, entropy: (into: Uint8Array) => into.fill(3) };
  createDhcpServer(b, { address: "10.0.0.2/24", first: "10.0.0.1", count: 5, routers: ["10.0.0.2"], dnsServers: ["10.0.0.2"], domainName: "example.test", hostName: "guest", mtu: 1500, now: clock.now }); // prettier-ignore
  createDnsForwarder(b, {
    resolve: ({ name, type }) =>
      Promise.resolve({
        code: name === "none.test" ? responseCode.noName : responseCode.ok,
        answers: Array.from({ length: type === recordType.txt ? 20 : 2 }, () => ({ name, type, class: 1, ttl: 9, data: type === recordType.a ? gateway4 : type === recordType.aaaa ? gateway6 : Uint8Array.from([99, ...new Uint8Array(99).fill(97)]) })), // prettier-ignore
      }),
  });
  const dhcp = createDhcpClient(a, clock, { mac: macs[0], hostName: "guest", onLease() {} });
  world.run(world.now + 20_000);

  b.tcp.listen({ port: 80 }, (connection) => {
    connection.handlers = {
      readable() {
        for (let data; (data = connection.read()) !== undefined;) connection.write(data);
        if (connection.ended) connection.end();
      },
    };
  });
  b.tcp.intercept((offer) =>
    offer.refuse(offer.local.port === 1 ? undefined : offer.local.port === 2 ? "host" : "prohibited"),
  );
  for (const to of ["10.0.0.2", "fd00::2"]) transfer(a, to, 80, 200_000);
  for (const to of ["192.0.2.1", "2001:db8::1"]) for (const port of [1, 2, 3]) transfer(a, to, port, 10);
  const names = createDnsClient(a, clock, { servers: () => [gateway4, gateway6] });
  const asked = Promise.allSettled([
    names.resolve("two.test"),
    names.query("long.test", recordType.txt),
    names.resolve("none.test"),
  ]);
  const socket = a.udp.bind({}, () => true);
  for (const remote of [gateway4, gateway6]) {
    // Nobody is there: an error comes back, which quotes a fragmented datagram as far as it goes.
    socket.send({ address: remote, port: 9 }, new Uint8Array(4000));
    a.icmp.ping({ remote, identifier: 1, sequence: 1, data: new Uint8Array(20_000) });
  }
  // What makes the gateway complain: an unknown protocol, an unknown option, a fragment that stays alone.
  const to4 = { fromMac: macs[0], toMac: macs[1], from: parseAddress("10.0.0.1"), to: gateway4 };
  const to6 = { ...to4, from: parseAddress("fd00::1"), to: gateway6 };
  b.receive(ipFrame(to4, 99, new Uint8Array(30)));
  b.receive(ipFrame(to6, 99, new Uint8Array(30)));
  b.receive(ipFrame(to6, 60, Uint8Array.from([59, 0, 0x80, 4, 0, 0, 0, 0])));
  b.receive(ipFrame(to4, 17, new Uint8Array(64), { fragment: 0x2000 }));
  b.receive(ipFrame(to6, 44, Uint8Array.from([17, 0, ...be16(1), ...be32(5), ...new Uint8Array(64)])));
  let done = false;
  void asked.then(() => (done = true));
  for (let i = 0; i < 5000 && !done; i++) {
    world.run(world.now + 20);
    await setImmediate();
  }
  assert.deepEqual(
    (await asked).map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected"],
  );
  world.run(world.now + 90_000);
  dhcp.release();
  a.close();
  world.run(world.now + 1000);

  const folder = mkdtempSync(join(tmpdir(), "solo5-ip-"));
  const pcap = createPcap(join(folder, "all.pcap"));
  for (const frame of frames) pcap.frame(frame);
  pcap.close();
  try {
    assert.equal(await inspect(join(folder, "all.pcap")), frames.length);
    // The judge is awake: one bit, and it says so.
    const spoilt = createPcap(join(folder, "spoilt.pcap"));
    const frame = frames.find((one) => one[12] === 8 && one[23] === 6 && one.length > 500)?.slice() ?? assert.fail("no data was sent"); // prettier-ignore
    frame[400] = (frame[400] ?? 0) ^ 1;
    spoilt.frame(frame);
    spoilt.close();
    await assert.rejects(inspect(join(folder, "spoilt.pcap")));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
