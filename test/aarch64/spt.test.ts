// The self-tests of spt compiled for aarch64, on the engine of our own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { attach, createPeer, createSegment, open, run, type NetRequest } from "../../src/index.js";
import { selfTest, solo5 } from "../command.js";
import { guestWithDisk } from "../replays.js";
import { checkOutcome, netTests } from "../self-tests.js";
import { targetCases } from "../target.cases.js";

targetCases({ target: "spt", isa: "aarch64", guest: guestWithDisk });

for (const row of netTests) {
  if (row.status.spt === undefined) continue;
  test(`spt of aarch64 ${row.name}: on segments`, async () => {
    const nets = row.nics.map((nic) => `--net:${nic}=segment:lan`);
    const outcome = await solo5("solo5", ["run", ...nets, selfTest(`aarch64/test_${row.name}.spt`)]);
    checkOutcome(row, "spt", outcome);
  });
}

test("spt of aarch64: pings on two interfaces", async () => {
  const segments = [createSegment(), createSegment()] as const;
  const [service0, service1] = segments.map((segment): NetRequest => ({
    source: { kind: "device", device: segment.port() },
  }));
  assert.ok(service0 !== undefined && service1 !== undefined);
  const unikernel = open(selfTest("aarch64/test_net_2if.spt"));
  const running = run(attach(unikernel, { memMiB: 16, net: { service0, service1 } }), {
    console: { write: () => undefined },
  });
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
  for (const [n, segment] of segments.entries()) {
    const peer = createPeer(segment.port(), { ip: `10.${n}.0.1`, mac });
    for (let i = 0; i < 50; i++) {
      const time = await peer.ping(`10.${n}.0.2`, { timeoutMsecs: 10_000 });
      assert.ok(time !== undefined, `ping ${i} on interface ${n}`);
    }
  }
  running.stop();
  assert.equal((await running.exited).status, 137);
});
