// muen unikernels on our own machine: the self-tests, networks, and what a machine without anything but shared pages must do
// besides.
import assert from "node:assert/strict";
import { test } from "node:test";
import { attach, createPeer, createSegment, open, run, type NetRequest, type Segment } from "../src/index.js";
import { selfTest } from "./command.js";
import { checkOutcome, netTests } from "./self-tests.js";
import { targetCases } from "./target.cases.js";
import { comesToRest, ownMsecs, until } from "./until.js";

const onPort = (segment: Segment): NetRequest => ({ source: { kind: "device", device: segment.port() } });

/** Starts a self-test, and collects what it prints. */
function start(name: string, net: Readonly<Record<string, NetRequest>>, args: readonly string[] = []) {
  let text = "";
  const plan = attach(open(selfTest(`test_${name}.muen`)), { memMiB: 16, net, args });
  const console = { write: (data: Uint8Array) => (text += new TextDecoder().decode(data)) };
  return { running: run(plan, { console }), text: () => text };
}

targetCases({ target: "muen" });

for (const row of netTests) {
  test(`muen ${row.name}`, async () => {
    const segment = createSegment();
    const net = Object.fromEntries(row.nics.map((nic) => [nic, onPort(segment)]));
    const { running, text } = start(row.name, net);
    const { status, message = "" } = await running.exited;
    checkOutcome(row, "muen", { status, stdout: text(), stderr: message });
    for (const nic of row.nics)
      assert.ok(text().includes(`Solo5: Application acquired '${nic}' as network device`), nic);
  });
}

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);

test("muen: pings on two interfaces, each of which has its channels and its address", async () => {
  const [left, right] = [createSegment(), createSegment()];
  const { running, text } = start("net_2if", { service0: onPort(left), service1: onPort(right) });
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
  const addresses = [...text().matchAll(/MAC: (..):/g)].map(([, first = ""]) => Number.parseInt(first, 16));
  assert.equal(addresses.length, 2);
  for (const first of addresses) assert.equal(first & 3, 2, "of one machine, locally administered");
});

test("muen: twenty thousand frames, more than a channel holds at a time, then the end", async () => {
  const segment = createSegment();
  const { running, text } = start("net", { service0: onPort(segment) });
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac });
  const inFlight = 100;
  for (let sent = 0; sent < 20_000; sent += inFlight) {
    const pings = Array.from({ length: inFlight }, () => peer.ping("10.0.0.2", { timeoutMsecs: 30_000 }));
    assert.ok(
      (await Promise.all(pings)).every((time) => time !== undefined),
      `of ${inFlight} after ${sent}: ${text()}`,
    );
  }
  running.stop();
  await running.exited;
});

test("muen: a unikernel that waits uses no time, and a frame wakes it", async () => {
  const segment = createSegment();
  const { running, text } = start("net", { service0: onPort(segment) });
  const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac });
  await until("it serves", () => text().includes("Serving"));
  await comesToRest(ownMsecs);
  assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined);
  running.stop();
  await running.exited;
});

test("muen: the status arrives where the log says nothing", async () => {
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
