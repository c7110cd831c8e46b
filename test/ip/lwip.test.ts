// The stack against lwIP's TCP, each serving the other: over a bridge of two taps, once with frames lost.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { hasLibc } from "../../src/host/posix/libc.js";
import { execute } from "../command.js";
import { createNamespace } from "../namespace.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";

const headers = "/usr/include/lwip";
const skip = needsAll(
  needs.root(),
  needs.program("ip", "gcc"),
  needs.file(join(headers, "lwip/init.h"), "Debian's liblwip-dev"),
  hasLibc() ? false : "needs koffi",
);
const folder = mkdtempSync(join(tmpdir(), "solo5-lwip-"));
after(() => rmSync(folder, { recursive: true }));

for (const [loss, size] of [
  [0, 1_000_000],
  [0.02, 60_000],
] as const)
  // prettier-ignore
  test(`lwIP on the other end${loss > 0 ? `, ${loss * 100} % of all frames lost` : ""}`, { skip }, async () => {
    const program = join(folder, "peer");
    const built = await execute("gcc", ["-O1", `-I${headers}`, "-o", program, join(projectRoot, "test/ip/lwip-peer.c"), "-llwip", "-lpthread"]); // prettier-ignore
    assert.equal(built.status, 0, built.stderr);
    using namespace = createNamespace();
    namespace.ip("link", "add", "br0", "type", "bridge");
    namespace.ip("link", "set", "br0", "up");
    for (const tap of ["tap0", "tap1"]) {
      namespace.ip("tuntap", "add", tap, "mode", "tap");
      namespace.ip("link", "set", tap, "master", "br0", "up");
    }
    const child = join(projectRoot, "dist/test/ip/lwip-child.js");
    const { stdout, stderr } = await namespace.execute(process.execPath, [child, program, `${loss}`, `${size}`]);
    assert.equal(stdout, "as it must be\n", stderr);
  });
