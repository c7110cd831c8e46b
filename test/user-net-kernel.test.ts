// The kernel's own TCP/IP behind a network without root, in a unikernel's place: DHCP by busybox, addresses by router advertisements,
// names, datagrams, thousands of connections both ways, ends and resets.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { promises, setServers } from "node:dns";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createUserNet, type UserNet, type UserOptions } from "../src/index.js";
import { kernelGuest } from "./kernel-guest.js";
import type { Namespace } from "./namespace.js";
import { needs, needsAll } from "./needs.js";
import { projectRoot } from "./project.js";
import { until } from "./until.js";

const skip = needsAll(needs.root(), needs.program("ip", "ping", "busybox"));
const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const gateway6 = "fd50:1005:a00:1::1";
const script = (name: string): string => join(projectRoot, "dist/test/user", `${name}.js`);

interface Behind extends Disposable {
  readonly net: UserNet;
  readonly guest: Namespace;
}
/** A namespace that has its address by DHCP. */
async function behind(options: UserOptions): Promise<Behind & { readonly lease: string }> {
  const net = createUserNet(options);
  const guest = kernelGuest(net.device);
  const bound = join(folder, "bound");
  writeFileSync(
    bound,
    `#!/bin/sh
[ "$1" = bound ] || exit 0
ip address add "$ip/$mask" dev "$interface"
ip route add default via "$router"
echo "$ip/$mask via $router names $dns mtu $mtu"
`,
  );
  chmodSync(bound, 0o755);
  const { stdout } = await guest.execute("busybox", ["udhcpc", "-i", "tap0", "-n", "-q", "-f", "-O", "mtu", "-s", bound]); // prettier-ignore
  return {
    net,
    guest,
    lease: stdout.trim(),
    [Symbol.dispose]() {
      guest[Symbol.dispose]();
      net.close();
    },
  };
}

/** Waits until the namespace has an address from a router's advertisement that it may use. */
async function address6(guest: Namespace): Promise<string> {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await guest.execute("ip", ["-6", "-oneline", "address", "show", "tap0", "scope", "global", "-tentative"]); // prettier-ignore
    const found = /inet6 (fd50[^/ ]+)/.exec(stdout)?.[1];
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return assert.fail("no address by advertisement");
}

const port = (server: Server): number => (server.address() as AddressInfo).port;
/** Servers at an address of this host's: one says what it hears and ends where its client does, one resets. */
async function servers(host: string): Promise<{
  readonly echo: number;
  readonly resetting: number;
  readonly resets: () => number;
  [Symbol.dispose](): void;
}> {
  let resets = 0;
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.pipe(socket);
    socket.on("error", ({ message }) => message.includes("ECONNRESET") && resets++);
  });
  const resetting = createServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
  for (const one of [echo, resetting]) await once(one.listen({ host, port: 0, backlog: 2000 }), "listening");
  return {
    echo: port(echo),
    resetting: port(resetting),
    resets: () => resets,
    [Symbol.dispose]() {
      echo.close();
      resetting.close();
    },
  };
}

for (const { title, mtu, host, gateway } of [
  { title: "IPv4", mtu: 1500, host: "127.0.0.1", gateway: "10.0.0.1" },
  { title: "IPv6, MTU 9000", mtu: 9000, host: "::1", gateway: gateway6 },
] as const) {
  test(`${title}: 1,000 connections at a time, bulk, half-closed, reset, refused`, { skip }, async () => {
    using outside = await servers(host);
    const { echo, resetting, resets } = outside;
    using there = await behind({ mtu, allow: [host] });
    assert.equal(there.lease, `10.0.0.2/24 via 10.0.0.1 names 10.0.0.1 mtu ${mtu}`);
    if (host === "::1") assert.match(await address6(there.guest), /^fd50:1005:a00:1:/);
    const ping = await there.guest.execute("ping", [
      "-c",
      "3",
      "-w",
      "60",
      "-i",
      "0.01",
      "-s",
      "3000",
      gateway,
    ]);
    assert.match(ping.stdout, / 0% packet loss/);
    const args = [gateway, echo, resetting, 9, 1000, 8_000_000].map(String);
    const outcome = await there.guest.execute(process.execPath, [script("kernel-client"), ...args]);
    assert.deepEqual(outcome, { stdout: "as it must be\n", stderr: "", status: 0 });
    await until("the kernel has sent a reset", () => resets() > 0);
  });
}

/** An echo server in the namespace, which says its port. */
async function echoInside(guest: Namespace): Promise<Disposable & { readonly port: number }> {
  const program =
    "const s = require('net').createServer({ allowHalfOpen: true }, (c) => { c.pipe(c); c.on('error', (e) => console.log(e.code)); });" +
    "s.listen({ port: 0, backlog: 2000 }, () => console.log(s.address().port));";
  const child = guest.spawn(process.execPath, ["-e", program]);
  const [first] = (await once(child.stdout ?? assert.fail(), "data")) as [Uint8Array];
  return {
    port: Number(new TextDecoder().decode(first)),
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

/** Sends, ends, and reads to the end. */
const converse = (at: number, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = "";
    const socket: Socket = connect({ port: at, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("data", (data) => (heard += data.toString()));
    socket.on("end", () => resolve(heard));
    socket.on("error", reject);
    socket.end(text);
  });

test(
  "through a port of the host's: 1,000 connections at a time, what nobody reads waits",
  { skip },
  async () => {
    using there = await behind({});
    using inside = await echoInside(there.guest);
    const { port: at } = await there.net.forward({ protocol: "tcp", hostPort: 0, guestPort: inside.port });
    const texts = Array.from({ length: 1000 }, (_, i) => `connection ${i}`);
    assert.deepEqual(await Promise.all(texts.map((text) => converse(at, text))), texts);
    // Its client reads nothing: everything on the way fills up and stops, and goes on when it reads.
    const socket = connect({ port: at, host: "127.0.0.1" });
    const chunk = Buffer.alloc(65_536, 7);
    const total = 512;
    let sent = 0;
    const push = (): void => {
      while (sent < total && socket.write(chunk)) sent++;
      if (sent === total) socket.end();
      else {
        sent++;
        socket.once("drain", push);
      }
    };
    socket.pause();
    push();
    let before = -1;
    while (before !== socket.bytesWritten) {
      before = socket.bytesWritten;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    assert.ok(before < (total * chunk.length) / 2, `${before} bytes went nowhere`);
    let heard = 0;
    socket.on("data", (data) => (heard += data.length));
    socket.resume();
    await once(socket, "end");
    assert.equal(heard, total * chunk.length);
  },
);

test("datagrams: out, and in through a port of the host's", { skip }, async () => {
  const outside = createSocket("udp4", (data, from) =>
    outside.send(`outside heard ${data}`, from.port, from.address),
  );
  await new Promise<void>((resolve) => outside.bind(0, "127.0.0.1", resolve));
  const { port: echo } = outside.address();
  using there = await behind({ allow: ["127.0.0.1"] });
  const program = `const s = require('dgram').createSocket('udp4', (data, from) => {
    if (from.port === ${echo}) console.log(String(data)); else s.send('inside heard ' + data, from.port, from.address);
  }); s.bind(7000, () => s.send('ping', ${echo}, '10.0.0.1'));`;
  const child = there.guest.spawn(process.execPath, ["-e", program]);
  const [first] = (await once(child.stdout ?? assert.fail(), "data")) as [Uint8Array];
  assert.equal(new TextDecoder().decode(first), "outside heard ping\n");
  const { port: at, close } = await there.net.forward({ protocol: "udp", hostPort: 0, guestPort: 7000 });
  for (const text of ["one", "x".repeat(4000)]) {
    const socket = createSocket("udp4");
    socket.send(text, at, "127.0.0.1");
    const [answer] = (await once(socket, "message")) as [Uint8Array];
    assert.equal(new TextDecoder().decode(answer), `inside heard ${text}`);
    socket.close();
  }
  close();
  child.kill("SIGKILL");
  outside.close();
});

test("names: the host's own, and others' records by its server", { skip }, async () => {
  // RFC 1035: a server that knows one TXT record, of 300 bytes twice.
  const text = Buffer.concat([
    Buffer.of(150),
    Buffer.alloc(150, "a"),
    Buffer.of(150),
    Buffer.alloc(150, "b"),
  ]);
  const server = createSocket("udp4", (query, from) => {
    const record = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, text.length >> 8, text.length & 255]);
    const head = Buffer.from(query.subarray(0, query.indexOf(0, 12) + 5));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(1, 6);
    head.fill(0, 8, 12);
    server.send(Buffer.concat([head, record, text]), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  const usual = promises.getServers();
  setServers([`127.0.0.1:${server.address().port}`]);
  using there = await behind({});
  const program = `const { Resolver } = require('dns').promises; const r = new Resolver(); r.setServers(['10.0.0.1']);
    Promise.all([r.resolve4('localhost'), r.resolveTxt('x.test'), r.resolve4('no-such-name.invalid').catch((e) => e.code)])
      .then(([a, t, e]) => console.log(a.join(), t[0].join('').length, e));`;
  const { stdout, stderr } = await there.guest.execute(process.execPath, ["-e", program]);
  setServers(usual);
  server.close();
  assert.equal(stdout, "127.0.0.1 300 ENOTFOUND\n", stderr);
});
