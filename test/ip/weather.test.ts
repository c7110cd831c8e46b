// Connections over links that lose, repeat, reorder, damage and delay frames, and that are full now and then, in virtual time: every
// byte arrives once and in order or the connection ends with an error, and it always ends. fast-check chooses and shrinks.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { parseAddress, type Connection, type TcpError } from "../../src/ip/index.js";
import { createPair } from "./pair.js";
import { randomFrom } from "./world.js";
import type { World } from "./world.js";

const port = 7;
/** Virtual milliseconds after which a connection has certainly given up. */
const lifetime = 7_200_000;
/** Who only reads learns by this that the other end is gone. */
const keepAliveMsecs = 600_000;
const byteAt = (i: number, salt: number): number => (Math.imul(i, 0x9e3779b1) >>> 24) ^ salt;

interface Side {
  sent: number;
  received: number;
  wrong: number;
  ended: boolean;
  closed: number;
  error: TcpError | undefined;
}

/** Writes `total` bytes in pieces, reads with pauses, ends. */
function behave(
  world: World,
  connection: Connection,
  total: number,
  salts: readonly [number, number],
  random: () => number,
  slow: number,
): Side {
  const side: Side = { sent: 0, received: 0, wrong: 0, ended: false, closed: 0, error: undefined };
  let pausing = false;
  const write = (): void => {
    while (side.sent < total) {
      const size = Math.min(total - side.sent, 1 + Math.floor(random() ** 3 * 20_000));
      const start = side.sent;
      side.sent += size;
      if (!connection.write(Uint8Array.from({ length: size }, (_, i) => byteAt(start + i, salts[0])))) return;
    }
    connection.end();
  };
  const read = (): void => {
    if (pausing) return;
    for (let data; (data = connection.read()) !== undefined;) {
      for (const byte of data) if (byte !== byteAt(side.received++, salts[1])) side.wrong++;
      if (random() < slow) {
        pausing = true;
        world.after(random() * 3000, () => {
          pausing = false;
          read();
        });
        return;
      }
    }
    if (connection.ended) side.ended = true;
  };
  connection.handlers = {
    opened: write,
    writable: write,
    readable: read,
    closed(error) {
      side.closed++;
      side.error = error;
    },
  };
  if (connection.isOpen) write();
  return side;
}

const chance = (max: number) => fc.oneof(fc.constant(0), fc.double({ min: 0, max, noNaN: true }));
const settings = fc.record({
  seed: fc.integer({ min: 1, max: 0x7fffffff }),
  to: fc.constantFrom("10.0.0.2", "fd00::2"),
  mtu: fc.constantFrom(1280, 1500, 9000),
  delay: fc.constantFrom(0, 1, 40, 300),
  jitter: fc.constantFrom(0, 0, 5, 400),
  loss: chance(0.3),
  duplication: chance(0.3),
  corruption: chance(0.05),
  queue: fc.constantFrom(Infinity, 3, 40),
  sack: fc.boolean(),
  timestamps: fc.boolean(),
  receiveBuffer: fc.constantFrom(262_144, 65_535, 3000, 1_000_000),
  sendBuffer: fc.constantFrom(262_144, 4000),
  there: fc.integer({ min: 0, max: 150_000 }),
  back: fc.integer({ min: 0, max: 60_000 }),
  slow: chance(0.3),
  noDelay: fc.boolean(),
});

function converse(setting: typeof settings extends fc.Arbitrary<infer T> ? T : never): void {
  const {
    seed,
    to,
    mtu,
    sack,
    timestamps,
    receiveBuffer,
    sendBuffer,
    there,
    back,
    slow,
    noDelay,
    ...weather
  } = setting;
  const tcp = { sack, timestamps, receiveBuffer, sendBuffer };
  const { world, a, b } = createPair({ seed, mtu, weather, a: { tcp }, b: { tcp: { ...tcp, sack: true } } });
  const random = randomFrom(seed ^ 0x5bd1e995);
  let server: Side | undefined;
  let servers = 0;
  b.tcp.listen({ port, noDelay, keepAliveMsecs }, (connection) => {
    servers++;
    server = behave(world, connection, back, [1, 2], random, slow);
  });
  const client = behave(
    world,
    a.tcp.connect({ remote: { address: parseAddress(to), port }, noDelay, keepAliveMsecs }, {}),
    there,
    [2, 1],
    random,
    slow,
  );
  assert.ok(world.run(world.now + lifetime), "it never ends");
  assert.equal(client.wrong, 0);
  assert.equal(client.closed, 1, "the client hears of the end once");
  assert.equal(a.tcp.count + b.tcp.count, 0, "nothing is left");
  if (server === undefined) {
    assert.notEqual(client.error, undefined);
    return;
  }
  assert.deepEqual([servers, server.wrong, server.closed], [1, 0, 1]);
  if (client.error === undefined) assert.deepEqual([client.received, client.ended], [back, true]);
  if (server.error === undefined) assert.deepEqual([server.received, server.ended], [there, true]);
  // Bad luck alone ends connections: a link as good as this does not.
  if (weather.loss < 0.05 && weather.corruption === 0 && weather.duplication < 0.1)
    assert.deepEqual([client.error, server.error], [undefined, undefined]);
}

test("every byte once and in order, whatever the weather", () => {
  fc.assert(fc.property(settings, converse), {
    includeErrorInReport: true,
    numRuns: Number(process.env["SOLO5_IP_RUNS"] ?? 150),
  });
});
