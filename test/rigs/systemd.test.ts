// Containers where systemd has the cgroups, as on users' machines: a scope over its bus, the limits that it and the kernel then tell, podman
// as its manager, and a user's own systemd.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { solo5 } from "../command.js";
import { buildWaiting } from "../oci/programs.js";
import { needsRunners } from "../typescript/build.js";
import type { Entry } from "./cpio.js";
import type { Case } from "./machine.cases.js";
import { testCases } from "./rig.cases.js";
import { runtime, user } from "./systemd/machine.js";

const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const config = (cgroupsPath: string, more: object = {}) => ({
  ociVersion: "1.1.0",
  root: { path: "rootfs" },
  process: { args: ["/unikernel.spt", "one", "two"], cwd: "/" },
  linux: {
    namespaces: ["mount", "network", "uts", "ipc", "cgroup"].map((type) => ({ type })),
    cgroupsPath,
    resources: {
      memory: { limit: 64 << 20, reservation: 32 << 20 },
      cpu: { shares: 512, quota: 50_000, period: 100_000, cpus: "0" },
      pids: { limit: 7 },
    },
    ...more,
  },
});
/** Root of a user namespace of one user. */
const mapping = [{ containerID: 0, hostID: user.uid, size: 1 }];
const ofUser = config("user.slice:rig:u", {
  namespaces: ["user", "mount", "network", "uts", "ipc"].map((type) => ({ type })),
  uidMappings: mapping,
  gidMappings: mapping,
  resources: { memory: { limit: 64 << 20 }, pids: { limit: 7 } },
});
const update = { memory: { limit: 32 << 20 }, cpu: { quota: 25_300 }, pids: { limit: 5 } };

const oci = `${runtime} --systemd-cgroup`;
const show = (unit: string, ...names: readonly string[]): string =>
  `systemctl show ${unit} --property=${names.join()}`;
const limits = ["MemoryMax", "MemoryLow", "CPUWeight", "CPUQuotaPerSecUSec", "AllowedCPUs", "TasksMax"];
const files = "cat memory.max memory.low cpu.weight cpu.max cpuset.cpus pids.max";
const scope = "/sys/fs/cgroup/rig.slice/rig-test.slice/rig-c.scope";
/** systemd forgets a scope some time after its last process. */
const forgotten = (name: string, systemctl = "systemctl"): string =>
  `until [ $(${systemctl} show ${name} --value --property=LoadState) = not-found ]; do sleep 0.1; done; find /sys/fs/cgroup -name ${name}`;
const podman = `podman --log-level error --cgroup-manager systemd --runtime ${runtime}`;
const asUser = (line: string): string =>
  `setpriv --reuid=${user.uid} --regid=${user.uid} --clear-groups env HOME=/home/${user.name} USER=${user.name} XDG_RUNTIME_DIR=/run/user/${user.uid} DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/${user.uid}/bus sh -c "${line.replaceAll("$", "\\$")}"`;
const userSystemctl = "systemctl --user";
const userCgroup = `/user.slice/user-${user.uid}.slice/user@${user.uid}.service/user.slice`;
const lines = (...all: readonly (string | number)[]): string => `${all.join("\n")}\n`;

const cases: readonly Case[] = [
  {
    name: "the machine",
    line: "cat /proc/1/comm; stat -f -c %T /sys/fs/cgroup; grep -c cgroup /proc/mounts; busctl status org.freedesktop.systemd1 | grep ^Comm",
    check: ({ stdout }) => assert.match(stdout, /^systemd\ncgroup2fs\n1\nComm=systemd$/m),
  },
  {
    name: "a scope and its limits, which stay when systemd sets them anew",
    timeoutSecs: 60,
    line: `${oci} create --bundle /scope c >/tmp/out 2>&1; echo created=$?; ${show("rig-c.scope", "ActiveState", "Slice", "Delegate", ...limits)}; cd ${scope} && ${files}; systemctl daemon-reload; systemctl set-property --runtime rig-c.scope CPUWeight=21; ${files}`,
    check: ({ stdout }) => {
      assert.equal(
        stdout,
        lines(
          "created=0",
          "Slice=rig-test.slice",
          "Delegate=yes",
          "CPUWeight=20",
          "CPUQuotaPerSecUSec=500ms",
          "AllowedCPUs=0",
          "MemoryLow=33554432",
          "MemoryMax=67108864",
          "TasksMax=7",
          "ActiveState=active",
          ...[20, 21].flatMap((weight) => [64 << 20, 32 << 20, weight, "50000 100000", 0, 7]),
        ),
      );
    },
  },
  {
    name: "update",
    timeoutSecs: 60,
    line: `${oci} update --resources /update.json c; echo updated=$?; cd ${scope}; ${files}; systemctl daemon-reload; systemctl set-property --runtime rig-c.scope CPUWeight=22; ${files}; ${show("rig-c.scope", ...limits)}`,
    // It has whole percents.
    check: ({ stdout }) => {
      const files = (weight: number, quota: number) => [32 << 20, 32 << 20, weight, `${quota} 100000`, 0, 5];
      const shown = ["CPUWeight=22", "CPUQuotaPerSecUSec=260ms", "AllowedCPUs=0", "MemoryLow=33554432", "MemoryMax=33554432", "TasksMax=5"]; // prettier-ignore
      assert.equal(stdout, lines("updated=0", ...files(21, 25_300), ...files(22, 26_000), ...shown));
    },
  },
  {
    name: "from its start to nothing",
    timeoutSecs: 60,
    line: `${oci} state c; ${oci} start c; until ${oci} state c | grep -q running; do sleep 0.1; done; ${oci} pause c; cat ${scope}/cgroup.events; ${oci} resume c; ${oci} kill c; until ${oci} state c | grep -q stopped; do sleep 0.1; done; cat /tmp/out; ${oci} delete c; echo deleted=$?; ${forgotten("rig-c.scope")}`,
    check: ({ stdout }) => {
      assert.match(stdout, /^\{"status":"created","pid":\d+,.*\}\npopulated 1\nfrozen 1\n/);
      assert.match(stdout, /\none two\ndeleted=0\n$/);
    },
  },
  {
    name: "podman",
    timeoutSecs: 200,
    line: `podman load -q -i /wait.tar; id=$(${podman} run -d --network none --memory 64m --cpus 0.5 --pids-limit 9 localhost/wait one two); ${show("libpod-$id.scope", "Slice", "MemoryMax", "CPUQuotaPerSecUSec", "TasksMax")}; cat /sys/fs/cgroup/machine.slice/libpod-$id.scope/memory.max; ${podman} update --memory 32m $id >/dev/null; ${show("libpod-$id.scope", "MemoryMax")}; ${podman} stop -t 5 $id >/dev/null; podman inspect -f {{.State.ExitCode}} $id; podman logs $id | tail -1; ${podman} rm $id >/dev/null; ${forgotten("libpod-$id.scope")}; podman ps -aq`,
    check: ({ stdout }) => {
      const shown = ["Slice=machine.slice", "CPUQuotaPerSecUSec=500ms", "MemoryMax=67108864", "TasksMax=9"];
      const name = "Loaded image: localhost/wait:latest";
      assert.equal(stdout, lines(name, ...shown, 64 << 20, `MemoryMax=${32 << 20}`, 143, "one two"));
    },
  },
  {
    name: "a user's systemd",
    timeoutSecs: 120,
    line: `systemctl start user@${user.uid}.service; ${asUser(`cd; ${oci} create --bundle /user u >out 2>&1; echo created=$?; cat out; ${userSystemctl} show rig-u.scope --property=ActiveState,MemoryMax,TasksMax,ControlGroup; cat /proc/$(${oci} state u | sed s/.*pid.:// | sed s/,.*//)/cgroup; ${oci} start u; ${oci} kill u; ${oci} delete --force u; echo deleted=$?; cat out; ${forgotten("rig-u.scope", userSystemctl)}`)}`,
    check: ({ stdout }) => {
      const cgroup = `${userCgroup}/rig-u.scope`;
      const shown = [`ControlGroup=${cgroup}`, "MemoryMax=67108864", "TasksMax=7", "ActiveState=active"];
      assert.ok(stdout.startsWith(lines("created=0", ...shown, `0::${cgroup}`, "deleted=0")), stdout);
      assert.match(stdout, /\none two\n$/);
    },
  },
  {
    name: "a user's podman",
    timeoutSecs: 200,
    line: asUser(
      `cd; podman load -q -i /wait.tar; id=$(${podman} run -d --network none --memory 64m --pids-limit 9 localhost/wait one two); ${userSystemctl} show libpod-$id.scope --property=Slice,MemoryMax,TasksMax,ControlGroup; ${podman} stop -t 5 $id >/dev/null; podman inspect -f {{.State.ExitCode}} $id; podman logs $id | tail -1; ${podman} rm $id >/dev/null; ${forgotten("libpod-$id.scope", userSystemctl)}; podman ps -aq`,
    ),
    check: ({ stdout }) => {
      const [, id = ""] = /libpod-(\w+)/.exec(stdout) ?? [];
      const cgroup = `${userCgroup}/libpod-${id}.scope`;
      const shown = ["Slice=user.slice", `ControlGroup=${cgroup}`, "MemoryMax=67108864", "TasksMax=9"];
      assert.equal(stdout, lines("Loaded image: localhost/wait:latest", ...shown, 143, "one two"));
    },
  },
];

async function entries(): Promise<readonly Entry[]> {
  const folder = mkdtempSync(join(tmpdir(), "solo5-systemd-"));
  const { wait } = await buildWaiting("systemd-rig");
  const image = join(folder, "wait.tar");
  await solo5("solo5", ["image", "build", wait, "-t", "localhost/wait", "-o", image]);
  const made = [
    { path: "wait.tar", content: readFileSync(image) },
    { path: "update.json", content: text(update) },
    ...Object.entries({ scope: config("rig-test.slice:rig:c"), user: ofUser }).flatMap(([name, one]) => [
      { path: `${name}/config.json`, content: text(one) },
      { path: `${name}/rootfs/unikernel.spt`, content: readFileSync(wait) },
    ]),
  ];
  rmSync(folder, { recursive: true });
  return made;
}

testCases("systemd", entries, cases, needsRunners);
