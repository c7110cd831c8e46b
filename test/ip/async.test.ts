// Sockets by promises, iterators and web streams, in virtual time.
import assert from "node:assert/strict";
import { ReadableStream, WritableStream } from "node:stream/web";
import { setImmediate } from "node:timers/promises";
import { test } from "node:test";
import { connectSocket, listenSockets, streamsOf, type Socket } from "../../src/ip/async/index.js";
import { parseAddress } from "../../src/ip/index.js";
import { createPair, type Pair } from "./pair.js";

const remote = { address: parseAddress("10.0.0.2"), port: 80 };

/** Lets virtual time pass until `work` is done. */
async function during<T>({ world }: Pair, work: Promise<T>): Promise<T> {
  let done = false;
  const settled = work.finally(() => (done = true));
  // It is looked at below, when it is done.
  settled.catch(() => {});
  for (let i = 0; i < 20_000 && !done; i++) {
    world.run(world.now + 5);
    await setImmediate();
  }
  assert.ok(done, "it does not end");
  return settled;
}

async function echo(socket: Socket): Promise<void> {
  for await (const data of socket) await socket.write(data);
  socket.end();
}

test("an echo by iterators: more than any buffer holds", async () => {
  const pair = createPair({ weather: { loss: 0.01 }, a: { tcp: { sendBuffer: 10_000, receiveBuffer: 20_000 } }, b: { tcp: { sendBuffer: 10_000 } } }); // prettier-ignore
  const listener = listenSockets(pair.b, { port: 80 });
  const serving = (async () => {
    for await (const socket of listener) await echo(socket);
  })();
  const talking = (async () => {
    const socket = await connectSocket(pair.a, { remote });
    const writing = (async () => {
      for (let i = 0; i < 100; i++) await socket.write(new Uint8Array(3000).fill(i));
      socket.end();
    })();
    let count = 0;
    for await (const data of socket) for (const byte of data) assert.equal(byte, Math.floor(count++ / 3000));
    await writing;
    await socket.closed;
    return count;
  })();
  assert.equal(await during(pair, talking), 300_000);
  listener.close();
  await during(pair, serving);
});

test("web streams, piped through each other", async () => {
  const pair = createPair();
  const listener = listenSockets(pair.b, { port: 80 });
  const serving = (async () => {
    for await (const socket of listener) {
      const { readable, writable } = streamsOf<ReadableStream<Uint8Array>, WritableStream<Uint8Array>>(socket, { ReadableStream, WritableStream } as never); // prettier-ignore
      await readable.pipeTo(writable);
      return;
    }
  })();
  const talking = (async () => {
    const socket = await connectSocket(pair.a, { remote });
    await socket.write(new Uint8Array(50_000).fill(7));
    socket.end();
    let count = 0;
    for await (const data of socket) count += data.length;
    return count;
  })();
  assert.equal(await during(pair, talking), 50_000);
  await during(pair, serving);
});

test("errors reject, with a line that says why", async () => {
  const pair = createPair();
  await assert.rejects(during(pair, connectSocket(pair.a, { remote })), {
    code: "TCP",
    message: "connection refused",
  });
  pair.b.tcp.listen(
    { port: 80 },
    (connection) => void (connection.handlers = { readable: () => connection.reset() }),
  );
  const talking = (async () => {
    const socket = await connectSocket(pair.a, { remote });
    await socket.write(Uint8Array.of(1));
    await socket.read();
  })();
  await assert.rejects(during(pair, talking), { code: "TCP", message: "connection reset by the other end" });
});
