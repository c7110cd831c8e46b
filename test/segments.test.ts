// Segments that processes share: unikernels of several commands and engines, and of QEMU, on one wire; and another takes the place
// of the first when it goes. Witness: QEMU's own `-netdev stream`.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { linkSegment } from "../src/host/any/segment-link.js";
import { createPeer, createSegment, type Peer } from "../src/index.js";
import { commandFile, selfTest, solo5 as command } from "./command.js";
import { needs, needsAll } from "./needs.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const skip = needs.x8664Linux();

/** Starts a command whose unikernel says that it serves. */
async function serving(file: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data: Uint8Array) => (text += new TextDecoder().decode(data)));
  while (!text.includes("Serving")) {
    if (child.exitCode !== null) throw new Error(`did not serve: ${text}`);
    await once(child.stdout, "data");
  }
  return child;
}
const solo5 = (...args: readonly string[]): Promise<ChildProcess> =>
  serving(process.execPath, [commandFile("solo5"), "run", "--mem=16", ...args]);

/** A host of this process's on the segment at `path`. */
function peerAt(path: string): { readonly peer: Peer; readonly close: () => void } {
  const segment = createSegment();
  const link = linkSegment(segment, { path }, (error) => assert.fail(error));
  const peer = createPeer(segment.port(), { ip: "10.0.0.9", mac: Uint8Array.of(2, 0, 10, 0, 0, 9) });
  return { peer, close: () => link.close() };
}

const answers = async (peer: Peer, ip: string): Promise<boolean> => {
  for (let tries = 0; tries < 20; tries++) if ((await peer.ping(ip)) !== undefined) return true;
  return false;
};

test(
  "unikernels of three processes, one in QEMU; the place of the first is taken",
  { skip: needsAll(skip, needs.program("qemu-system-x86_64")) },
  async () => {
    const path = join(folder, "lan");
    const first = await solo5(`--net:service0=segment:lan@unix:${path}`, selfTest("test_net.spt"));
    const nics = [`--net:service0=segment:x`, `--net:service1=segment:other@${path}`];
    const second = await solo5("--engine=wasm", ...nics, selfTest("test_net_2if.hvt"));
    const { peer, close } = peerAt(path);
    const children = [first, second];
    try {
      assert.ok(await answers(peer, "10.0.0.2"));
      assert.ok(await answers(peer, "10.1.0.2"));
      first.kill("SIGKILL");
      await once(first, "close");
      assert.ok(await answers(peer, "10.1.0.2"), "without the first");
      const netdev = `stream,id=n,server=off,addr.type=unix,addr.path=${path}`;
      const options =
        "-m 64 -nodefaults -display none -serial stdio -cpu Westmere -device virtio-net-pci,netdev=n -netdev";
      const qemu = await serving("qemu-system-x86_64", [
        ...options.split(" "),
        netdev,
        "-kernel",
        selfTest("test_net.virtio"),
      ]);
      children.push(qemu);
      assert.ok(await answers(peer, "10.0.0.2"), "the unikernel in QEMU");
      assert.ok(await answers(peer, "10.1.0.2"));
    } finally {
      close();
      for (const child of children) child.kill("SIGKILL");
    }
  },
);

test("a stale socket is taken over; two that take it over at once find each other", { skip }, async () => {
  const path = join(folder, "stale");
  const killed = spawn(process.execPath, [
    "-e",
    `require("net").createServer().listen(process.argv[1])`,
    path,
  ]);
  while (statSync(path, { throwIfNoEntry: false }) === undefined)
    await new Promise((resolve) => setTimeout(resolve, 20));
  killed.kill("SIGKILL");
  await once(killed, "close");
  const segments = Array.from({ length: 3 }, createSegment);
  const links = segments.map((segment) => linkSegment(segment, { path }, (error) => assert.fail(error)));
  const peers = segments.map((segment, i) =>
    createPeer(segment.port(), { ip: `10.0.0.${i + 1}`, mac: Uint8Array.of(2, 0, 10, 0, 0, i + 1) }),
  );
  for (const [i, peer] of peers.entries())
    for (const [j] of peers.entries())
      if (i !== j) assert.ok(await answers(peer, `10.0.0.${j + 1}`), `${i} to ${j}`);
  for (const link of links) link.close();
});

test("with a key, over TCP: who has another is told so, and the others stay", { skip }, async () => {
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const key = file("key", "a key of 32 bytes for the tests.\n");
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const at = (keyFile: string) => ({ host: "127.0.0.1", port, keyFile });
  const segments = [createSegment(), createSegment()];
  const links = segments.map((segment) => linkSegment(segment, at(key), (error) => assert.fail(error)));
  const peers = segments.map((segment, i) =>
    createPeer(segment.port(), { ip: `10.0.0.${i + 1}`, mac: Uint8Array.of(2, 0, 10, 0, 0, i + 1) }),
  );
  assert.ok(await answers(peers[0] ?? assert.fail(), "10.0.0.2"));
  const other = file("other", "another key of as many bytes too");
  const error = await new Promise<Error>((resolve) => {
    const link = linkSegment(createSegment(), at(other), (failure) => {
      link.close();
      resolve(failure);
    });
  });
  assert.equal(error.message, "who listens there has another key");
  assert.ok(await answers(peers[1] ?? assert.fail(), "10.0.0.1"));
  for (const link of links) link.close();
  const refuses = async (keyFile: string, line: RegExp): Promise<void> => {
    const net = `--net:service0=segment:lan@tcp:127.0.0.1:${port},key=${keyFile}`;
    const { stderr, status } = await command("solo5", ["run", net, selfTest("test_net.spt")]);
    assert.match(stderr, line);
    assert.equal(status, 1);
  };
  await refuses(file("short", "short"), /^solo5: [^\n]*\/short: a key has 32 bytes at least\n$/);
  await refuses(join(folder, "none"), /^solo5: [^\n]*\/none: cannot read the key: [^\n]*\n$/);
});

test(
  "with a key, over UDP: somebody in between who says everything twice changes nothing",
  { skip },
  async () => {
    const sockets = Array.from({ length: 4 }, () => createSocket("udp4"));
    const ports = await Promise.all(
      sockets.map(async (socket) => {
        await new Promise<void>((resolve) => void socket.bind(0, "127.0.0.1", resolve));
        return socket.address().port;
      }),
    );
    const keyFile = join(folder, "datagrams.key");
    writeFileSync(keyFile, "a key of 32 bytes for the tests.\n");
    const host = "127.0.0.1";
    const [one = 0, middleOne = 0, middleTwo = 0, two = 0] = ports;
    const [, first = assert.fail(), second = assert.fail()] = sockets;
    for (const i of [0, 3]) sockets[i]?.close();
    const heard: Buffer[] = [];
    const twice = (from: typeof first, to: number) => (data: Buffer) => {
      heard.push(data);
      // The second time everything of before comes along.
      for (const each of [data, ...heard.slice(-20)]) from.send(each, to, host);
    };
    first.on("message", twice(second, two));
    second.on("message", twice(first, one));
    const at = (port: number, to: number) => ({ local: { host, port }, remote: { host, port: to }, keyFile });
    const joined = (port: number, to: number) => {
      const segment = createSegment();
      const link = linkSegment(segment, at(port, to), (error) => assert.fail(error));
      const got: string[] = [];
      const own = segment.port();
      own.onReadable(() => {
        for (let frame; (frame = own.read()) !== undefined;) got.push(Buffer.from(frame).toString("hex"));
      });
      return { link, got, own };
    };
    const [a, b] = [joined(one, middleOne), joined(two, middleTwo)];
    try {
      // What is lost is lost: other frames follow, each with a number of its own, to everybody.
      for (let number = 0; a.got.length < 50 || b.got.length < 50; number++) {
        assert.ok(number < 2000, `${a.got.length} and ${b.got.length} frames of ${number}`);
        for (const { own } of [a, b])
          own.write(
            Uint8Array.from({ length: 60 }, (_, i) =>
              i < 6 ? 255 : i === 6 ? 2 : (number >> (i % 8)) & 255,
            ),
          );
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      for (const { got } of [a, b]) assert.equal(new Set(got).size, got.length);
      assert.ok(heard.length > 100);
    } finally {
      for (const { link } of [a, b]) link.close();
      first.close();
      second.close();
    }
  },
);

test(
  "a datagram a frame, with QEMU",
  { skip: needsAll(skip, needs.program("qemu-system-x86_64")) },
  async () => {
    const sockets = [createSocket("udp4"), createSocket("udp4")];
    const ports = await Promise.all(
      sockets.map(async (socket) => {
        await new Promise<void>((resolve) => void socket.bind(0, "127.0.0.1", resolve));
        return socket.address().port;
      }),
    );
    for (const socket of sockets) socket.close();
    const [near = 0, far = 0] = ports;
    const segment = createSegment();
    const host = "127.0.0.1";
    const address = { local: { host, port: near }, remote: { host, port: far } };
    const link = linkSegment(segment, address, (error) => assert.fail(error));
    const peer = createPeer(segment.port(), { ip: "10.0.0.9", mac: Uint8Array.of(2, 0, 10, 0, 0, 9) });
    const inet = (name: string, port: number) =>
      `${name}.type=inet,${name}.host=${host},${name}.port=${port}`;
    const options =
      "-m 64 -nodefaults -display none -serial stdio -cpu Westmere -device virtio-net-pci,netdev=n";
    const qemu = await serving("qemu-system-x86_64", [
      ...options.split(" "),
      "-netdev",
      `dgram,id=n,${inet("local", far)},${inet("remote", near)}`,
      "-kernel",
      selfTest("test_net.virtio"),
    ]);
    try {
      assert.ok(await answers(peer, "10.0.0.2"));
    } finally {
      link.close();
      qemu.kill("SIGKILL");
    }
  },
);
