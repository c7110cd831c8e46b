// Captures. Witness: tcpdump.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { needs } from "../../test/needs.js";
import { result } from "../abi/start.js";
import type { Clock } from "../device/contract.js";
import { netDeviceCases } from "./net-device.cases.js";
import { captured, pcapHeader, pcapRecord } from "./pcap.js";
import { createSegment } from "./segment.js";

/** 2001-09-09 01:46:40 UTC and some nanoseconds. */
const clock: Clock = { monotonic: () => 0n, wall: () => 1_000_000_000_123_456_789n };

function capture() {
  const segment = createSegment();
  const far = segment.port();
  const parts: Uint8Array[] = [];
  const device = captured(segment.port(), (data) => parts.push(data), clock);
  return { device, far, parts };
}

netDeviceCases("captured device", () => {
  const { device, far } = capture();
  return {
    device,
    send: (frame) => void far.write(frame),
    receive: async () => far.read(),
    close: () => device.close(),
  };
});

test("frames of both directions are captured, those that were not sent are not", () => {
  const { device, far, parts } = capture();
  const [out, back] = [new Uint8Array(60).fill(2), new Uint8Array(61).fill(4, 6)];
  device.write(out);
  assert.equal(device.write(new Uint8Array(2000)), result.invalid);
  far.write(back);
  assert.equal(parts.length, 2);
  device.read();
  device.read();
  assert.deepEqual(parts, [pcapHeader(), pcapRecord(out, clock.wall()), pcapRecord(back, clock.wall())]);
});

/** Who has 10.0.0.2? Tell 10.0.0.1. */
const arpPacket = "00010800060400010200000000010a0000010000000000000a000002";

/** What tcpdump makes of a capture. */
function tcpdump(data: readonly Uint8Array[], ...options: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "solo5-pcap-"));
  try {
    const file = join(folder, "f.pcap");
    writeFileSync(file, Buffer.concat(data));
    return execFileSync("tcpdump", ["-nnr", file, ...options], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("tcpdump reads time to the nanosecond, and every byte", { skip: needs.program("tcpdump") }, () => {
  const arp = Uint8Array.from(Buffer.from("ffffffffffff0200000000010806" + arpPacket, "hex"));
  const long = new Uint8Array(9014).fill(0xab);
  long.set([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5]);
  const text = tcpdump(
    [pcapHeader(), pcapRecord(arp, clock.wall()), pcapRecord(long, 2_147_483_647_999_999_999n)],
    "-tt",
    "--nano",
    "-e",
  );
  const [first, second, ...more] = text.split("\n").filter((line) => /^\d+\./.test(line));
  assert.match(
    first ?? "",
    /^1000000000\.123456789 02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff, .*Request who-has 10\.0\.0\.2 tell 10\.0\.0\.1/,
  );
  assert.match(second ?? "", /^2147483647\.999999999 .*ethertype Unknown \(0x88b5\), length 9014/);
  assert.deepEqual(more, []);
});
