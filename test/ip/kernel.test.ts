// The stack against the Linux kernel's TCP, UDP and ICMP over a tap, in a namespace that the test makes; once with frames lost.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "./tshark.js";
import { createNamespace } from "../namespace.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { hasLibc } from "../../src/host/posix/libc.js";

const skip = needsAll(needs.root(), needs.program("ip", "perl", "ping"), hasLibc() ? false : "needs koffi");
const folder = mkdtempSync(join(tmpdir(), "solo5-ip-"));
after(() => rmSync(folder, { recursive: true }));
const child = join(projectRoot, "dist/test/ip/kernel-child.js");

for (const [mtu, loss] of [
  [576, 0],
  [1500, 0],
  [9000, 0],
  [1500, 0.03],
] as const) {
  test(
    `the kernel on the other end, MTU ${mtu}${loss > 0 ? `, ${loss * 100} % of all frames lost` : ""}`,
    { skip },
    async (t) => {
      using namespace = createNamespace();
      namespace.tap("tap0", "10.0.0.1/24", { mtu });
      if (mtu >= 1280) namespace.ip("address", "add", "fd00::1/64", "dev", "tap0", "nodad");
      const capture = join(folder, `${mtu}-${loss}.pcap`);
      const { stdout, stderr, status } = await namespace.execute(process.execPath, [child, `${mtu}`, `${loss}`, ...(loss > 0 ? [capture] : [])]); // prettier-ignore
      assert.equal(status, 0, stderr);
      if (loss > 0)
        await t.test(
          "tshark finds nothing wrong with any frame",
          { skip: needs.program("tshark") },
          async () => void (await inspect(capture)),
        );
      const reports = stdout.trim().split("\n").map((line) => JSON.parse(line) as { family: string; name: string; failure?: string; figures?: unknown; msecs: number }); // prettier-ignore
      for (const { family, name, failure, figures, msecs } of reports) {
        await t.test(`${name} (${family})`, () => assert.equal(failure, undefined));
        t.diagnostic(
          `${name} (${family}): ${msecs} ms ${figures === undefined ? "" : JSON.stringify(figures)}`,
        );
      }
      assert.equal(reports.length, (mtu < 1280 ? 1 : 2) * 9);
    },
  );
}
