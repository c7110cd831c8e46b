// Bytes that an idle connection takes in the core, both of its ends being stacks in this process: half of what the two together take.
import { createStack, type Stack } from "../src/ip/index.js";

const count = 10_000;
const collect = (globalThis as { readonly gc?: () => void }).gc;
if (collect === undefined) throw new Error("this wants --expose-gc");

const stacks: Stack[] = [];
const queue: { readonly to: number; readonly frame: Uint8Array }[] = [];
let now = 0;
for (const [i, address] of ["10.0.0.1/24", "10.0.0.2/24"].entries()) {
  stacks.push(
    createStack(
      {
        mtu: 1500,
        mac: Uint8Array.of(2, 0, 0, 0, 0, i + 1),
        send(frame) {
          queue.push({ to: 1 - i, frame: frame.slice() });
          return true;
        },
      },
      {
        now: () => now,
        wake() {},
        entropy: (into) => void crypto.getRandomValues(into as Uint8Array<ArrayBuffer>),
      },
      { addresses: [address], tcp: { halfOpen: count } },
    ),
  );
}
const move = (): void => {
  for (let next; (next = queue.shift()) !== undefined;) stacks[next.to]?.receive(next.frame);
};
const [client, server] = stacks;
if (client === undefined || server === undefined) throw new RangeError("two stacks");
const kept: unknown[] = [];
server.tcp.listen({ port: 80 }, (connection) => {
  connection.handlers = {
    readable() {
      for (let data; (data = connection.read()) !== undefined;) connection.write(data.slice());
    },
  };
  kept.push(connection);
});
collect();
const before = process.memoryUsage();
for (let i = 0; i < count; i++) {
  const remote = { address: Uint8Array.of(10, 0, 0, 2), port: 80 };
  const local = { port: 1024 + i };
  // Each has said something, and heard it again.
  const connection = client.tcp.connect(
    { remote, local },
    {
      opened: () => void connection.write(new Uint8Array(100)),
      readable() {
        while (connection.read() !== undefined);
      },
    },
  );
  kept.push(connection);
  move();
}
now += 1000;
for (const stack of stacks) stack.tick();
move();
collect();
const after = process.memoryUsage();
const used = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
process.stdout.write(`${used / count / 2}\n`);
if (kept.length !== 2 * count) throw new Error(`${kept.length} connections`);
