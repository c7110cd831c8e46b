// HTTP on a stream as requests of fetch. Witnesses: Node's HTTP as the server, its fetch in between, and its client at the stream's end.
import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, request, type IncomingMessage } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import * as fc from "fast-check";
import { parseAddress } from "../../ip/index.js";
import { createRequestReader } from "./http-request.js";
import { fetchSockets } from "./sockets.js";

const listen = async (server: Server): Promise<number> => {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
};

/** Says what it was asked. */
const far = createServer(async (asked, answer) => {
  if (asked.url === "/moved") return answer.writeHead(302, { location: "/here" }).end();
  if (asked.url === "/none") return answer.writeHead(204).end();
  if (asked.url === "/broken") return asked.socket.destroy();
  answer.setHeader("x-seen", asked.headers["x-said"] ?? "nothing");
  answer.end(`${asked.method} ${asked.url} ${await text(asked)}`);
});
/** A port of this host's whose connections go to `fetchSockets`. */
const near = createTcpServer((socket) => {
  const { connect } = fetchSockets(fetch, { [farPort]: "http" });
  const stream = connect(
    { address: parseAddress("127.0.0.1"), port: farPort },
    {
      connected() {},
      data: (bytes) => void socket.write(bytes),
      ended: () => socket.end(),
      drained() {},
      closed: () => socket.end(),
    },
  );
  socket.on("data", (data) => void stream.write(data));
  socket.on("end", () => stream.end());
  socket.on("error", () => {});
});
let [nearPort, farPort] = [0, 0];
before(async () => {
  farPort = await listen(far);
  nearPort = await listen(near);
});
after(() => {
  far.close();
  far.closeAllConnections();
  near.close();
});

async function ask(
  agent: Agent,
  method: string,
  path: string,
  body = "",
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly [status: number | undefined, body: string, seen: unknown]> {
  const asked = request({ agent, port: nearPort, host: "127.0.0.1", method, path, headers });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return [answer.statusCode, await text(answer), answer.headers["x-seen"]];
}

test("requests follow each other on one connection; bodies both ways, whole and in chunks", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  assert.deepEqual(await ask(agent, "GET", "/a?b=c"), [200, "GET /a?b=c ", "nothing"]);
  assert.deepEqual(await ask(agent, "PUT", "/p", "body", { "x-said": "this" }), [200, "PUT /p body", "this"]);
  const chunked = { "transfer-encoding": "chunked" };
  assert.deepEqual(await ask(agent, "POST", "/q", "x".repeat(100_000), chunked), [200, `POST /q ${"x".repeat(100_000)}`, "nothing"]); // prettier-ignore
  assert.deepEqual(await ask(agent, "HEAD", "/h"), [200, "", "nothing"]);
  assert.deepEqual(await ask(agent, "GET", "/none"), [204, "", undefined]);
  assert.deepEqual(await ask(agent, "GET", "/moved"), [200, "GET /here ", "nothing"]);
  // A whole URL leads nowhere else.
  assert.deepEqual(await ask(agent, "GET", "http://elsewhere.invalid/there"), [
    200,
    "GET /there ",
    "nothing",
  ]);
  const [status, why] = await ask(agent, "GET", "/broken");
  assert.equal(status, 502);
  assert.match(why, /fetch failed/);
  agent.destroy();
});

test("HTTP/1.0 has its answer and the end, also where it has ended before; what is no HTTP is told so", async () => {
  const { connect } = fetchSockets(fetch, { [farPort]: "http" });
  const converse = (said: string): Promise<string> =>
    new Promise((resolve) => {
      let heard = "";
      const stream = connect(
        { address: parseAddress("127.0.0.1"), port: farPort },
        {
          connected() {},
          data: (bytes) => (heard += new TextDecoder().decode(bytes)),
          ended() {},
          drained() {},
          closed: () => resolve(heard),
        },
      );
      stream.write(new TextEncoder().encode(said));
      stream.end();
    });
  assert.match(
    await converse("GET /old HTTP/1.0\r\n\r\n"),
    /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n\r\nGET \/old $/,
  );
  assert.match(await converse("ping\r\n\r\n"), /^HTTP\/1\.1 400 /);
  assert.equal(await converse("GET / HT"), "");
});

test("other ports are refused", async () => {
  const { connect } = fetchSockets(fetch);
  const error = await new Promise((closed) => {
    connect(
      { address: parseAddress("192.0.2.1"), port: 22 },
      { connected() {}, data() {}, ended() {}, drained() {}, closed },
    );
  });
  assert.equal(error, "refused");
});

test("a request is the same wherever it is cut; bytes of no sense throw nothing", () => {
  const whole =
    "PUT /x HTTP/1.1\r\nHost: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10;z\r\n0123456789abcdef\r\n0\r\nT: u\r\n\r\nGET /2 HTTP/1.1\r\n\r\n";
  const bytes = new TextEncoder().encode(whole);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (cuts) => {
      const reader = createRequestReader();
      const found: string[] = [];
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = cuts[i % cuts.length] ?? 1;
        reader.push(bytes.slice(at, at + size));
        at += size;
        for (let one; (one = reader.next()) !== undefined;) {
          assert.ok(one !== false);
          found.push(`${one.method} ${one.target} ${new TextDecoder().decode(one.body)}`);
        }
      }
      assert.deepEqual(found, ["PUT /x abc0123456789abcdef", "GET /2 "]);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (chunks) => {
      const reader = createRequestReader();
      for (const chunk of chunks) {
        reader.push(chunk);
        reader.next();
      }
    }),
  );
});
