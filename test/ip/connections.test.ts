// Connections between two stacks in virtual time: data both ways, half-close, refusals.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress, type Connection, type TcpError } from "../../src/ip/index.js";
import { createPair } from "./pair.js";

const port = 80;
const pattern = (size: number, salt = 0): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 17 + salt) & 255);

/** What a connection has received, and how it ended. */
interface Seen {
  readonly chunks: Uint8Array[];
  ended: boolean;
  closed: boolean;
  error: TcpError | undefined;
}
const bytes = (seen: Seen): Uint8Array => new Uint8Array(Buffer.concat(seen.chunks));

/** Reads everything; ends when the peer has ended, after `reply`. */
function drain(connection: Connection, seen: Seen, reply: () => void = () => {}): void {
  connection.handlers = {
    readable() {
      for (let data; (data = connection.read()) !== undefined;) seen.chunks.push(data.slice());
      if (!connection.ended || seen.ended) return;
      seen.ended = true;
      reply();
      connection.end();
    },
    closed(error) {
      seen.closed = true;
      seen.error = error;
    },
  };
}
const nothing = (): Seen => ({ chunks: [], ended: false, closed: false, error: undefined });

for (const [to, mtu] of [
  ["10.0.0.2", 1500],
  ["10.0.0.2", 576],
  ["10.0.0.2", 9000],
  ["fd00::2", 1500],
  ["fd00::2", 1280],
  ["fd00::2", 9000],
] as const) {
  // prettier-ignore
  test(`bytes both ways, and half-close: ${to}, MTU ${mtu}`, () => {
    const { world, a, b } = createPair({ mtu });
    const [server, client] = [nothing(), nothing()];
    const [request, response] = [pattern(300_000), pattern(400_000, 7)];
    b.tcp.listen({ port }, (connection) => drain(connection, server, () => connection.write(response)));
    const connection = a.tcp.connect({ remote: { address: parseAddress(to), port } }, {});
    drain(connection, client);
    connection.write(request);
    connection.end();
    assert.ok(world.run());
    assert.deepEqual(bytes(server), request);
    assert.deepEqual(bytes(client), response);
    assert.deepEqual([server.closed, server.error, client.closed, client.error], [true, undefined, true, undefined]);
    assert.deepEqual([a.tcp.count, b.tcp.count, a.counters.segmentsResent, b.counters.segmentsResent], [0, 0, 0, 0]);
  });
}

test("a port that nobody listens on refuses; a gateway's offer is accepted, refused, or left", () => {
  const { world, a, b } = createPair({ a: { routers: ["10.0.0.2"] }, b: { anyAddress: true } });
  const connect = (to: string, toPort: number): Seen => {
    const seen = nothing();
    const connection = a.tcp.connect({ remote: { address: parseAddress(to), port: toPort } }, {});
    drain(connection, seen);
    connection.write(pattern(10));
    connection.end();
    return seen;
  };
  const closedPort = connect("10.0.0.2", 81);
  world.run(world.now + 1000);
  assert.equal(closedPort.error, "refused");

  const [accepted, refused, left] = [nothing(), connect("192.0.2.1", 1), connect("192.0.2.2", 2)];
  b.tcp.intercept((offer) => {
    if (offer.local.port === 1) offer.refuse();
    else if (offer.local.port === 4) offer.refuse("host");
    else if (offer.local.port === 3) world.after(500, () => drain(offer.accept({}), accepted));
  });
  const asked = connect("192.0.2.3", 3);
  const unreachable = connect("192.0.2.4", 4);
  assert.ok(world.run());
  assert.equal(refused.error, "refused");
  assert.equal(left.error, "timeout");
  // A soft error: it is tried on (RFC 9293, 3.9.2.2), and then said why.
  assert.equal(unreachable.error, "unreachable");
  assert.deepEqual(bytes(accepted), pattern(10));
  assert.deepEqual([asked.closed, asked.error], [true, undefined]);
});
