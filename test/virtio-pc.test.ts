// virtio unikernels on our own PC: the self-tests, networks, and what a PC without a hypervisor must do besides.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { attach, createPeer, createSegment, open, run, type NetRequest, type Segment } from "../src/index.js";
import { selfTest, solo5 } from "./command.js";
import { comesToRest, ownMsecs, until } from "./until.js";
import { checkOutcome, netTests, newDisk, selfTests } from "./self-tests.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-test-"));
after(() => rmSync(folder, { recursive: true }));

for (const row of selfTests) {
  const { name, args = [], options = () => [], status } = row;
  if (status.virtio === undefined) continue;
  test(`PC ${name} ${options("DISK").join(" ")}`, async () => {
    const kernel = selfTest(`test_${name}.virtio`);
    const outcome = await solo5("solo5", ["run", "--mem=16", ...options(newDisk(folder)), kernel, ...args]);
    checkOutcome(row, "virtio", outcome);
    const end = row.status.hvt === 0 ? /SUCCESS/ : /Solo5: (ABORT: (.*Fatal trap|Stack)|solo5_abort)/;
    assert.match(outcome.stdout, end);
  });
}

for (const row of netTests) {
  test(`PC ${row.name}`, async () => {
    const nets = row.nics.map((nic) => `--net:${nic}=segment:lan`);
    const outcome = await solo5("solo5", ["run", ...nets, selfTest(`test_${row.name}.virtio`)]);
    checkOutcome(row, "virtio", outcome);
    for (const nic of row.nics)
      assert.ok(outcome.stdout.includes(`Solo5: Application acquired '${nic}' as network device`), nic);
  });
}

const onPort = (segment: Segment): NetRequest => ({ source: { kind: "device", device: segment.port() } });

/** Runs a self-test with the devices, and collects what it prints. */
function start(name: string, net: Readonly<Record<string, NetRequest>>, args: readonly string[] = []) {
  let text = "";
  const plan = attach(open(selfTest(`test_${name}.virtio`)), { memMiB: 64, net, args });
  const running = run(plan, { console: { write: (data) => (text += new TextDecoder().decode(data)) } });
  return { running, text: () => text };
}

test("PC: pings on two interfaces, each of which has its line", async () => {
  const [left, right] = [createSegment(), createSegment()];
  const { running } = start("net_2if", { service0: onPort(left), service1: onPort(right) });
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  const peers = [
    [createPeer(left.port(), { ip: "10.0.0.1", mac }), "10.0.0.2"],
    [createPeer(right.port(), { ip: "10.1.0.1", mac }), "10.1.0.2"],
  ] as const;
  for (let i = 0; i < 50; i++) {
    for (const [peer, ip] of peers)
      assert.ok((await peer.ping(ip, { timeoutMsecs: 10_000 })) !== undefined, `ping ${i} to ${ip}`);
  }
  running.stop();
  assert.equal((await running.exited).status, 137);
});

test("PC: the MTU is the network's", async () => {
  const { running, text } = start("net_mtu", { service0: onPort(createSegment({ mtu: 9000 })) });
  assert.equal((await running.exited).status, 0);
  assert.match(text(), /MTU is 9000/);
});

test("PC: a hundred thousand frames, then the end", async () => {
  const segment = createSegment();
  const { running, text } = start("net", { service0: onPort(segment) }, ["limit"]);
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  const inFlight = 50;
  for (let sent = 0; sent < 100_000; sent += inFlight) {
    const pings = Array.from({ length: inFlight }, () => peer.ping("10.0.0.2", { timeoutMsecs: 30_000 }));
    assert.ok(
      (await Promise.all(pings)).every((time) => time !== undefined),
      `of 50 after ${sent}`,
    );
  }
  assert.equal((await running.exited).status, 0, text());
});

test("PC: a unikernel that waits uses no time", async () => {
  const segment = createSegment();
  const { running, text } = start("net", { service0: onPort(segment) });
  await until("it serves", () => text().includes("Serving"));
  await comesToRest(ownMsecs);
  running.stop();
  await running.exited;
});

test("PC: 63 devices, on three buses", async () => {
  const segment = createSegment();
  const net = Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`service${i}`, onPort(segment)]));
  const { running, text } = start("mft_maxdevices", net);
  assert.equal((await running.exited).status, 0, text());
  assert.match(text(), /PCI:1:0\.0: [^]*PCI:2:0\.0: virtio-net[^]*SUCCESS/);
});

test("PC: the clock is KVM's, so that the start measures nothing", async () => {
  const { stdout } = await solo5("solo5", ["run", selfTest("test_hello.virtio")]);
  assert.match(stdout, /Clock source: KVM/);
});

test("PC: a timer interrupts a program that only computes, and one that hardly lets it", async () => {
  const { stdout, status } = await solo5("solo5", ["run", selfTest("test_ticks.virtio")]);
  assert.match(stdout, /SUCCESS/);
  assert.equal(status, 0);
});

test("PC: what is written is in the file", async () => {
  const disk = newDisk(folder);
  await solo5("solo5", ["run", `--block:storage=${disk}`, selfTest("test_blk.virtio")]);
  const content = readFileSync(disk);
  // The pattern of guest/tests/blk.
  for (const at of [0, 511, 512, 0xffff])
    assert.equal(content[at], ((at % 512) + (at >> 9) * 7) & 0xff, `${at}`);
});

test("PC: another size of blocks is refused, and memory that is too small", async () => {
  const disk = newDisk(folder);
  const blk = selfTest("test_blk.virtio");
  const options = [`--block:storage=${disk}`, "--block-sector-size:storage=4096"];
  const refused = await solo5("solo5", ["run", ...options, blk]);
  assert.equal(refused.stderr, "solo5: storage: virtio has blocks of 512 bytes, not 4096\n");
  assert.equal(refused.status, 1);
  const small = await solo5("solo5", ["run", "--mem=1", selfTest("test_hello.virtio")]);
  assert.match(small.stderr, /guest memory of 1048576 bytes is too small/);
  assert.equal(small.status, 1);
});

test("PC: a recording replays to the same end, interrupts and all", async () => {
  for (const [name, options] of [
    ["time", []],
    ["ticks", []],
    ["blk", [`--block:storage=${newDisk(folder)}`]],
  ] as const) {
    const log = join(folder, `${name}.recording`);
    const kernel = selfTest(`test_${name}.virtio`);
    const recorded = await solo5("solo5", ["run", "--mem=16", `--record=${log}`, ...options, kernel]);
    const replayed = await solo5("solo5", ["replay", log]);
    assert.match(replayed.stdout, /SUCCESS/);
    assert.equal(replayed.stdout, recorded.stdout);
    assert.deepEqual([recorded.status, replayed.status], [0, 0]);
  }
});
