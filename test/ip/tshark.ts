// tshark as a judge of captures: malformed packets, bad checksums, and what its experts call errors.
import assert from "node:assert/strict";
import { execute } from "../command.js";

/** Every checksum is verified, none is taken for offloaded. */
const verify = ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"].flatMap((name) => [
  "-o",
  `${name}:TRUE`,
]);
const wrong = [
  "_ws.malformed",
  "_ws.expert.severity == error",
  "ip.checksum.status == bad",
  "tcp.checksum.status == bad",
  "udp.checksum.status == bad",
  "icmp.checksum.status == bad",
  "icmpv6.checksum.status == bad",
];

/** Fails with what is wrong with the frames in a capture file; says how many there are. */
export async function inspect(capture: string): Promise<number> {
  const { stdout, stderr } = await execute("tshark", ["-r", capture, ...verify, "-Y", wrong.join(" || "), "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Info", "-e", "_ws.expert.message"]); // prettier-ignore
  assert.equal(stdout, "", stderr);
  const all = await execute("tshark", ["-r", capture, "-T", "fields", "-e", "frame.protocols"]);
  const frames = all.stdout.trim().split("\n");
  assert.ok(
    frames.every((protocols) => /^eth:ethertype:(?:arp|ip|ipv6)/.test(protocols)),
    "frames that are none of ours",
  );
  return frames.length;
}
