// Frames that nobody honest sends: no exception, no growth beyond the bounds, and afterwards the stack serves as before.
import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "node:test";
import {
  createDhcpClient,
  createDhcpServer,
  createDnsForwarder,
  parseAddress,
  parsePrefix,
  responseCode,
  type Stack,
} from "../../src/ip/index.js";
import { be16, be32, ipFrame, mended, tcpFrame, type Ends } from "./forge.js";
import { createPair, macs, type Pair } from "./pair.js";
import { randomFrom } from "./world.js";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const heap = (): number => {
  // What buffers lie outside of the heap is given back while the next collection begins.
  for (let i = 0; i < 3; i++) collectGarbage();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
};
const runs = Number(process.env["SOLO5_IP_RUNS"] ?? 20_000);

const connections = 200;
const peer: Ends = {
  fromMac: macs[0],
  toMac: macs[1],
  from: parseAddress("10.0.0.1"),
  to: parseAddress("10.0.0.2"),
};
const peer6: Ends = { ...peer, from: parseAddress("fd00::1"), to: parseAddress("fd00::2") };

/** A gateway with everything that listens, and a guest. */
function createWorldWithGateway(): Pair {
  const pair = createPair({
    a: { addresses: ["fd00::1/64"], autoconfigure: true, tcp: { connections } },
    b: { anyAddress: true, tcp: { connections, halfOpen: 50 }, advertise: { prefixes: [parsePrefix("fd00::/64")], dnsServers: [parseAddress("fd00::2")] } }, // prettier-ignore
  });
  const { world, b } = pair;
  createDhcpServer(b, {
    address: "10.0.0.2/24",
    first: "10.0.0.1",
    count: 20,
    routers: ["10.0.0.2"],
    now: () => world.now,
  });
  createDnsForwarder(b, { resolve: () => Promise.resolve({ code: responseCode.noName, answers: [] }) });
  b.udp.bind({ port: "any" }, () => true);
  b.udp.bind({ port: 9 }, () => false);
  b.tcp.listen({ port: 80 }, (connection) => {
    connection.handlers = {
      readable() {
        for (let data; (data = connection.read()) !== undefined;) connection.write(data);
        if (connection.ended) connection.end();
      },
    };
  });
  b.tcp.intercept((offer) =>
    offer.local.port % 3 === 0 ? offer.refuse() : offer.local.port % 3 === 1 ? offer.accept({}) : undefined,
  );
  return pair;
}

/** One exchange of each kind, whose frames are the seeds of what follows. */
function talk({ world, a }: Pair): void {
  createDhcpClient(
    a,
    { now: () => world.now, wake() {}, entropy: (into) => into.fill(7) },
    { mac: macs[0], onLease() {} },
  );
  world.run(world.now + 3000);
  echo(a, "10.0.0.2", 80);
  echo(a, "fd00::2", 80);
  echo(a, "192.0.2.7", 1000);
  const socket = a.udp.bind({}, () => true);
  socket.send({ address: peer.to, port: 53 }, new Uint8Array(40));
  socket.send({ address: peer.to, port: 9 }, new Uint8Array(5000));
  socket.send({ address: peer6.to, port: 9 }, new Uint8Array(5000));
  for (const { to } of [peer, peer6])
    a.icmp.ping({ remote: to, identifier: 1, sequence: 1, data: new Uint8Array(3000) });
  world.run(world.now + 3000);
}

/** Sends `frame(i)` for each of `runs`; the heap of the second half must not be larger than that of the first. */
function flood({ world, frames }: Pair, send: (i: number) => void): void {
  let before = 0;
  for (let i = 0; i < runs; i++) {
    if (i === runs >> 1) before = heap();
    send(i);
    if (i % 50 !== 0) continue;
    world.run(world.now + 5);
    frames.length = 0;
  }
  const grown = heap() - before;
  assert.ok(grown < 6_000_000, `${grown} bytes more`);
}

/** Whether bytes come back. */
function echo(stack: Stack, to: string, port: number): { readonly ok: () => boolean } {
  let came = 0;
  const connection = stack.tcp.connect({ remote: { address: parseAddress(to), port } }, {});
  connection.handlers = {
    readable() {
      for (let data; (data = connection.read()) !== undefined;) came += data.length;
      if (connection.ended) connection.close();
    },
  };
  connection.write(new Uint8Array(3000));
  connection.end();
  return { ok: () => came === 3000 };
}

function stillServes({ world, a }: Pair): void {
  world.run(world.now + 400_000);
  const [four, six] = [echo(a, "10.0.0.2", 80), echo(a, "fd00::2", 80)];
  world.run(world.now + 100_000);
  assert.deepEqual([four.ok(), six.ok()], [true, true]);
}

test("frames that were changed anywhere, cut anywhere, or made up", () => {
  const pair = createWorldWithGateway();
  talk(pair);
  const { world, a, b, frames } = pair;
  const seeds = [
    ...new Map(frames.map((frame) => [`${frame.length} ${frame.slice(12, 60).join()}`, frame])).values(),
  ].slice(0, 200);
  const random = randomFrom(99);
  const below = (n: number): number => Math.floor(random() * n);
  const change = (): Uint8Array => {
    let frame = (seeds[below(seeds.length)] ?? new Uint8Array(60)).slice();
    for (let i = below(4); i >= 0; i--) {
      const kind = below(6);
      if (kind === 0) frame = frame.slice(0, below(frame.length + 1));
      else if (kind === 1)
        frame = new Uint8Array([...frame, ...Array.from({ length: below(60) }, () => below(256))]);
      else if (kind === 2) frame[14 + below(60)] = [0, 1, 0x7f, 0x80, 0xff][below(5)] ?? 0;
      else if (kind === 3) frame[below(frame.length)] = below(256);
      else if (kind === 4)
        frame.set(
          be32(below(2 ** 32)).slice(0, Math.max(0, frame.length - 60)),
          Math.min(frame.length, 34 + below(26)),
        );
      else frame[14 + below(Math.max(1, frame.length - 14))] = below(256);
    }
    return below(4) === 0 ? frame : mended(frame);
  };
  for (const seed of seeds)
    for (let cut = 0; cut <= Math.min(seed.length, 200); cut++) b.receive(mended(seed.slice(0, cut)));
  let before = 0;
  for (let i = 0; i < runs; i++) {
    if (i === runs >> 1) {
      frames.length = 0;
      before = heap();
    }
    (i % 3 === 0 ? a : b).receive(change());
    if (i % 50 === 0) {
      world.run(world.now + 20);
      frames.length = 0;
    }
    assert.ok(a.tcp.count <= connections && b.tcp.count <= connections);
  }
  const grown = heap() - before;
  assert.ok(grown < 6_000_000, `${grown} bytes more`);
  stillServes(pair);
});

test("segments of any numbers and flags into a connection: in its window, beside it, with any options", () => {
  const pair = createWorldWithGateway();
  const { world, b } = pair;
  talk(pair);
  const random = randomFrom(5);
  const below = (n: number): number => Math.floor(random() * n);
  for (let round = 0; round < 200; round++) {
    const ends = round % 2 === 0 ? peer : peer6;
    const base = { sourcePort: 2000 + round, destinationPort: 80 };
    let [seq, ack] = [below(2 ** 32), 0];
    const first = pair.frames.length;
    b.receive(tcpFrame(ends, { ...base, seq, flags: 2, options: [2, 4, 5, 0xb4, 4, 2, 3, 3, 7] }));
    world.run(world.now + 5);
    const synAck = pair.frames.slice(first).find((frame) => frame[ends === peer ? 47 : 67] === 0x12);
    assert.ok(synAck !== undefined || b.tcp.count === connections);
    if (synAck !== undefined) ack = new DataView(synAck.buffer).getUint32(ends === peer ? 38 : 58) + 1;
    seq++;
    b.receive(tcpFrame(ends, { ...base, seq, ack, flags: 16 }));
    for (let i = 0; i < runs / 1000; i++) {
      const near = [0, 1, -1, 100, 65_535, 0x7fffffff, -0x80000000];
      const options = [[], [1, 1, 8, 10, ...be32(below(2 ** 32)), ...be32(below(2 ** 32))], [5, 10, ...be32(ack + below(5000)), ...be32(ack + below(5000))], [below(256), below(50), 3, 4]]; // prettier-ignore
      const data = new Uint8Array([0, 1, 100, 1400][below(4)] ?? 0);
      b.receive(tcpFrame(ends, { ...base, seq: seq + (near[below(near.length)] ?? 0) + below(3000), ack: ack + (near[below(near.length)] ?? 0), flags: below(64), window: [0, 1, 1000, 65_535][below(4)] ?? 0, options: options[below(4)] ?? [], data })); // prettier-ignore
    }
    world.run(world.now + 50);
    pair.frames.length = 0;
  }
  assert.ok(b.tcp.count <= connections);
  stillServes(pair);
});

test("a flood of SYNs is bounded, and who means it still gets through", () => {
  const pair = createWorldWithGateway();
  const { b } = pair;
  talk(pair);
  flood(pair, (i) => {
    const from = Uint8Array.of(10, 0, i >> 16, 3 + ((i >> 8) & 127));
    b.receive(
      tcpFrame(
        { ...peer, from },
        { sourcePort: 1 + (i & 0xff), destinationPort: i % 2 === 0 ? 80 : 5, seq: i, flags: 2 },
      ),
    );
    assert.ok(b.tcp.count <= connections, `${b.tcp.count}`);
  });
  stillServes(pair);
});

test("fragments that never become whole, overlap, or are far too many are bounded", () => {
  const pair = createWorldWithGateway();
  const { world, b } = pair;
  talk(pair);
  const random = randomFrom(17);
  const below = (n: number): number => Math.floor(random() * n);
  flood(pair, () => {
    const offset = below(8191);
    const data = new Uint8Array(8 * (1 + below(170)));
    const more = below(3) > 0 ? 1 : 0;
    b.receive(ipFrame(peer, 17, data, { identification: below(300), fragment: offset | (more << 13) }));
    b.receive(
      ipFrame(
        peer6,
        44,
        Uint8Array.from([17, 0, ...be16((offset << 3) | more), ...be32(below(300)), ...data]),
      ),
    );
  });
  world.run(world.now + 70_000);
  stillServes(pair);
});

test("neighbours that are made up push out each other, and nothing else grows", () => {
  const pair = createWorldWithGateway();
  const { b } = pair;
  talk(pair);
  flood(pair, (i) => {
    const sender = [10, 0, i >> 8, i & 255];
    b.receive(Uint8Array.from([...macs[1], ...macs[0], 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, i >> 8, i & 255, ...sender, 0, 0, 0, 0, 0, 0, ...peer.to])); // prettier-ignore
    // And packets for many of whom nobody knows.
    b.icmp.ping({
      remote: Uint8Array.from([10, 0, 0, 3 + (i % 200)]),
      identifier: 1,
      sequence: i & 0xffff,
      data: new Uint8Array(1000),
    });
  });
  stillServes(pair);
});
