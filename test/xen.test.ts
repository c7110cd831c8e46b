// xen unikernels on our own machine: the self-tests, networks, disks, and what a domain without emulated hardware must do besides.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { attach, createPeer, createSegment, open, run, type NetRequest, type Segment } from "../src/index.js";
import { selfTest, solo5 } from "./command.js";
import { memoryDisk } from "./memory-disk.js";
import { guestOf } from "./replays.js";
import { checkOutcome, netTests, newDisk } from "./self-tests.js";
import { targetCases } from "./target.cases.js";
import { comesToRest, ownMsecs, until } from "./until.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-xen-"));
after(() => rmSync(folder, { recursive: true }));

targetCases({
  target: "xen",
  guest: ({ args = [] }, file, memSize) => {
    const block = memoryDisk(512);
    const guest = guestOf(
      file,
      ({ devices }) =>
        devices.map((device) => ({
          ...device,
          type: "BLOCK_BASIC",
          capacity: block.capacity,
          blockSize: block.blockSize,
        })),
      args.join(" "),
    );
    const blocks = new Map(guest.devices.map(({ handle }) => [handle, block]));
    return { guest: { ...guest, memSize }, host: { blocks } };
  },
});

const onPort = (segment: Segment): NetRequest => ({ source: { kind: "device", device: segment.port() } });

/** Starts a self-test, and collects what it prints. */
function start(name: string, net: Readonly<Record<string, NetRequest>>, args: readonly string[] = []) {
  let text = "";
  const plan = attach(open(selfTest(`test_${name}.xen`)), { memMiB: 64, net, args });
  const console = { write: (data: Uint8Array) => (text += new TextDecoder().decode(data)) };
  return { running: run(plan, { console }), text: () => text };
}

for (const row of netTests) {
  test(`xen ${row.name}`, async () => {
    const segment = createSegment();
    const net = Object.fromEntries(row.nics.map((nic) => [nic, onPort(segment)]));
    const { running, text } = start(row.name, net);
    const { status, message = "" } = await running.exited;
    checkOutcome(row, "xen", { status, stdout: text(), stderr: message });
    for (const nic of row.nics)
      assert.ok(text().includes(`Solo5: Application acquired '${nic}' as network device`), nic);
  });
}

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);

test("xen: pings on two interfaces, each of which has its rings", async () => {
  const [left, right] = [createSegment(), createSegment()];
  const { running } = start("net_2if", { service0: onPort(left), service1: onPort(right) });
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

test("xen: ten thousand frames, more than the rings hold at a time", async () => {
  const segment = createSegment();
  const { running, text } = start("net", { service0: onPort(segment) });
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac });
  const inFlight = 100;
  for (let sent = 0; sent < 10_000; sent += inFlight) {
    const pings = Array.from({ length: inFlight }, () => peer.ping("10.0.0.2", { timeoutMsecs: 30_000 }));
    assert.ok(
      (await Promise.all(pings)).every((time) => time !== undefined),
      `of ${inFlight} after ${sent}: ${text()}`,
    );
  }
  running.stop();
  await running.exited;
});

test("xen: a unikernel that waits uses no time, and a frame wakes it", async () => {
  const segment = createSegment();
  const { running, text } = start("net", { service0: onPort(segment) });
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac });
  await until("it serves", () => text().includes("Serving"));
  await comesToRest(ownMsecs);
  assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined);
  running.stop();
  await running.exited;
});

test("xen: the MTU is the network's, as far as a page goes", async () => {
  for (const [mtu, expected] of [
    [1280, 1280],
    [9000, 4078],
  ] as const) {
    const { running, text } = start("net_mtu", { service0: onPort(createSegment({ mtu })) });
    assert.equal((await running.exited).status, 0);
    assert.match(text(), new RegExp(`MTU is ${expected}`));
  }
});

test("xen: the status arrives where the console says nothing", async () => {
  for (const [name, expected] of [
    ["quiet", 0],
    ["xnor", 1],
    ["dumpcore", 255],
  ] as const) {
    const { running, text } = start(name, {}, ["--solo5:quiet"]);
    assert.equal((await running.exited).status, expected);
    assert.doesNotMatch(text(), /Solo5:/);
  }
});

test("xen: what is written is in the file", async () => {
  const disk = newDisk(folder);
  await solo5("solo5", ["run", "--mem=16", `--block:storage=${disk}`, selfTest("test_blk.xen")]);
  const content = readFileSync(disk);
  // The pattern of guest/tests/blk.
  for (const at of [0, 511, 512, 0xffff])
    assert.equal(content[at], ((at % 512) + (at >> 9) * 7) & 0xff, `${at}`);
});

test("xen: another size of blocks is refused, and memory that is too small or too large", async () => {
  const options = [`--block:storage=${newDisk(folder)}`, "--block-sector-size:storage=4096"];
  const refused = await solo5("solo5", ["run", ...options, selfTest("test_blk.xen")]);
  assert.equal(refused.stderr, "solo5: storage: xen has blocks of 512 bytes, not 4096\n");
  assert.equal(refused.status, 1);
  for (const [mem, why] of [
    ["--mem=1", /guest memory of 1048576 bytes is too small/],
    ["--mem=4096", /guest memory size 4294967296 bytes exceeds the max size 4261412864 bytes/],
  ] as const) {
    const { stderr, status } = await solo5("solo5", ["run", mem, selfTest("test_hello.xen")]);
    assert.match(stderr, why);
    assert.equal(status, 1);
  }
});
