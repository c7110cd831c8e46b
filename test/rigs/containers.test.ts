// Containers on machines with cgroups of version 2 alone, as users' have them, and on both ISAs: from create to nothing, what the kernel
// there says of the limits, and of the process.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { before, suite, test } from "node:test";
import type { Outcome } from "../command.js";
import { ociFile, runnersOutput } from "../../src/typescript/runners.js";
import { selfTest } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { needsRunners } from "../typescript/build.js";
import type { Case } from "./machine.cases.js";
import { machines } from "./machines.js";
import { runInRig } from "./rig.js";
import { rigsFolder } from "./software.js";

/** The runtime as Node has it, and as the program without Node that it is for the machine's ISA. */
const program = "/oci-program";
const ways = { Node: "none", "its program": program } as const;
type Way = keyof typeof ways;
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** There is no file system to change the root from: the machine's is its initramfs, which has none below it. */
const config = (args: readonly string[]) => ({
  ociVersion: "1.1.0",
  root: { path: "rootfs" },
  process: { args, cwd: "/", user: { uid: 12, gid: 34 } },
  hostname: "inside",
  linux: {
    namespaces: ["network", "uts", "ipc", "cgroup"].map((type) => ({ type })),
    cgroupsPath: "/a/b",
    resources: {
      memory: { limit: 64 << 20, reservation: 32 << 20 },
      cpu: { shares: 512, quota: 50_000, period: 100_000 },
      pids: { limit: 7 },
    },
  },
});

const mounted = "test -e /sys/fs/cgroup/cgroup.procs || mount -t cgroup2 none /sys/fs/cgroup";

function casesBy(way: Way): readonly Case[] {
  const oci = `SOLO5_OCI_PROGRAM=${ways[way]} /solo5/dist/bundle/node/solo5-oci.sh`;
  return cases(oci).map((one) => ({ ...one, name: `${one.name}, by ${way}` }));
}

const cases = (oci: string): readonly Case[] => [
  {
    name: "run",
    timeoutSecs: 120,
    line: `${mounted}; ${oci} run --bundle /hello h; echo status=$?`,
    check: ({ stdout }) => {
      assert.match(stdout, /Command line is: 'one two'\nSUCCESS/);
      assert.match(stdout, /status=0/);
    },
  },
  {
    name: "limits",
    timeoutSecs: 200,
    line: `${mounted}; ${oci} create --bundle /hello c >/tmp/out 2>&1 && cd /sys/fs/cgroup/a/b && cat memory.max memory.low cpu.weight cpu.max pids.max && ${oci} state c && pid=$(cat cgroup.procs) && grep -E "^(Uid|Gid|CapEff):" /proc/$pid/status && ${oci} start c && ${oci} delete --force c; echo status=$?; cat /tmp/out; ls -d /sys/fs/cgroup/a/b`,
    check: ({ stdout }) => {
      assert.match(stdout, /^67108864\n33554432\n20\n50000 100000\n7\n\{"status":"created","pid":\d+,/);
      assert.match(stdout, /^Uid:\t12\t12\t12\t12\nGid:\t34\t34\t34\t34\nCapEff:\t0+$/m);
      assert.match(stdout, /status=0\n[^]*SUCCESS[^]*No such file or directory/);
    },
  },
  {
    // The clock goes on in the freezer: what is let go may have ended before the signal.
    name: "the freezer, and a signal",
    timeoutSecs: 200,
    line: `${mounted}; ${oci} create --bundle /time t >/tmp/out 2>&1 && ${oci} start t && ${oci} pause t && ${oci} state t && cat /sys/fs/cgroup/a/b/cgroup.events && ${oci} resume t && { ${oci} kill t TERM || ${oci} state t | grep -q stopped; }; echo status=$?; while ! ${oci} state t | grep -q stopped; do sleep 0.1; done; ${oci} delete t; ls -d /sys/fs/cgroup/a/b`,
    check: ({ stdout }) => {
      assert.match(stdout, /\{"status":"paused",/);
      assert.match(stdout, /^frozen 1$/m);
      assert.match(stdout, /status=0\n[^]*No such file or directory/);
    },
  },
];

// An empty name says that the machines have their turn elsewhere.
for (const name of rigsFolder === "" ? [] : (["x86-64", "aarch64 nVHE"] as const)) {
  const machine = machines[name];
  const skip = needsAll(needs.rigs(), needs.program(machine.qemu[0] ?? ""), needsRunners);
  suite(`containers on ${name}`, { skip }, () => {
    const all = [...casesBy("Node"), ...casesBy("its program")];
    let outcomes: ReadonlyMap<string, Outcome> = new Map();
    before(async () => {
      const prefix = machine.isa === "x86-64" ? "" : "aarch64/";
      const bundleOf = (folder: string, unikernel: string, args: readonly string[]) => [
        { path: `${folder}/config.json`, content: text(config(["/unikernel.spt", ...args])) },
        {
          path: `${folder}/rootfs/unikernel.spt`,
          content: readFileSync(selfTest(`${prefix}${unikernel}.spt`)),
        },
      ];
      const files = [
        ...bundleOf("hello", "test_hello", ["one", "two"]),
        ...bundleOf("time", "test_time", []),
        { path: program.slice(1), content: readFileSync(ociFile(runnersOutput, machine.isa)) },
      ];
      outcomes = await runInRig(machine, files, all);
    });
    for (const { name: title, check } of all)
      test(title, () => {
        const outcome = outcomes.get(title);
        assert.ok(outcome !== undefined, "the machine has not come so far");
        check(outcome);
      });
  });
}
