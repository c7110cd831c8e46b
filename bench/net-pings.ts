// Milliseconds that COUNT pings to the unikernel in FILE take, on a segment of this process: FILE COUNT.
import { attach, createPeer, createSegment, open, run } from "../src/index.js";

const [file = "", count = ""] = process.argv.slice(2);
const segment = createSegment();
const peer = createPeer(segment.port(), { ip: "10.0.0.9", mac: Uint8Array.of(2, 0, 0, 0, 0, 9) });
const source = { kind: "device", device: segment.port() } as const;
const running = run(attach(open(file), { memMiB: 32, net: { service0: { source } } }), {
  engine: process.env["SOLO5_BENCH_ENGINE"] === "wasm" ? "wasm" : "auto",
  console: { write() {} },
});
while ((await peer.ping("10.0.0.2")) === undefined);
const start = performance.now();
for (let i = 0; i < Number(count); i++)
  if ((await peer.ping("10.0.0.2", { timeoutMsecs: 5000 })) === undefined) throw new Error(`ping ${i} lost`);
process.stdout.write(`${performance.now() - start}\n`);
running.stop();
await running.exited;
