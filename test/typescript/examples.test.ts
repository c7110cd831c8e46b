// The examples, each as its first line says; and solo5 dev.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { WebSocket } from "ws";
import { commandFile, execute } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { build, needsRunners, workFolder } from "./build.js";
import { eventually, startServing } from "./serving.js";

const skip = needsRunners;
const timeout = 30_000;
const folder = workFolder();
const at = (name: string): string => join(folder, name);
const example = (name: string): string => join(projectRoot, "examples", name);

async function unikernel(file: string): Promise<string> {
  const output = at(`${Math.random()}.spt`);
  const { status, stderr } = await build(file, "--target=spt", "-o", output);
  assert.equal(status, 0, stderr);
  return output;
}

test("hello", { skip, timeout }, async () => {
  const { status, stderr } = await build(example("hello.ts"), "-o", at("hello"), "--", "you");
  assert.equal(status, 0, stderr);
  assert.equal((await execute(at("hello"))).stdout, "Hello, you, from a unikernel\n");
});

test("server: routes and JSON", { skip, timeout }, async () => {
  await using serving = startServing(await unikernel(example("server.ts")));
  const port = await serving.port(80);
  const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  const post = (body: string) => ask("/notes", { method: "POST", body });
  assert.match(await (await eventually(() => ask("/"))).text(), /^<!doctype html>/);
  assert.equal((await post('{"text":"more"}')).status, 201);
  assert.deepEqual(await (await ask("/notes")).json(), [
    { id: 1, text: "the first" },
    { id: 2, text: "more" },
  ]);
  assert.deepEqual(
    [(await post("{")).status, (await post("{}")).status, (await ask("/x")).status],
    [400, 422, 404],
  );
});

test("store: what was acknowledged is there after any end", { skip, timeout }, async () => {
  const disk = at("store.img");
  writeFileSync(disk, new Uint8Array(512 * 2000));
  const file = await unikernel(example("store.ts"));
  type Ask = (key: string, init?: RequestInit) => Promise<Response>;
  const withStore = async (work: (ask: Ask, kill: () => Promise<void>) => Promise<void>): Promise<void> => {
    await using serving = startServing(file, {
      block: { storage: { source: { kind: "file", path: disk } } },
    });
    const port = await serving.port(80);
    const ask: Ask = (key, init) => fetch(`http://127.0.0.1:${port}/${key}`, init);
    await eventually(() => ask("ready"));
    await work(ask, () => serving.stop());
  };
  const known = new Map<string, string>();
  for (let round = 0; round < 3; round++) {
    await withStore(async (ask, kill) => {
      for (const [key, value] of known) assert.equal(await (await ask(key)).text(), value, `round ${round}`);
      const writes = Array.from({ length: 40 }, async (_, i) => {
        const [key, value] = [`key${round}.${i}`, `${i}.${"x".repeat(round * 700)}`];
        const { status } = await ask(key, { method: "PUT", body: value });
        if (status === 204) known.set(key, value);
      });
      // It is killed while some of them are under way.
      await Promise.race(writes.slice(15));
      await Promise.all([kill(), Promise.allSettled(writes)]);
    });
  }
  assert.ok(known.size > 10);
  // A record that the end of the power has cut is none, and those in front of it are.
  const image = readFileSync(disk);
  image.fill(0xff, 512);
  writeFileSync(disk, image);
  await withStore(async (ask) => {
    const statuses = await Promise.all([...known.keys()].map(async (key) => (await ask(key)).status));
    assert.ok(statuses.every((status) => status === 200 || status === 404));
    assert.equal((await ask("new", { method: "PUT", body: "again" })).status, 204);
  });
  await withStore(async (ask) => {
    assert.equal(await (await ask("new")).text(), "again");
    assert.equal((await ask("new", { method: "DELETE" })).status, 204);
    assert.equal((await ask("new")).status, 404);
  });
});

test("dns: answers as RFC 1035 has them", { skip, timeout }, async (t) => {
  await using serving = startServing(await unikernel(example("dns.ts")));
  const port = await serving.port(53, "udp");
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  const answers = new Map<number, Buffer>();
  socket.on("message", (data) => answers.set(data.readUInt16BE(0), data));
  let id = 0;
  /** Asked again until there is an answer: a datagram may be lost. */
  const ask = (name: string, type = 1): Promise<Buffer> => {
    const own = ++id;
    const labels = name.split(".").flatMap((label) => [label.length, ...new TextEncoder().encode(label)]);
    const question = [0, own, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, type, 0, 1];
    return eventually(async () => {
      const answer = answers.get(own);
      if (answer !== undefined) return answer;
      socket.send(Uint8Array.from(question), port, "127.0.0.1");
      throw new Error(`no answer for ${name}`);
    });
  };
  const found = await ask("WWW.example.test");
  assert.equal(found.readUInt16BE(2), 0x8500);
  assert.equal(found.readUInt16BE(6), 1);
  assert.deepEqual([...found.subarray(-4)], [10, 0, 0, 80]);
  assert.equal((await ask("none.example.test")).readUInt16BE(2), 0x8503);
  assert.equal((await ask("www.example.test", 28)).readUInt16BE(6), 0);
});

test("chat: WebSockets as the package ws has them", { skip, timeout }, async () => {
  await using serving = startServing(await unikernel(example("chat.ts")));
  const at = `127.0.0.1:${await serving.port(80)}`;
  assert.match(await (await eventually(() => fetch(`http://${at}/`))).text(), /new WebSocket/);
  assert.equal((await fetch(`http://${at}/none`)).status, 404);
  const join = async () => {
    const socket = new WebSocket(`ws://${at}/`);
    const said: string[] = [];
    socket.on("message", (data: Uint8Array) => said.push(new TextDecoder().decode(data)));
    const closed = new Promise<unknown>((resolve) => socket.on("close", resolve));
    await new Promise<void>((resolve) => socket.on("open", resolve));
    const hears = (text: string) =>
      eventually(async () => assert.equal(said.at(-1), text, said.slice(-1).join().slice(0, 99)));
    return { socket, said, closed, hears };
  };
  const [ann, bob] = [await join(), await join()];
  ann.socket.send("hello");
  await bob.hears("hello");
  await ann.hears("hello");
  // Lengths of one, three and nine bytes, in pieces, and none.
  for (const text of ["é".repeat(62), "x".repeat(126), "y".repeat(40_000), "z".repeat(65_536), ""]) {
    bob.socket.send(text.slice(0, 7), { fin: false });
    const pong = new Promise((resolve) => bob.socket.once("pong", resolve));
    bob.socket.ping("in between");
    assert.equal(new TextDecoder().decode((await pong) as Uint8Array), "in between");
    bob.socket.send(text.slice(7), { fin: true });
    await ann.hears(text);
  }
  bob.socket.send(Uint8Array.of(1, 2, 3));
  await ann.hears("3 bytes");
  bob.socket.close(4001);
  assert.equal(await bob.closed, 4001);
  for (const [wrong, code] of [
    [[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007],
    [[0x81, 0x01, 0x41], 1002],
    [[0x80, 0x80, 0, 0, 0, 0], 1002],
    [[0xc1, 0x80, 0, 0, 0, 0], 1002],
    [[0x83, 0x80, 0, 0, 0, 0], 1002],
    [[0x09, 0x80, 0, 0, 0, 0], 1002],
    [[0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 1], 1009],
  ] as const) {
    // The sample of RFC 6455, 1.2, and what ws would not send.
    const socket = connect(Number(at.split(":")[1]), "127.0.0.1");
    const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13";
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: Upgrade\r\n${key}\r\n\r\n`);
    socket.write(Uint8Array.from(wrong));
    const answer = await buffer(socket);
    assert.match(
      answer.toString("latin1"),
      /^HTTP\/1\.1 101 .*\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/s,
    );
    assert.deepEqual([...answer.subarray(-4)], [0x88, 2, code >> 8, code & 255], wrong.join());
  }
  ann.socket.send("still here");
  await ann.hears("still here");
  ann.socket.terminate();
});

test("hono as npm has it", { skip: needsAll(skip, needs.installing()), timeout: 60_000 }, async () => {
  copyFileSync(example("hono.ts"), at("hono.ts"));
  writeFileSync(at("package.json"), "{}");
  const npm = ["install", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "hono@4"];
  assert.equal((await execute("npm", npm, { cwd: folder })).status, 0);
  await using serving = startServing(await unikernel(at("hono.ts")));
  const port = await serving.port(80);
  const url = `http://127.0.0.1:${port}`;
  assert.equal(await (await eventually(() => fetch(url))).text(), "hello from hono in a unikernel\n");
  assert.deepEqual(await (await fetch(`${url}/users/ann?q=1`)).json(), { name: "ann", query: "1" });
  const body = JSON.stringify({ a: [1] });
  const echo = await fetch(`${url}/echo`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  assert.deepEqual(await echo.json(), { a: [1] });
});

test("dev builds anew what has changed, and goes on where that fails", { skip, timeout }, async (t) => {
  const text = (value: string) => writeFileSync(at("text.ts"), `export const text = ${value};\n`);
  writeFileSync(
    at("dev.ts"),
    'import { serve } from "solo5:http";\nimport { text } from "./text.js";\nserve(() => new Response(text));\n',
  );
  text('"one"');
  const child = spawn(process.execPath, [commandFile("solo5"), "dev", at("dev.ts"), "--port=0"]);
  let said = "";
  t.after(() => child.kill("SIGKILL"));
  child.stderr.on("data", (data: Uint8Array) => (said += new TextDecoder().decode(data)));
  const url = await eventually(async () => {
    const found = /^solo5: (http:\/\/127\.0\.0\.1:\d+) /m.exec(said)?.[1];
    if (found === undefined) throw new Error(said);
    return found;
  });
  const says = (expected: string) =>
    eventually(async () => {
      const found = await (await fetch(url)).text();
      if (found !== expected) throw new Error(`${found}, not ${expected}\n${said}`);
    });
  await says("one");
  text('"two"');
  await says("two");
  text(";");
  await eventually(async () => {
    if (!said.includes('Unexpected ";"')) throw new Error(said);
  });
  await says("two");
  text('"three"');
  await says("three");
  child.kill("SIGINT");
  const [status] = (await once(child, "exit")) as [number];
  assert.equal(status, 0);
});
