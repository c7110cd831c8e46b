// Node's HTTP over the kernel's TCP against the web server, in the namespace where this is run:
// ADDRESS[:PORT] CONNECTIONS. Prints one line when everything was as it must be, and ends with the first thing that was not.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Agent, request } from "node:http";

const [where = "10.0.0.2", connections = "8"] = process.argv.slice(2);
const [host = "", port = "80"] = where.split(":");
const count = Number(connections);

interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

function ask(agent: Agent, method: string, path: string, body?: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "content-length": body.length };
    const asked = request({ agent, host, port, method, path, headers, timeout: 30_000 }, (response) => {
      const chunks: Uint8Array[] = [];
      response.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      response.on("error", reject);
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer to ${method} ${path}`)));
    asked.on("error", reject);
    asked.end(body);
  });
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const pattern = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, k) => (k % 65536) * 31 + ((k % 65536) >> 8) * 17);
const sum = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 0);

/** Pages, numbers of bytes around those of segments, windows and buffers, both ways. */
async function converse(agent: Agent, scale: number): Promise<void> {
  const page = await ask(agent, "GET", "/");
  assert.equal(Buffer.from(page.body).toString(), "A unikernel says hello.\n");
  assert.equal((await ask(agent, "GET", "/nothing")).status, 404);
  for (const size of [0, 1, 1459, 1460, 1461, 65_535, 65_537, 100_000 * scale]) {
    const { body } = await ask(agent, "GET", `/bytes/${size}`);
    assert.equal(digest(body), digest(pattern(size)), `${size} bytes`);
    const sent = pattern(size).toReversed();
    const reply = await ask(agent, "PUT", "/", sent);
    assert.equal(Buffer.from(reply.body).toString(), `${size} ${sum(sent)}\n`);
  }
}

const lasting = new Agent({ keepAlive: true, maxSockets: count });
await Promise.all(Array.from({ length: count }, (_, n) => converse(lasting, n)));
lasting.destroy();
// A connection for each request, many of them at the same time.
const fleeting = new Agent({ keepAlive: false });
for (let round = 0; round < 3; round++)
  await Promise.all(Array.from({ length: 12 * count }, () => ask(fleeting, "GET", "/")));
process.stdout.write("as it must be\n");
