// What the user's objects are given is theirs: they keep it, change it and clone it, whichever engine and target it
// comes from. One case for each kind of object, run on every engine of this machine.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { result } from "../src/abi/start.js";
import * as page from "../src/browser/index.js";
import * as host from "../src/index.js";
import { selfTest } from "./command.js";
import { needs } from "./needs.js";

type Run = (
  kernel: string,
  options: host.AttachOptions,
  console: host.Console,
) => Promise<Pick<host.Running, "exited" | "stop">>;

const onEngine =
  (engine: host.EngineName): Run =>
  async (kernel, options, console) =>
    host.run(host.attach(host.open(kernel), options), { engine, console, cache: false });
const onPage: Run = async (kernel, options, console) => {
  const plan = page.attach(page.open(readFileSync(kernel)), options);
  return page.run(plan, { console, cache: false });
};
const engines = {
  spt: { native: onEngine("native"), wasm: onEngine("wasm"), page: onPage },
  // A software KVM executes no vector instruction, but says hello.
  hvt: { wasm: onEngine("wasm"), page: onPage, kvm: onEngine("kvm") },
  virtio: { wasm: onEngine("wasm"), page: onPage },
} as const satisfies Record<string, Readonly<Record<string, Run>>>;

/** Keeps what it is given, beside what it was when it was given. */
function keeper(): { take(data: Uint8Array): void; check(): string } {
  const kept: { readonly data: Uint8Array; readonly before: Uint8Array }[] = [];
  return {
    take: (data) => void kept.push({ data, before: Uint8Array.from(data) }),
    check() {
      assert.ok(kept.length > 0);
      for (const { data, before } of kept) {
        assert.deepEqual(new Uint8Array(data), before);
        assert.equal(
          structuredClone(data).buffer.byteLength,
          data.length,
          "a clone is no larger than the data",
        );
      }
      return Buffer.concat(kept.map(({ data }) => data)).toString();
    },
  };
}

for (const [target, runs] of Object.entries(engines)) {
  for (const [engine, run] of Object.entries<Run>(runs)) {
    const skip = engine === "native" ? needs.x8664Linux() : engine === "kvm" && needs.kvm();
    test(`${target} on ${engine}: a console keeps what it is given`, { skip }, async () => {
      const { take, check } = keeper();
      const options = { memMiB: 16, args: ["Hello_Solo5"] };
      const { exited } = await run(selfTest(`test_hello.${target}`), options, { write: take });
      assert.equal((await exited).status, 0);
      assert.match(check(), /Hello, World[^]*'Hello_Solo5'[^]*SUCCESS/);
    });

    if (engine === "native" || engine === "kvm") continue;
    test(`${target} on ${engine}: a disk keeps and changes what it is given`, async () => {
      const { take, check } = keeper();
      const sectors = new Uint8Array(0x4000);
      const device: host.BlockDevice = {
        capacity: BigInt(sectors.length),
        blockSize: 512,
        read(offset, into) {
          into.set(sectors.subarray(Number(offset), Number(offset) + into.length));
          take(into);
          return result.ok;
        },
        write(offset, data) {
          sectors.set(data, Number(offset));
          data.fill(0xee);
          take(data);
          return result.ok;
        },
        close() {},
      };
      let output = "";
      const { exited } = await run(
        selfTest(`test_blk.${target}`),
        { memMiB: 16, block: { storage: { source: { kind: "device", device } } } },
        { write: (data) => (output += new TextDecoder().decode(data)) },
      );
      assert.equal((await exited).status, 0, output);
      check();
    });

    test(`${target} on ${engine}: a network keeps and changes what it is given`, async () => {
      const { take, check } = keeper();
      const segment = host.createSegment();
      const peer = host.createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
      const port = segment.port();
      const device: host.NetDevice = {
        mtu: port.mtu,
        get readable() {
          return port.readable;
        },
        read: () => port.read(),
        write(frame) {
          const outcome = port.write(frame);
          frame.fill(0xee);
          take(frame);
          return outcome;
        },
        onReadable: (listener) => port.onReadable(listener),
        close: () => port.close(),
      };
      const { exited, stop } = await run(
        selfTest(`test_net.${target}`),
        { memMiB: 16, net: { service0: { source: { kind: "device", device } } } },
        { write() {} },
      );
      for (let i = 0; i < 20; i++) {
        assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined, `ping ${i}`);
      }
      stop();
      assert.equal((await exited).status, 137);
      check();
    });
  }
}
