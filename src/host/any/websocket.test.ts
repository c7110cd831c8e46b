// WebSockets as a server has them, against the package ws, and against what breaks the rules: bytes cut anywhere, or of no sense.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Duplex } from "node:stream";
import * as fc from "fast-check";
import { Receiver, Sender } from "ws";
import { acceptWebSocket } from "./websocket.js";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
interface Server {
  readonly socket: Duplex;
  readonly messages: Uint8Array[];
  readonly written: () => Buffer;
}

/** A WebSocket that sends back what it hears, on a socket that the test has in its hands. */
function serve(): Server {
  const chunks: Buffer[] = [];
  const messages: Uint8Array[] = [];
  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  acceptWebSocket(socket, key, Buffer.alloc(0), undefined, (channel) => ({
    message(message) {
      messages.push(message);
      channel.send(message);
    },
    drained() {},
    closed() {},
  }));
  return { socket, messages, written: () => Buffer.concat(chunks) };
}
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const afterHead = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf("\r\n\r\n") + 4);
const closeCode = (bytes: Buffer): number => afterHead(bytes).readUInt16BE(2);

test("the handshake is RFC 6455's own example", () => {
  assert.match(serve().written().toString(), /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
});

test("what ws sends is heard, wherever it is cut, and what is sent ws hears", async () => {
  const sizes = fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 70_000);
  await fc.assert(
    fc.asyncProperty(
      fc.array(sizes, { maxLength: 4 }),
      fc.integer({ min: 1, max: 5000 }),
      async (lengths, cut) => {
        const sent = lengths.map((length, n) => Buffer.alloc(length, n + 1));
        const parts: Buffer[] = [];
        const wire = new Duplex({
          read() {},
          write: (chunk: Buffer, _e, done) => (parts.push(chunk), done()),
        });
        const sender = new Sender(wire);
        for (const data of sent) {
          // In two pieces, with a ping amid them.
          const half = data.length >> 1;
          const options = { binary: true, mask: true, compress: false };
          sender.send(data.subarray(0, half), { ...options, fin: false });
          sender.ping("?", true);
          sender.send(data.subarray(half), { ...options, fin: true });
        }
        await turn();
        const server = serve();
        const stream = Buffer.concat(parts);
        for (let at = 0; at < stream.length; at += cut) server.socket.push(stream.subarray(at, at + cut));
        await turn();
        assert.deepEqual(
          server.messages.map((one) => Buffer.from(one)),
          sent,
        );
        const heard: Buffer[] = [];
        const receiver = new Receiver({ isServer: false });
        receiver.on("message", (data) => heard.push(Buffer.from(data)));
        receiver.write(afterHead(server.written()));
        await turn();
        assert.deepEqual(heard, sent);
      },
    ),
    { numRuns: 30 },
  );
});

test("what breaks the rules ends it with a code, and nothing of it is heard", async () => {
  const frames: readonly (readonly [bytes: readonly number[], code: number])[] = [
    // Not masked; a reserved bit; a continuation of nothing; a control frame in pieces, or too long; no such kind.
    [[0x82, 0x01, 0x05], 1002],
    [[0xc2, 0x80, 0, 0, 0, 0], 1002],
    [[0x80, 0x80, 0, 0, 0, 0], 1002],
    [[0x09, 0x80, 0, 0, 0, 0], 1002],
    [[0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002],
    [[0x83, 0x80, 0, 0, 0, 0], 1002],
    [[0x81, 0x80, 0, 0, 0, 0], 1003],
    [[0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1009],
    [[0x88, 0x80, 0, 0, 0, 0], 1000],
  ];
  for (const [bytes, code] of frames) {
    const server = serve();
    server.socket.push(Buffer.from(bytes));
    await turn();
    assert.equal(closeCode(server.written()), code, bytes.join());
    assert.deepEqual(server.messages, []);
  }
});

test("bytes of no sense throw nothing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }),
      async (chunks) => {
        const server = serve();
        for (const chunk of chunks) server.socket.push(Buffer.from(chunk));
        await turn();
      },
    ),
    { numRuns: 300 },
  );
});
