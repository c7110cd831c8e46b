// Runs in a namespace of its own with a tap: the stack on one end, the kernel's TCP by `node:net` on the other, in one process.
// TAP4 TAP6-ADDRESS… are fixed: the kernel is 10.0.0.1 and fd00::1, the stack 10.0.0.2 and fd00::2. Prints a line of JSON a case.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { createSocket } from "node:dgram";
import { parseAddress, type Connection, type Stack } from "../../src/ip/index.js";
import { stackOnTap } from "./tap-link.js";
import { createPcap } from "./pcap-file.js";

const [mtu = "1500", loss = "0", captureTo = ""] = process.argv.slice(2);
const isLossy = Number(loss) > 0;
const pcap = captureTo === "" ? undefined : createPcap(captureTo);
const { stack, close } = stackOnTap("tap0", { addresses: ["10.0.0.2/24", "fd00::2/64"], probe: false }, { loss: Number(loss), seed: 7, ...(pcap === undefined ? {} : { capture: pcap.frame }) }); // prettier-ignore
const families = Number(mtu) < 1280 ? ["10.0.0"] : ["10.0.0", "fd00:"];
const kernel = (family: string): string => (family === "fd00:" ? "fd00::1" : "10.0.0.1");
const ours = (family: string): string => (family === "fd00:" ? "fd00::2" : "10.0.0.2");

const pattern = (size: number): Uint8Array =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 17 + (i >> 16)) & 255);
const digest = (chunks: readonly Uint8Array[]): string => {
  const hash = createHash("sha1");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
};
let nextPort = 1000;

/** Everything that a connection of the stack's receives, once the peer has ended. */
const drained = (connection: Connection): Promise<Uint8Array[]> =>
  new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    const read = (): void => {
      for (let data; (data = connection.read()) !== undefined;) chunks.push(data);
      if (connection.ended) resolve(chunks);
    };
    connection.handlers = {
      readable: read,
      closed: (error) => (error === undefined ? read() : reject(new Error(error))),
    };
    read();
  });
/** A connection of the stack's to a server of the kernel's. */
const dial = (address: string, port: number): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const connection = stack.tcp.connect({ remote: { address: parseAddress(address), port } }, { opened: () => resolve(connection), closed: (error) => reject(new Error(error)) }); // prettier-ignore
  });
const accepted = (on: Stack, port: number): Promise<Connection> =>
  new Promise((resolve) => {
    const listener = on.tcp.listen({ port }, (connection) => {
      resolve(connection);
      listener.close();
    });
  });
async function kernelServer(
  address: string,
  serve: (socket: Socket) => void,
): Promise<{ readonly port: number; close(): void }> {
  const server = createServer({ allowHalfOpen: true }, serve);
  server.listen(0, address);
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
/** Writes as the connection lets. */
const pour = (connection: Connection, data: Uint8Array, piece = 65_536): Promise<void> =>
  new Promise((resolve) => {
    let at = 0;
    const more = (): void => {
      while (at < data.length) {
        const part = data.subarray(at, at + piece);
        at += part.length;
        if (!connection.write(part)) return;
      }
      connection.end();
      resolve();
    };
    connection.handlers = { writable: more };
    more();
  });
/** What comes until the other end has ended; the socket lives on. */
const chunksOf = (socket: Socket): Promise<Uint8Array[]> =>
  new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    socket.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    socket.on("end", () => resolve(chunks));
    socket.on("error", reject);
  });
const mbits = (bytes: number, msecs: number): number => Math.round((bytes * 8) / msecs / 1000);

/** Who waits for an echo reply, by the size of addresses. */
const replies = new Map<number, (data: Uint8Array) => void>();

const size = isLossy ? 600_000 : 8_000_000;
const cases: Record<string, (family: string) => Promise<unknown>> = {
  async "the stack serves: bytes in, half-close, bytes out"(family) {
    const port = nextPort++;
    const data = pattern(size);
    const serving = accepted(stack, port).then(async (connection) => {
      const got = await drained(connection);
      await pour(connection, data);
      return digest(got);
    });
    const socket = connect({ host: ours(family), port, allowHalfOpen: true });
    const start = performance.now();
    socket.end(data);
    const back = await chunksOf(socket);
    assert.equal(await serving, digest([data]));
    assert.equal(digest(back), digest([data]));
    return { mbits: mbits(2 * size, performance.now() - start) };
  },
  async "the stack asks: bytes out, half-close, bytes in"(family) {
    const data = pattern(size);
    let got = "";
    const server = await kernelServer(kernel(family), (socket) => {
      const turn = async (): Promise<void> => {
        got = digest(await chunksOf(socket));
        socket.end(data);
      };
      void turn();
    });
    const connection = await dial(kernel(family), server.port);
    const start = performance.now();
    await pour(connection, data, 10_000);
    const back = await drained(connection);
    server.close();
    assert.equal(got, digest([data]));
    assert.equal(digest(back), digest([data]));
    return { mbits: mbits(2 * size, performance.now() - start) };
  },
  async "many short connections, both ways"(family) {
    const port = nextPort++;
    const count = isLossy ? 40 : 400;
    const listener = stack.tcp.listen({ port }, (connection) => {
      connection.handlers = {
        readable() {
          for (let data; (data = connection.read()) !== undefined;) connection.write(data);
          if (connection.ended) connection.end();
        },
      };
    });
    const server = await kernelServer(kernel(family), (socket) => void socket.pipe(socket));
    const one = async (n: number): Promise<void> => {
      const socket = connect({ host: ours(family), port, allowHalfOpen: true });
      socket.end(`hello ${n}`);
      assert.equal(Buffer.concat(await chunksOf(socket)).toString(), `hello ${n}`);
    };
    const other = async (n: number): Promise<void> => {
      const connection = await dial(kernel(family), server.port);
      connection.write(new TextEncoder().encode(`hello ${n}`));
      connection.end();
      assert.equal(Buffer.concat(await drained(connection)).toString(), `hello ${n}`);
    };
    const start = performance.now();
    for (let done = 0; done < count; done += 40)
      await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one(i) : other(i))));
    listener.close();
    server.close();
    return { perSecond: Math.round((count * 1000) / (performance.now() - start)) };
  },
  async "resets, both ways"(family) {
    const port = nextPort++;
    const serving = accepted(stack, port);
    const socket = connect({ host: ours(family), port });
    const error = once(socket, "error").catch((cause: unknown) => [cause]);
    const closed = new Promise((resolve) => socket.once("error", resolve));
    const connection = await serving;
    connection.reset();
    assert.equal(((await closed) as NodeJS.ErrnoException).code, "ECONNRESET");
    await error;

    const again = accepted(stack, port);
    const other = connect({ host: ours(family), port });
    const end = new Promise((resolve) => void again.then((it) => (it.handlers = { closed: resolve })));
    const it = await again;
    // A lost reset is never sent again: who waits finds out when it writes.
    const nudge = setInterval(() => it.write(Uint8Array.of(1)), 200);
    other.resetAndDestroy();
    assert.equal(await end, "reset");
    clearInterval(nudge);
  },
  async "refused, both ways"(family) {
    const port = nextPort++;
    const socket = connect({ host: ours(family), port });
    const error = await new Promise((resolve) => socket.once("error", resolve));
    assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
    await assert.rejects(dial(kernel(family), port), /refused/);
  },
  async "a window that shuts and opens again, both ways"(family) {
    const port = nextPort++;
    const data = pattern(isLossy ? 1_000_000 : 12_000_000);
    const serving = accepted(stack, port);
    const socket = connect({ host: ours(family), port, allowHalfOpen: true });
    const connection = await serving;
    const poured = pour(connection, data);
    // Longer than the first probe of a shut window takes.
    await new Promise((resolve) => setTimeout(resolve, 700));
    const got = chunksOf(socket);
    await poured;
    assert.equal(digest(await got), digest([data]));

    const sent = new Promise((resolve) => socket.end(data, () => resolve(undefined)));
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.ok(connection.readable <= 300_000, `${connection.readable} bytes wait, more than the window`);
    assert.equal(digest(await drained(connection)), digest([data]));
    await sent;
  },
  async "urgent data is in line"(family) {
    const port = nextPort++;
    const serving = accepted(stack, port);
    const script = `use IO::Socket::IP; my $s = IO::Socket::IP->new(PeerHost => "${ours(family)}", PeerPort => ${port}) or die; send($s, "ab", 0); send($s, "!", 1); send($s, "cd", 0); shutdown($s, 1); <$s>;`; // prettier-ignore
    const child = spawn("perl", ["-e", script], { stdio: "inherit" });
    const connection = await serving;
    assert.equal(Buffer.concat(await drained(connection)).toString(), "ab!cd");
    connection.end();
    assert.deepEqual((await once(child, "exit"))[0], 0);
  },
  async "datagrams of every size, both ways"(family) {
    const isV6 = family === "fd00:";
    const udp = createSocket(isV6 ? "udp6" : "udp4");
    udp.bind(0, kernel(family));
    await once(udp, "listening");
    const port = nextPort++;
    const bound = stack.udp.bind({ port }, ({ remote, data }) => void bound.send(remote, data));
    // What is lost is asked for again; what comes is right.
    for (const length of [0, 1, 100, 536, 1472, 1473, 3000, 20_000, isLossy ? 10_000 : 65_000]) {
      const data = pattern(length);
      const answer = new Promise<Uint8Array>((resolve) => udp.once("message", resolve));
      const ask = (): void => udp.send(data, port, ours(family));
      const again = setInterval(ask, 300);
      ask();
      assert.equal(digest([await answer]), digest([data]), `${length} bytes`);
      clearInterval(again);
    }
    bound.close();
    udp.close();
  },
  async "pings, both ways, and fragments of them"(family) {
    for (const length of ["56", "5000"]) {
      const child = spawn(
        "ping",
        ["-q", "-c", isLossy ? "10" : "5", "-i", "0.02", "-s", length, "-W", "1", ours(family)],
        { stdio: "ignore" },
      );
      const [status] = (await once(child, "exit")) as [number];
      assert.equal(status, 0);
    }
    const remote = parseAddress(kernel(family));
    const replied = new Promise<Uint8Array>((resolve) => replies.set(remote.length, resolve));
    stack.icmp.onReply = ({ remote: from, data }) => replies.get(from.length)?.(data.slice());
    const ask = (): boolean => stack.icmp.ping({ remote, identifier: 1, sequence: 2, data: pattern(4000) });
    ask();
    const again = setInterval(ask, 200);
    assert.equal(digest([await replied]), digest([pattern(4000)]));
    clearInterval(again);
  },
};

async function report(
  name: string,
  family: string,
  work: (family: string) => Promise<unknown>,
): Promise<void> {
  const start = performance.now();
  let failure: string | undefined;
  let figures: unknown;
  try {
    const bound = new Promise<never>((_, reject) =>
      setTimeout(() => reject(new Error("no end in 40 s")), 40_000).unref(),
    );
    figures = await Promise.race([work(family), bound]);
  } catch (error) {
    failure = error instanceof Error ? (error.stack ?? error.message) : `${error}`;
  }
  process.stdout.write(
    `${JSON.stringify({ family, name, failure, figures, msecs: Math.round(performance.now() - start) })}\n`,
  );
}

for (const [name, work] of Object.entries(cases))
  await Promise.all(families.map((family) => report(name, family, work)));
close();
pcap?.close();
