// Wisp against wisp-js in both roles: its client at our relay, our client, behind which is a real unikernel, at its server; and who
// may use our relay, and for what.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { client } from "@mercuryworkshop/wisp-js/client";
import { logging, server as wispServer } from "@mercuryworkshop/wisp-js/server";
import { WebSocket } from "ws";
import { nodeSockets } from "../src/host/any/sockets.js";
import { startRelay, type Relay, type RelayOptions } from "../src/host/any/wisp-server.js";
import { attach, open, run } from "../src/index.js";
import { parseAddress } from "../src/ip/index.js";
import { readUserOptions } from "../src/net/user/options.js";
import { openUserNet, type UserNet } from "../src/net/user/user-net.js";
import { subprotocol } from "../src/net/wisp/packet.js";
import { wispSockets } from "../src/net/wisp/sockets.js";
import { commandFile, solo5 } from "./command.js";
import { needs } from "./needs.js";
import { userClient } from "./user/program.js";
import { buildPrograms, programFile } from "./unikernels.js";

const skip = needs.x8664Linux();
before(() => buildPrograms([userClient], ["spt"]));
const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));
const token = "a-token-of-the-tests";
const sockets = nodeSockets(String);

/** Answers what it hears, and then ends; sends a megabyte to who asks for it. */
async function servers(): Promise<{ readonly tcp: number; readonly udp: number; close(): void }> {
  const tcp = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      if (data.toString() === "much") socket.end(Buffer.alloc(1_000_000, 5));
      else socket.end(`heard ${data}`);
    });
  });
  await once(tcp.listen(0, "127.0.0.1"), "listening");
  const udp = createSocket("udp4", (data, from) => udp.send(`heard ${data}`, from.port, from.address));
  await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
  return {
    tcp: (tcp.address() as AddressInfo).port,
    udp: udp.address().port,
    close() {
      tcp.close();
      udp.close();
    },
  };
}

const relayAt = (options: Partial<RelayOptions> & { readonly allow?: readonly string[] }): Promise<Relay> =>
  startRelay(
    {
      at: { address: parseAddress("127.0.0.1"), port: 0 },
      tokens: [token],
      origins: ["https://page.example"],
      policy: readUserOptions({ allow: options.allow }),
      connections: 8,
      streams: 16,
      bytes: Infinity,
      ...options,
    },
    sockets,
    String,
  );

/** A connection of wisp-js that is ready. */
async function connected(url: string): Promise<InstanceType<typeof client.ClientConnection>> {
  const connection = new client.ClientConnection(url);
  await new Promise<void>((resolve, reject) => {
    const failed = (): void => reject(new Error("no connection"));
    Object.assign(connection, { onopen: resolve, onerror: failed, onclose: failed });
  });
  return connection;
}

/** What comes on a stream after `said`, and why it ended; datagrams have no end. */
function heard(
  connection: InstanceType<typeof client.ClientConnection>,
  host: string,
  port: number,
  said: string,
  kind: "tcp" | "udp" = "tcp",
): Promise<{ readonly text: string; readonly bytes: number; readonly reason: number }> {
  return new Promise((resolve) => {
    const stream = connection.create_stream(host, port, kind);
    let [text, bytes] = ["", 0];
    Object.assign(stream, {
      onmessage(data: Uint8Array) {
        bytes += data.length;
        text = (text + new TextDecoder().decode(data)).slice(0, 100);
        if (kind === "udp") resolve({ text, bytes, reason: 0 });
      },
      onclose: (reason: number) => resolve({ text, bytes, reason }),
    });
    stream.send(new TextEncoder().encode(said));
  });
}

test(
  "wisp-js at our relay: streams, datagrams, names, what is denied, what is refused",
  { skip },
  async () => {
    const { tcp, udp, close } = await servers();
    const relay = await relayAt({ allow: [`127.0.0.1:${tcp}`, `127.0.0.1:${udp}`, "127.0.0.1:9"] });
    const connection = await connected(`${relay.url}${token}/`);
    const tell = (host: string, port: number, said = "ping", kind: "tcp" | "udp" = "tcp") =>
      heard(connection, host, port, said, kind);
    assert.deepEqual(await tell("127.0.0.1", tcp), { text: "heard ping", bytes: 10, reason: 2 });
    assert.equal((await tell("localhost", tcp)).text, "heard ping");
    assert.equal((await tell("127.0.0.1", udp, "ping", "udp")).text, "heard ping");
    assert.equal((await tell("127.0.0.1", tcp, "much")).bytes, 1_000_000);
    assert.equal((await tell("127.0.0.1", 9)).reason, 0x44);
    assert.equal((await tell("127.0.0.1", 10)).reason, 0x48);
    assert.equal((await tell("::ffff:127.0.0.1", 10)).reason, 0x48);
    assert.equal((await tell("localhost", 10)).reason, 0x48);
    assert.equal((await tell("no-such-name.invalid", 80)).reason, 0x42);
    const many = await Promise.all(Array.from({ length: 15 }, () => tell("127.0.0.1", tcp)));
    assert.ok(many.every(({ text }) => text === "heard ping"));
    connection.close();
    relay.close();
    close();
  },
);

/** What a WebSocket comes to: open, or the status that it was refused with. */
const outcome = (url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, [], { headers });
    socket.on("open", () => {
      resolve("open");
      socket.close();
    });
    socket.on("error", ({ message }) => resolve(/\d{3}/.exec(message)?.[0] ?? message));
  });

test("who may use it, and for how much", { skip }, async () => {
  const { tcp, close } = await servers();
  const relay = await relayAt({ allow: ["127.0.0.1"], bytes: 500_000, connections: 2, streams: 3 });
  assert.equal(await outcome(relay.url), "403");
  assert.equal(await outcome(`${relay.url}another-token-of-tests/`), "403");
  assert.equal(await outcome(relay.url, { origin: "https://other.example" }), "403");
  assert.equal(await outcome(relay.url, { origin: "https://page.example" }), "open");
  assert.equal(await outcome(relay.url, { authorization: `Bearer ${token}` }), "open");
  const first = await connected(`${relay.url}${token}/`);
  const second = await connected(`${relay.url}${token}/`);
  assert.equal(await outcome(`${relay.url}${token}/`), "503");
  // Too many streams at a time, then more bytes than there are.
  const silent = Array.from({ length: 3 }, () => first.create_stream("127.0.0.1", tcp));
  assert.equal((await heard(first, "127.0.0.1", tcp, "ping")).reason, 0x49);
  for (const stream of silent) stream.close();
  const much = await heard(second, "127.0.0.1", tcp, "much");
  assert.equal(much.reason, 0x49);
  assert.ok(much.bytes < 500_000, `${much.bytes}`);
  first.close();
  second.close();
  relay.close();
  close();
});

/** A network behind our client of a relay. */
async function behind(url: string, version: 1 | 2): Promise<UserNet> {
  const socket = new WebSocket(url, version === 2 ? [subprotocol] : []);
  const { sockets: bySocket, events } = wispSockets({
    send: (message) => socket.send(message),
    get waiting() {
      return socket.bufferedAmount;
    },
    close: () => socket.close(),
  });
  const net = openUserNet({}, bySocket);
  socket.on("message", (data) => events.message(new Uint8Array(data)));
  socket.on("close", () => events.closed());
  await new Promise<void>((resolve) => socket.on("open", resolve));
  return {
    ...net,
    close() {
      net.close();
      socket.close();
    },
  };
}

/** A Wisp server of wisp-js. */
async function others(): Promise<Relay> {
  logging.set_level(logging.NONE);
  Object.assign(wispServer.options, { allow_loopback_ips: true, allow_private_ips: true });
  const server = createHttpServer();
  server.on("upgrade", (request, socket, head) => wispServer.routeRequest(request, socket, head));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

for (const [name, version, start] of [
  [
    "our relay",
    1,
    () => relayAt({ allow: ["127.0.0.1"] }).then((relay) => ({ ...relay, url: `${relay.url}${token}/` })),
  ],
  ["wisp-js", 1, others],
  ["wisp-js", 2, others],
] as const) {
  test(`a unikernel behind our client, at ${name}, version ${version}`, { skip }, async () => {
    const { tcp, udp, close } = await servers();
    const relay = await start();
    const net = await behind(relay.url, version);
    let text = "";
    const plan = attach(open(programFile(userClient, "spt")), {
      memMiB: 16,
      net: { service0: { source: { kind: "device", device: net.device } } },
      args: [
        "--solo5:quiet",
        "name=localhost",
        `tcp=198.18.0.1:${tcp}`,
        `udp=198.18.0.1:${udp}`,
        `tcp=198.18.0.1:9`,
      ],
    });
    const running = run(plan, { console: { write: (data) => (text += new TextDecoder().decode(data)) } });
    assert.equal((await running.exited).status, 0);
    const lines = text.split("\n").slice(2, -1);
    // Nobody says when a stream is there: one that is refused is known by its end.
    assert.deepEqual(lines, ["198.18.0.1", "heard ping and the end", "heard ping", "reset"]);
    net.close();
    relay.close();
    close();
  });
}

test("the command: it wants to know who may use it, and says where it is", { skip }, async () => {
  const refuses = async (line: RegExp, ...args: readonly string[]): Promise<void> => {
    const { stderr, status } = await solo5("solo5", ["relay", ...args]);
    assert.match(stderr, line);
    assert.equal(status, 1);
  };
  const file = join(folder, "tokens");
  writeFileSync(file, "short\n");
  await refuses(/^solo5: nobody may use the relay: --token-file or --origin says who\n/);
  await refuses(/tokens: tokens have 16 letters, digits or -\._~ at least\n$/, `--token-file=${file}`);
  await refuses(/^solo5: --streams is a number from 1, not 0\n/, "--origin=x", "--streams=0");
  writeFileSync(file, `${token}\n`);
  const child = spawn(process.execPath, [commandFile("solo5"), "relay", "--listen=0", `--token-file=${file}`], { stdio: ["ignore", "pipe", "inherit"] }); // prettier-ignore
  const [line] = (await once(child.stdout, "data")) as [Uint8Array];
  const [, url = ""] = /^(ws:\/\/127\.0\.0\.1:\d+\/)TOKEN\/\n$/.exec(new TextDecoder().decode(line)) ?? [];
  assert.equal(await outcome(`${url}${token}/`), "open");
  assert.equal(await outcome(url), "403");
  child.kill("SIGTERM");
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  assert.equal(signal, "SIGTERM");
});
