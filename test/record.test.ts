// Recording and replaying whole unikernels: the same number of instructions, the same memory, with waits and packets in it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { result } from "../src/abi/start.js";
import { openReplay } from "../src/debug/record/replayer.js";
import { record } from "../src/debug/record/recorder.js";
import { createPeer } from "../src/net/peer.js";
import { createSegment } from "../src/net/segment.js";
import type { PortableEngine } from "../src/engine/engines.js";
import { IntegerValues } from "../src/engine/portable/values/integer-values.js";
import { newInterpreter } from "../src/engine/x86-64/interpreter.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import type { Guest } from "../src/targets/contract.js";
import type { Ended } from "../src/tender/instrument.js";
import { execute, commandFile, selfTest, solo5 } from "./command.js";
import { assertReplays, concat, guestOf, nothing, quiet, run } from "./replays.js";
import { until } from "./until.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-record-"));
after(() => rmSync(folder, { recursive: true }));

for (const target of ["hvt", "spt", "virtio", "muen", "xen"]) {
  test(`${target}: clocks and waits`, async () => {
    // Whether it is content with its clocks depends on the load of this machine; so does nothing else.
    const { instructions } = await assertReplays(guestOf(`test_time.${target}`), nothing);
    assert.ok(instructions > 10_000n);
  });

  test(`${target}: packets`, async () => {
    const segment = createSegment();
    const peer = createPeer(segment.port(), { ip: "10.0.0.1", mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
    const guest = guestOf(`test_net.${target}`, ({ devices }) =>
      devices.map((device) => ({ ...device, type: "NET_BASIC", mtu: 1500, mac: Uint8Array.of(2, 0, 0, 0, 0, 2) }))); // prettier-ignore
    const handle = guest.devices[0]?.handle ?? -1;
    const nets = new Map([[handle, segment.port()]]);
    const { instructions } = await assertReplays(guest, { ...nothing, nets }, async ({ stop }, state) => {
      for (let i = 0; i < 30; i++)
        assert.ok((await peer.ping("10.0.0.2", { timeoutMsecs: 10_000 })) !== undefined);
      await until("the guest waits for the next", () => state().kind === "waiting");
      stop({ status: 7 });
    });
    assert.ok(instructions > 10_000n);
  });

  if (target === "muen") continue;
  test(`${target}: blocks`, async () => {
    const disk = new Uint8Array(0x10000);
    const guest = guestOf(`test_blk.${target}`, ({ devices }) =>
      devices.map((device) => ({ ...device, type: "BLOCK_BASIC", capacity: 0x10000n, blockSize: 512 })),
    );
    const block = {
      capacity: 0x10000n,
      blockSize: 512,
      read(offset: bigint, into: Uint8Array) {
        into.set(disk.subarray(Number(offset), Number(offset) + into.length));
        return result.ok;
      },
      write(offset: bigint, data: Uint8Array) {
        disk.set(data, Number(offset));
        return result.ok;
      },
      close() {},
    };
    const handle = guest.devices[0]?.handle ?? -1;
    assert.equal(
      (await assertReplays(guest, { ...nothing, blocks: new Map([[handle, block]]) })).outcome.status,
      0,
    );
  });
}

test("virtio: ticks come to a guest that spins, in a replay at the same instructions", async () => {
  const { outcome } = await assertReplays(guestOf("test_ticks.virtio"), nothing);
  assert.equal(outcome.status, 0);
});

test("virtio: ticks come at the same instructions interpreted and translated, however often the run pauses", async () => {
  const trails: unknown[] = [];
  /** Pauses at instructions that no tick comes at. */
  const often =
    (newVcpu: PortableEngine["newVcpu"]): PortableEngine["newVcpu"] =>
    (options) => {
      const vcpu = newVcpu(options);
      const { setBudget } = vcpu;
      return Object.assign(vcpu, { setBudget: (count: number) => setBudget(Math.min(count, 300_007)) });
    };
  for (const newVcpu of [newWasmVcpu, often(newWasmVcpu), newInterpreter, often(newInterpreter)]) {
    // Every look at the clock is a tick of the guest's timer later.
    let [now, output] = [0n, ""];
    const tickNsecs = 6_000_000n;
    const clock = { monotonic: () => (now += tickNsecs), wall: () => now };
    const console = { write: (data: Uint8Array) => void (output += new TextDecoder().decode(data)) };
    const trail = await run(guestOf("test_ticks.virtio"), { ...nothing, clock, console }, [], { newVcpu });
    trails.push({ ...trail, output });
    assert.match(output, /spinning: \d+( \d+){7}\r\nholding off: \d+( \d+){7}\r\nSUCCESS/);
  }
  for (const trail of trails) assert.deepEqual(trail, trails[0]);
});

test("solo5 run --record, solo5 replay: the same output, twice the same count", async () => {
  const log = join(folder, "hello.log");
  const recorded = await solo5("solo5", [
    "run",
    "--mem=16",
    "--record",
    log,
    selfTest("test_hello.hvt"),
    "Hello_Solo5",
  ]);
  assert.equal(recorded.status, 0, recorded.stderr);
  const [one, two] = [await solo5("solo5", ["replay", log]), await solo5("solo5", ["replay", log])];
  assert.equal(one.stdout, recorded.stdout);
  assert.match(one.stderr, /^solo5: replayed [1-9]\d* instructions\n$/);
  assert.deepEqual(one, two);
  assert.equal(statSync(log).mode & 0o777, 0o600);
});

test("a recording whose process was killed replays up to there", async () => {
  const log = join(folder, "killed.log");
  const killed = await execute("timeout", ["-s", "KILL", "2", process.execPath, commandFile("solo5"), "run", "--mem=16", "--record", log, selfTest("test_time.hvt")]); // prettier-ignore
  const replayed = await solo5("solo5", ["replay", log]);
  assert.match(replayed.stderr, /the recording ends here, after \d+ instructions/);
  assert.equal(replayed.status, 1);
  assert.ok(replayed.stdout.startsWith(killed.stdout));
  truncateSync(log, statSync(log).size - 3);
  assert.match(
    (await solo5("solo5", ["replay", log])).stderr,
    /the recording ends here, after \d+ instructions/,
  );
});

test("what is no recording is said in a line", async () => {
  const file = join(folder, "none");
  writeFileSync(file, readFileSync(selfTest("test_hello.hvt")));
  const { stderr, status } = await solo5("solo5", ["replay", file]);
  assert.deepEqual({ stderr, status }, { stderr: `solo5: ${file}: not a recording\n`, status: 1 });
});

/** A recording of a guest in pieces, and where its events begin. */
async function recordingOf(guest: Guest): Promise<{ readonly log: Uint8Array; readonly events: number }> {
  const pieces: Uint8Array[] = [];
  await run(guest, nothing, [record(guest, (data) => void pieces.push(data.slice()))]);
  return { log: concat(pieces), events: concat(pieces.slice(0, 3)).length };
}

async function replay(log: Uint8Array, change?: Partial<PortableEngine>): Promise<Ended> {
  const { guest, instrument } = openReplay(log, "log", quiet);
  return (await run(guest, nothing, [instrument], change)).outcome;
}

test("a recording altered by one bit is told", async () => {
  const { log, events } = await recordingOf(guestOf("test_time.hvt"));
  assert.equal((await replay(log)).status, 0);
  const last = log.length - 2;
  for (let at = events; at < last; at += Math.max(1, Math.floor((last - events) / 24))) {
    const altered = log.slice();
    altered[at] = (altered[at] ?? 0) ^ (1 << (at % 7));
    const { status, message } = await replay(altered);
    assert.equal(status, 1, `byte ${at - events} of ${log.length - events}`);
    assert.match(message ?? "", /^log: .*, after \d+ instructions$/);
  }
});

test("an engine with one instruction made wrong is told", async () => {
  const { log } = await recordingOf(guestOf("test_time.hvt"));
  const { add } = IntegerValues.prototype;
  let count = 0;
  IntegerValues.prototype.add = function (width, a, b) {
    return ++count === 5000 ? b : add.call(this, width, a, b);
  };
  try {
    const { status, message } = await replay(log, { newVcpu: newInterpreter });
    assert.ok(count > 5000);
    assert.equal(status, 1);
    assert.match(message ?? "", /at exit \d+ the guest is not what it was|does not fit|ends here/);
  } finally {
    IntegerValues.prototype.add = add;
  }
});
