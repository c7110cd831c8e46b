// Runs in a namespace with two bridged taps: the stack on one, lwIP's program (the argument) on the other. Each serves the other as
// an echo; with loss where the second argument says so. Prints a line when all was as it must be.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { parseAddress, type Connection } from "../../src/ip/index.js";
import { stackOnTap } from "./tap-link.js";

const [program = "", loss = "0", size = "0"] = process.argv.slice(2);
const total = Number(size);
const byteAt = (i: number): number => (i * 31 + (i >> 8) * 17 + (i >> 16)) & 255;
const { stack, close } = stackOnTap("tap0", { addresses: ["10.0.4.1/24"] }, { loss: Number(loss), seed: 3 });

stack.tcp.listen({ port: 7 }, (connection) => {
  const pass = (): void => {
    for (let data; (data = connection.read()) !== undefined;) if (!connection.write(data)) return;
    if (connection.ended) connection.end();
  };
  connection.handlers = { readable: pass, writable: pass };
});
const child = spawn(program, [`${total}`], {
  env: { ...process.env, TAP: "tap1" },
  stdio: ["ignore", "pipe", "inherit"],
});
process.on("exit", () => child.kill("SIGKILL"));
let said = "";
const line = (pattern: RegExp): Promise<void> =>
  new Promise((resolve) => {
    const look = (): boolean => pattern.test(said);
    if (look()) resolve();
    else child.stdout.on("data", () => look() && resolve());
  });
child.stdout.on("data", (data: Uint8Array) => (said += new TextDecoder().decode(data)));
await line(/listening/);

/** Pours and reads at once, as an echo without room for everything wants. */
const asked = await new Promise<{ readonly count: number; readonly wrong: number }>((resolve, reject) => {
  let [sent, count, wrong] = [0, 0, 0];
  const more = (): void => {
    while (sent < total) {
      const start = sent;
      const part = Uint8Array.from({ length: Math.min(5000, total - start) }, (_, i) => byteAt(start + i));
      sent += part.length;
      if (!connection.write(part)) return;
    }
    connection.end();
  };
  const connection: Connection = stack.tcp.connect(
    { remote: { address: parseAddress("10.0.4.2"), port: 7 } },
    {
      opened: more,
      writable: more,
      readable() {
        for (let data; (data = connection.read()) !== undefined;) for (const byte of data) if (byte !== byteAt(count++)) wrong++; // prettier-ignore
        if (connection.ended) resolve({ count, wrong });
      },
      closed: (error) => error !== undefined && reject(new Error(error)),
    },
  );
});
assert.deepEqual(asked, { count: total, wrong: 0 });
await line(/asked \d+, wrong \d+/);
await line(/served \d+\n/);
assert.match(said, new RegExp(`served ${total}\n`));
assert.match(said, new RegExp(`asked ${total}, wrong 0\n`));
child.kill("SIGKILL");
close();
process.stdout.write("as it must be\n");
