// xen unikernels on our own machine: the self-tests, networks, disks, and what a domain without emulated hardware must do besides.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createSegment } from "../src/index.js";
import {
  diskCase,
  floodCase,
  netCases,
  onPort,
  quietCase,
  refusedCase,
  restCase,
  startSelfTest,
  twoInterfacesCase,
  type OwnMachine,
} from "./machine.cases.js";
import { guestWithDisk } from "./replays.js";
import { targetCases } from "./target.cases.js";

const folder = mkdtempSync(join(tmpdir(), "solo5-xen-"));
after(() => rmSync(folder, { recursive: true }));

targetCases({ target: "xen", guest: guestWithDisk });

const machine: OwnMachine = { name: "xen", target: "xen", memMiB: 64 };

netCases(machine);
twoInterfacesCase(machine);
floodCase(machine, { frames: 10_000, inFlight: 100 });
restCase(machine);
quietCase(machine);
diskCase(machine, folder);
refusedCase(machine, folder, [
  ["--mem=1", /guest memory of 1048576 bytes is too small/],
  ["--mem=4096", /guest memory size 4294967296 bytes exceeds the max size 4261412864 bytes/],
]);

test("xen: the MTU is the network's, as far as a page goes", async () => {
  for (const [mtu, expected] of [
    [1280, 1280],
    [9000, 4078],
  ] as const) {
    const { running, text } = startSelfTest(machine, "net_mtu", { service0: onPort(createSegment({ mtu })) });
    assert.equal((await running.exited).status, 0);
    assert.match(text(), new RegExp(`MTU is ${expected}`));
  }
});
