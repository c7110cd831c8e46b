// virtio unikernels on our own PC: the self-tests, networks, and what a PC without a hypervisor must do besides.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createSegment } from "../src/index.js";
import { selfTest, solo5 } from "./command.js";
import {
  diskCase,
  floodCase,
  onPort,
  refusedCase,
  restCase,
  startSelfTest,
  twoInterfacesCase,
  type OwnMachine,
} from "./machine.cases.js";
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

const machine: OwnMachine = { name: "PC", target: "virtio", memMiB: 64 };

twoInterfacesCase(machine);
floodCase(machine, { frames: 100_000, inFlight: 50, args: ["limit"] });
restCase(machine);
diskCase(machine, folder);
refusedCase(machine, folder, [["--mem=1", /guest memory of 1048576 bytes is too small/]]);

test("PC: the MTU is the network's", async () => {
  const { running, text } = startSelfTest(machine, "net_mtu", {
    service0: onPort(createSegment({ mtu: 9000 })),
  });
  assert.equal((await running.exited).status, 0);
  assert.match(text(), /MTU is 9000/);
});

test("PC: 63 devices, on three buses", async () => {
  const segment = createSegment();
  const net = Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`service${i}`, onPort(segment)]));
  const { running, text } = startSelfTest(machine, "mft_maxdevices", net);
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
