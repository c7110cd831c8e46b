// The self-tests on the engine that works everywhere, hvt and spt, through the tenders; each says and returns what it
// does natively.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { attach, createPeer, createSegment, open, run } from "../src/index.js";
import { commandFile, execute, selfTest, solo5 } from "./command.js";
import { checkOutcome, newDisk, selfTests } from "./self-tests.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));

for (const target of ["hvt", "spt"] as const) {
  for (const row of selfTests) {
    const { name, args = [], options = () => [], status } = row;
    if (status[target] === undefined) continue;
    test(`wasm ${target} ${name} ${options("DISK").join(" ")}`, async () => {
      const attached = options(newDisk(folder));
      const kernel = selfTest(`test_${name}.${target}`);
      const outcome = await solo5(`solo5-${target}`, [
        "--engine=wasm",
        "--mem=16",
        ...attached,
        kernel,
        ...args,
      ]);
      checkOutcome(row, target, outcome);
      // What a tender has attached, these bindings need not tell.
      assert.doesNotMatch(outcome.stdout, /acquired/);
    });
  }

  test(`wasm ${target} answers pings on a segment`, async () => {
    const segment = createSegment();
    const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
    const source = { kind: "device", device: segment.port() } as const;
    const plan = attach(open(selfTest(`test_net.${target}`)), { memMiB: 16, net: { service0: { source } } });
    await using running = run(plan, { engine: "wasm", console: { write: () => {} } });
    for (let i = 0; i < 50; i++) {
      assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined, `ping ${i}`);
    }
    running.stop();
    assert.equal((await running.exited).status, 137);
  });
}

test("wasm: memory that the engine cannot have is adjusted to the most that it can", async () => {
  const say = (command: string, size: number): string => `${command}: adjusting memory to ${size} bytes\n`;
  const most = 2 ** 32 - 2 ** 22;
  const rows = [
    ["solo5-hvt", "hvt", 1, 2 ** 21, "0x200000"],
    ["solo5-hvt", "hvt", 5, 2 ** 22, "0x400000"],
    ["solo5-hvt", "hvt", 4096, most, "0xffc00000"],
    ["solo5-spt", "spt", 4096, most, "0xffc00000"],
    ["solo5-spt", "spt", 20_000, most, "0xffc00000"],
  ] as const;
  for (const [command, target, mib, size, top] of rows) {
    const kernel = selfTest(`test_hello.${target}`);
    const { stdout, stderr, status } = await solo5(command, ["--engine=wasm", `--mem=${mib}`, kernel]);
    assert.deepEqual([stderr, status], [say(command, size), 0]);
    assert.match(stdout, new RegExp(`stack < ${top}\\n[^]*SUCCESS`));
  }
  // The binding's own limit is lower.
  const virtio = await solo5("solo5", ["run", "--mem=4096", selfTest("test_hello.virtio")]);
  assert.deepEqual([virtio.stderr, virtio.status], [say("solo5", most), 0]);
});

test("wasm hvt: with the largest memory, the ring lies inside it", async () => {
  const segment = createSegment();
  createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const plan = attach(open(selfTest("test_net_ring.hvt")), { memMiB: 4096, net: { service0: { source } } });
  await using running = run(plan, { engine: "wasm", console: { write() {} } });
  assert.equal((await running.exited).status, 0);
});

test("wasm hvt: the ring carries frames", async () => {
  const segment = createSegment();
  createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const source = { kind: "device", device: segment.port() } as const;
  const plan = attach(open(selfTest("test_net_ring.hvt")), { memMiB: 16, net: { service0: { source } } });
  let output = "";
  const running = run(plan, {
    engine: "wasm",
    console: { write: (data) => (output += new TextDecoder().decode(data)) },
  });
  assert.equal((await running.exited).status, 0, output);
  assert.match(output, /SUCCESS/);
});

test("wasm: ^C ends the tender, which says so", async () => {
  const { stderr, status } = await execute("timeout", [
    "--preserve-status",
    "-s",
    "INT",
    "1",
    process.execPath,
    commandFile("solo5-hvt"),
    "--engine=wasm",
    selfTest("test_time.hvt"),
  ]);
  assert.equal(stderr, "solo5-hvt: Exiting on signal 2\n");
  assert.equal(status, 1);
});

test("wasm: a console that nobody reads ends the unikernel as SIGPIPE would", async () => {
  const tender = `'${process.execPath}' '${commandFile("solo5-spt")}' --engine=wasm`;
  const { stdout } = await execute("bash", [
    "-c",
    `${tender} '${selfTest("test_output.spt")}' | true; echo "\${PIPESTATUS[0]}"`,
  ]);
  assert.equal(stdout, "141\n");
});
