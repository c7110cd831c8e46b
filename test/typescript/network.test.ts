// Programs in TypeScript on a network: Node's HTTP, sockets and datagrams are the witnesses.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Agent, createServer, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build, needsRunners, program, workFolder } from "./build.js";
import { eventually, startServing, type Serving } from "./serving.js";

const skip = needsRunners;
const timeout = 20_000;
const folder = workFolder();

let serving: Serving;
let [http, echo, datagrams, hostPort] = [0, 0, 0, 0];

/** What the guest asks. */
const host = createServer((request, response) => {
  let body = "";
  request.on("data", (data: Uint8Array) => (body += new TextDecoder().decode(data)));
  request.on("end", () => {
    if (request.url === "/away") {
      response.writeHead(307, { location: "/there" }).end();
      return;
    }
    response.setHeader("x-host", "yes");
    response.write(`${request.method} `);
    response.end(body);
  });
});

before(async () => {
  if (skip !== false) return;
  host.listen(0, "127.0.0.1");
  await once(host, "listening");
  hostPort = (host.address() as { port: number }).port;
  const file = join(folder, "server.spt");
  const built = await build(program("server"), "-o", file);
  assert.equal(built.status, 0, built.stderr);
  serving = startServing(file, { allow: [`127.0.0.1:${hostPort}`] });
  http = await serving.port(80);
  echo = await serving.port(7);
  datagrams = await serving.port(7, "udp");
  await eventually(() => ask("/"));
});

after(async () => {
  if (skip !== false) return;
  host.close();
  host.closeAllConnections();
  await serving.stop();
});

const ask = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${http}${path}`, init);

/** What the server answers to bytes as they are, up to the end of the connection. */
async function raw(...parts: readonly string[]): Promise<string> {
  const socket = connect(http, "127.0.0.1");
  let answer = "";
  socket.on("data", (data: Uint8Array) => (answer += new TextDecoder().decode(data)));
  socket.on("error", () => {});
  const closed = new Promise((done) => socket.on("close", done));
  for (const part of parts) {
    socket.write(part);
    await new Promise((done) => setTimeout(done, 10));
  }
  await closed;
  return answer;
}

test("pages, statuses and headers", { skip, timeout }, async () => {
  const hello = await ask("/");
  assert.deepEqual([hello.status, await hello.text()], [200, "hello from a unikernel\n"]);
  assert.match(hello.headers.get("date") ?? "", /GMT$/);
  assert.equal((await ask("/no")).status, 404);
  const visits = await ask("/visits?name=x%20y");
  assert.deepEqual(await visits.json(), { name: "x y", visits: 1 });
  assert.deepEqual(visits.headers.getSetCookie(), ["a=1"]);
  assert.deepEqual(await (await ask("/visits?name=x+y")).json(), { name: "x y", visits: 2 });
  assert.deepEqual(await (await ask("/away")).json(), { name: "away", visits: 1 });
  assert.equal((await ask("/nothing")).status, 204);
  const fail = await ask("/fail");
  assert.equal(fail.status, 500);
  assert.match(serving.output(), /Uncaught: Error: a handler fails\n {4}at .*server\.ts:\d+:\d+/);
  const head = await ask("/", { method: "HEAD" });
  assert.deepEqual([head.headers.get("content-length"), await head.text()], ["23", ""]);
});

test("bodies both ways, of a length, in chunks and as streams", { skip, timeout }, async () => {
  const echoed = await ask("/echo", { method: "PUT", body: "grüße", headers: { "content-type": "text/x" } });
  assert.deepEqual([echoed.status, await echoed.text()], [201, "grüße"]);
  assert.deepEqual([echoed.headers.get("content-type"), echoed.headers.get("x-method")], ["text/x", "PUT"]);
  const body = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 10; i++) controller.enqueue(new Uint8Array(20_000));
      controller.close();
    },
  });
  const counted = await ask("/count", { method: "POST", body, duplex: "half" } as RequestInit);
  assert.deepEqual(await counted.json(), { length: 200_000, several: true });
  const streamed = await ask("/stream");
  assert.equal(await streamed.text(), "part 0\npart 1\npart 2\n");
  assert.equal(streamed.headers.get("content-length"), null);
  const large = new Uint8Array(await (await ask("/large")).arrayBuffer());
  assert.deepEqual([large.length, large.every((byte) => byte === 97)], [3_000_000, true]);
});

test("a connection is kept, and requests in a row are answered in a row", { skip, timeout }, async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ports = new Set<number | undefined>();
  for (let i = 0; i < 3; i++) {
    const response = await new Promise<IncomingMessage>((done, fail) => {
      get({ port: http, host: "127.0.0.1", path: "/", agent }, done).on("error", fail);
    });
    ports.add(response.socket.localPort);
    response.resume();
    await once(response, "end");
  }
  agent.destroy();
  assert.equal(ports.size, 1);
  const one = "GET /visits?name=row HTTP/1.1\r\nHost: h\r\n";
  const answer = await raw(`${one}\r\n${one}\r\n${one}Connection: close\r\n\r\n`);
  assert.deepEqual(
    [...answer.matchAll(/"visits":(\d)/g)].map(([, count]) => count),
    ["1", "2", "3"],
  );
  assert.match(await raw("GET / HTTP/1.0\r\n\r\n"), /connection: close[\s\S]*hello from a unikernel\n$/);
});

test("what is no request is refused, and nothing behind it is taken for one", { skip, timeout }, async () => {
  const refusals: readonly (readonly [number, ...string[]])[] = [
    [400, "nonsense\r\n\r\n"],
    [505, "GET / HTTP/2.0\r\nHost: h\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost : h\r\n\r\n"],
    [400, "GET / HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n"],
    [400, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"],
    [400, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
    [400, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello"],
    [501, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"],
    [400, "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n"],
    [413, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000001\r\n\r\n"],
    [417, "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: more\r\nContent-Length: 1\r\n\r\nx"],
    [431, `GET / HTTP/1.1\r\nHost: h\r\nX: ${"y".repeat(3000)}\r\n\r\n`],
    [431, `GET /${"y".repeat(3000)}`],
  ]; // prettier-ignore
  for (const [status, ...parts] of refusals) {
    const answer = await raw(...parts);
    assert.deepEqual(
      answer.match(/^HTTP\/1\.1 (\d+)/gm),
      [`HTTP/1.1 ${status}`],
      parts.join("").slice(0, 80),
    );
  }
  const expected = await raw(
    "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
    "ok",
  );
  assert.match(expected, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n[\s\S]*\r\n\r\nok$/);
  assert.equal((await ask("/")).status, 200);
});

test("fetch from within, names, and what is not there", { skip, timeout }, async () => {
  const from = (path: string) =>
    ask(`/fetch?from=${encodeURIComponent(`http://10.0.0.1:${hostPort}${path}`)}`);
  assert.equal(await (await from("/")).text(), "200 yes POST from the guest");
  assert.match(await (await ask("/https")).text(), /TypeError: fetch: https is not there yet/);
  assert.equal(await (await ask("/name")).text(), "local");
  assert.equal((await ask(`/fetch?from=${encodeURIComponent("http://10.0.0.1:1/")}`)).status, 500);
});

test("TCP and UDP", { skip, timeout }, async () => {
  const socket = connect(echo, "127.0.0.1");
  const parts: Uint8Array[] = [];
  socket.on("data", (data: Uint8Array) => parts.push(data));
  socket.end(new Uint8Array(300_000).fill(7));
  await once(socket, "close");
  assert.equal(Buffer.concat(parts).length, 300_000);
  const udp = createSocket("udp4");
  udp.send("datagram", datagrams, "127.0.0.1");
  const [data] = (await once(udp, "message")) as [Uint8Array];
  udp.close();
  assert.equal(new TextDecoder().decode(data), "datagram");
});
