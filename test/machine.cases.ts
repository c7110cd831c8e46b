// What every machine of our own owes a unikernel with networks, whatever they are made of: channels, rings, virtio.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { attach, createPeer, createSegment, open, run, type NetRequest, type Segment } from "../src/index.js";
import { selfTest, solo5 } from "./command.js";
import { checkOutcome, netTests, newDisk } from "./self-tests.js";
import { comesToRest, ownMsecs, until } from "./until.js";

export interface OwnMachine {
  /** What the tests call it. */
  readonly name: string;
  readonly target: "muen" | "virtio" | "xen";
  readonly memMiB: number;
}

export const hostMac = Uint8Array.of(2, 0, 0, 0, 0, 1);
export const onPort = (segment: Segment): NetRequest => ({
  source: { kind: "device", device: segment.port() },
});

/** Starts a self-test, and collects what it prints. */
export function startSelfTest(
  { target, memMiB }: OwnMachine,
  name: string,
  net: Readonly<Record<string, NetRequest>>,
  args: readonly string[] = [],
) {
  let text = "";
  const plan = attach(open(selfTest(`test_${name}.${target}`)), { memMiB, net, args });
  const console = { write: (data: Uint8Array) => (text += new TextDecoder().decode(data)) };
  return { running: run(plan, { console }), text: () => text };
}

/** The rows of the self-tests' table that have networks. */
export function netCases(machine: OwnMachine): void {
  for (const row of netTests)
    test(`${machine.name} ${row.name}`, async () => {
      const segment = createSegment();
      const net = Object.fromEntries(row.nics.map((nic) => [nic, onPort(segment)]));
      const { running, text } = startSelfTest(machine, row.name, net);
      const { status, message = "" } = await running.exited;
      checkOutcome(row, machine.target, { status, stdout: text(), stderr: message });
      for (const nic of row.nics)
        assert.ok(text().includes(`Solo5: Application acquired '${nic}' as network device`), nic);
    });
}

/** `check` is given what the unikernel has printed. */
export function twoInterfacesCase(machine: OwnMachine, check?: (said: string) => void): void {
  test(`${machine.name}: pings on two interfaces, each by itself`, async () => {
    const [left, right] = [createSegment(), createSegment()];
    const nets = { service0: onPort(left), service1: onPort(right) };
    const { running, text } = startSelfTest(machine, "net_2if", nets);
    const peers = [
      [createPeer(left.port(), { ip: "10.0.0.1", mac: hostMac }), "10.0.0.2"],
      [createPeer(right.port(), { ip: "10.1.0.1", mac: hostMac }), "10.1.0.2"],
    ] as const;
    for (let i = 0; i < 50; i++) {
      for (const [peer, ip] of peers)
        assert.ok((await peer.ping(ip, { timeoutMsecs: 10_000 })) !== undefined, `ping ${i} to ${ip}`);
    }
    running.stop();
    assert.equal((await running.exited).status, 137);
    check?.(text());
  });
}

export interface Flood {
  readonly frames: number;
  readonly inFlight: number;
  /** The unikernel has enough after that many, by this argument; else it is stopped. */
  readonly args?: readonly string[];
}

/** More frames than the machine holds at a time. */
export function floodCase(machine: OwnMachine, { frames, inFlight, args = [] }: Flood): void {
  test(`${machine.name}: ${frames} frames, more than it holds at a time, then the end`, async () => {
    const segment = createSegment();
    const { running, text } = startSelfTest(machine, "net", { service0: onPort(segment) }, args);
    const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: hostMac });
    for (let sent = 0; sent < frames; sent += inFlight) {
      const pings = Array.from({ length: inFlight }, () => peer.ping("10.0.0.2", { timeoutMsecs: 30_000 }));
      assert.ok(
        (await Promise.all(pings)).every((time) => time !== undefined),
        `of ${inFlight} after ${sent}: ${text()}`,
      );
    }
    if (args.length === 0) running.stop();
    assert.equal((await running.exited).status, args.length === 0 ? 137 : 0, text());
  });
}

export function restCase(machine: OwnMachine): void {
  test(`${machine.name}: a unikernel that waits uses no time, and a frame wakes it`, async () => {
    const segment = createSegment();
    const { running, text } = startSelfTest(machine, "net", { service0: onPort(segment) });
    const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: hostMac });
    await until("it serves", () => text().includes("Serving"));
    await comesToRest(ownMsecs);
    assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined);
    running.stop();
    await running.exited;
  });
}

export function quietCase(machine: OwnMachine): void {
  test(`${machine.name}: the status arrives where the console says nothing`, async () => {
    for (const [name, expected] of [
      ["quiet", 0],
      ["xnor", 1],
      ["dumpcore", 255],
    ] as const) {
      const { running, text } = startSelfTest(machine, name, {}, ["--solo5:quiet"]);
      assert.equal((await running.exited).status, expected);
      assert.doesNotMatch(text(), /Solo5:/);
    }
  });
}

/** `folder` is for the disk. */
export function diskCase({ name, target }: OwnMachine, folder: string): void {
  test(`${name}: what is written is in the file`, async () => {
    const disk = newDisk(folder);
    await solo5("solo5", ["run", "--mem=16", `--block:storage=${disk}`, selfTest(`test_blk.${target}`)]);
    const content = readFileSync(disk);
    // The pattern of guest/tests/blk.
    for (const at of [0, 511, 512, 0xffff])
      assert.equal(content[at], ((at % 512) + (at >> 9) * 7) & 0xff, `${at}`);
  });
}

/** A size of blocks that the target has not, and too little memory, or too much. */
export function refusedCase(
  { name, target }: OwnMachine,
  folder: string,
  sizes: readonly (readonly [mem: string, why: RegExp])[],
): void {
  test(`${name}: another size of blocks is refused, and memory of a size that cannot be`, async () => {
    const options = [`--block:storage=${newDisk(folder)}`, "--block-sector-size:storage=4096"];
    const refused = await solo5("solo5", ["run", ...options, selfTest(`test_blk.${target}`)]);
    assert.equal(refused.stderr, `solo5: storage: ${target} has blocks of 512 bytes, not 4096\n`);
    assert.equal(refused.status, 1);
    for (const [mem, why] of sizes) {
      const { stderr, status } = await solo5("solo5", ["run", mem, selfTest(`test_hello.${target}`)]);
      assert.match(stderr, why);
      assert.equal(status, 1);
    }
  });
}
