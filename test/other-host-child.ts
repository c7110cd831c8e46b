// What a program does with the package on a system that is not Linux: run by other-hosts.test.ts, in a world without any of
// Linux. Prints what came of it as one line of JSON.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type * as Package from "../src/index.js";
import { projectRoot } from "./project.js";

const [folder = ""] = process.argv.slice(2);
const { attach, createPeer, createSegment, open, run, seal } = (await import(
  `${pathToFileURL(projectRoot).href}/dist/bundle/node/index.js`
)) as typeof Package;
const test = (name: string) => open(`${projectRoot}/dist/guest/tests/${name}`);
const reason = (work: () => unknown): string => {
  try {
    work();
    return "nothing went wrong";
  } catch (error) {
    return (error as Error).message;
  }
};

/** How a unikernel of each target ends, on which engine, and whether it said so. */
async function hello(target: string): Promise<string> {
  let text = "";
  const console = { write: (data: Uint8Array) => void (text += new TextDecoder().decode(data)) };
  const running = run(attach(test(`test_hello.${target}`), { args: ["Hello_Solo5"], memMiB: 16 }), {
    console,
  });
  const { status } = await running.exited;
  return `${running.engine} ${status} ${text.includes("SUCCESS")}`;
}

async function network(): Promise<boolean> {
  const segment = createSegment();
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const net = { service0: { source: { kind: "device", device: segment.port() } } } as const;
  await using running = run(attach(test("test_net.hvt"), { memMiB: 16, net }), { console: { write() {} } });
  const msecs = (await peer.ping("10.0.0.2")) ?? -1;
  return msecs >= 0 && running.engine === "wasm";
}

async function disk(): Promise<number> {
  const path = `${folder}/disk`;
  writeFileSync(path, new Uint8Array(1 << 20));
  const plan = attach(test("test_blk.spt"), {
    memMiB: 16,
    block: { storage: { source: { kind: "file", path } } },
  });
  return (await run(plan, { console: { write() {} } }).exited).status;
}

const sealed = seal(attach(test("test_hello.spt"), { memMiB: 16, isSealed: true }));
const tap = { service0: { source: { kind: "tap", interface: "tap0" } } } as const;
const outcome = {
  platform: process.platform,
  spt: await hello("spt"),
  hvt: await hello("hvt"),
  virtio: await hello("virtio"),
  network: await network(),
  disk: await disk(),
  sealed: createHash("sha256").update(sealed).digest("hex"),
  tap: reason(() => attach(test("test_net.spt"), { net: tap })),
  native: reason(() => run(attach(test("test_hello.spt")), { engine: "native" })),
  kvm: reason(() => run(attach(test("test_hello.hvt")), { engine: "kvm" })),
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);
