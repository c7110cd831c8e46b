// The self-tests of xen under a real Xen, each a domain that xl creates, with the networks and disks of its back ends.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { selfTest } from "../command.js";
import { checkOutcome, selfTests, type SelfTest } from "../self-tests.js";
import type { Case } from "./machine.cases.js";
import { testCases } from "./rig.cases.js";
import { guest } from "./xen/guests.js";

const kernelOf = (name: string): string => `/tests/test_${name}.xen`;
const memory = 32;
const blank =
  "rm -f /tmp/disk; truncate -s 65536 /tmp/disk; losetup -d /dev/loop0 2>/dev/null; losetup /dev/loop0 /tmp/disk";

/** Sectors are Xen's. */
const rows = selfTests.filter(
  ({ status, options = () => [] }) => status.xen !== undefined && options("DISK").length <= 1,
);

/** No status leaves a domain: that of the row is as good as any. */
const selfTestCase = (row: SelfTest): Case => {
  const { name, args = [], options = () => [] } = row;
  const disk = options("DISK").length > 0 ? { disk: ["phy:/dev/loop0,xvda,w"] } : {};
  const configuration = { kernel: kernelOf(name), memory, cmdline: args.join(" "), ...disk };
  return {
    name: `xen ${name}`,
    timeoutSecs: 90,
    line: `${blank}; ${guest(name, configuration)}`,
    check({ stdout, status }) {
      assert.equal(status, 0, stdout);
      checkOutcome(row, "xen", { status: row.status.xen ?? 0, stdout, stderr: "" });
    },
  };
};

const pings: Case = {
  name: "netback carries pings",
  timeoutSecs: 90,
  line: `${guest("net", { kernel: kernelOf("net"), memory, vif: ["mac=02:00:00:00:00:02"] })} >/dev/null 2>&1 & until grep -qs Serving /var/log/xen/guest-net.log; do sleep 0.2; done; ping -c 10 -i 0.2 -W 5 10.0.0.2; until xl domid net 2>&1 | grep -q 'does not exist'; do xl destroy net 2>/dev/null; done; wait`,
  check: ({ stdout }) => assert.match(stdout, /10 packets transmitted, 10 packets received/),
};

const files = () =>
  [...new Set([...rows.map(({ name }) => name), "net"])].map((name) => ({
    path: kernelOf(name).slice(1),
    content: readFileSync(selfTest(`test_${name}.xen`)),
  }));

testCases("xen", files, [...rows.map(selfTestCase), pings]);
