// aarch64's processes on a CPU of their own and a real kernel against the engine: what the rig's machine says of spt's self-tests and of
// the benchmarks' programs, and how each ends, is what `solo5-spt --engine=wasm` gives here of the same files.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { buildWorkloads, workloadFile, workloads } from "../../bench/guests.js";
import { attach, open, seal } from "../../src/index.js";
import type { Outcome } from "../command.js";
import { selfTest, solo5 } from "../command.js";
import { netTests, newDisk, type SelfTest } from "../self-tests.js";
import { roundsOf } from "../workload-rounds.js";
import type { Entry } from "./cpio.js";
import { bundled, type ComparedCase, tap0 } from "./machine.cases.js";

const isa = "aarch64";
const sptFile = (name: string): string => selfTest(`${isa}/test_${name}.spt`);

/** How long something took is a clock's. */
const timeless = (text: string): string => text.replaceAll(/\b\d+ ns$/gm, "? ns");

/** What the rig's shell says of a process that a signal ended. */
const shells = /^(Segmentation fault|Bad system call)\n$/m;

/** Standard output is the guest's alone; on the other stream the engine says why it ended a guest, which a kernel does not. */
async function sameOnEngine(args: readonly string[], native: Outcome): Promise<void> {
  const { stdout, stderr, status } = await solo5("solo5-spt", ["--engine=wasm", ...args]);
  assert.equal(timeless(stdout), timeless(native.stdout.replace(shells, "")), stderr);
  assert.equal(status, native.status, stderr);
}

/** What a self-test that was sealed here, and ran there, comes to here; `folder` is for its disk. */
export const checkOnEngine = (
  { name, args = [], options = () => [] }: SelfTest,
  folder: string,
  native: Outcome,
): Promise<void> => sameOnEngine(["--mem=2", ...options(newDisk(folder)), sptFile(name), ...args], native);

const workloadCases = workloads.map((name): ComparedCase => ({
  name: `the benchmark ${name}`,
  line: `exec /workloads/${name}`,
  check: (outcome) =>
    sameOnEngine(["--mem=64", workloadFile(name, "spt", isa), String(roundsOf(name))], outcome),
}));

/** On a tap, by the tender, which becomes the unikernel; segments are what they have here. */
const quietNets = netTests.filter(({ name, status }) => status.spt !== undefined && name === "net_mtu");
const netFile = (name: string): string => `/engine/test_${name}.spt`;
const onTap = (name: string): string =>
  `${tap0}${bundled("solo5-spt")} --mem=16 --net:service0=tap0 ${netFile(name)}`;
const netCases: readonly ComparedCase[] = [
  ...quietNets.map(({ name }): ComparedCase => ({
    name: `spt ${name} on a tap`,
    line: onTap(name),
    check: (outcome) => sameOnEngine(["--mem=16", "--net:service0=segment:lan", sptFile(name)], outcome),
  })),
  {
    name: "spt net on a tap answers pings",
    line: `${onTap("net")} >/tmp/out 2>&1 & pid=$!; while ! grep -qs Serving /tmp/out; do sleep 0.2; done; ping -c 10 -i 0.2 -W 5 10.0.0.2; kill -TERM $pid; wait $pid; echo status=$?`,
    timeoutSecs: 40,
    check({ stdout }) {
      // As on segments: spt.test.ts of aarch64.
      assert.match(stdout, /10 packets transmitted, 10 packets received/);
      assert.match(stdout, /status=143\n/);
    },
  },
];

export const engineCases: readonly ComparedCase[] = [...workloadCases, ...netCases];

export async function engineFiles(): Promise<readonly Entry[]> {
  await buildWorkloads(["spt"], isa);
  return [
    ...workloads.map((name) => ({
      path: `workloads/${name}`,
      content: seal(
        attach(open(workloadFile(name, "spt", isa)), { memMiB: 64, args: [String(roundsOf(name))] }),
      ),
    })),
    ...["net", ...quietNets.map(({ name }) => name)].map((name) => ({
      path: netFile(name).slice(1),
      content: readFileSync(sptFile(name)),
    })),
  ];
}
