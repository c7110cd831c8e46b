// What linux.resources comes to in files of cgroups, version 2 above all: most hosts of tests have version 1. The figures are those of
// the kernel's documents: weights, quotas, limits of swap without memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Resources } from "../config/types.js";
import { limitWrites } from "./limits.js";
import { limitProperties } from "./properties.js";
import { slicePath } from "./slices.js";

const lines = (resources: Resources, version: "v1" | "v2"): readonly string[] =>
  limitWrites(resources, version).map(({ controller, file, value }) => `${controller} ${file} ${value}`);

const device = { major: 8, minor: 16, rate: 1000 };

for (const [name, resources, v1, v2] of [
  ["memory", { memory: { limit: 100, reservation: 50, swap: 150 } },
    ["memory memory.limit_in_bytes 100", "memory memory.memsw.limit_in_bytes 150", "memory memory.soft_limit_in_bytes 50"],
    ["memory memory.max 100", "memory memory.swap.max 50", "memory memory.low 50"]],
  ["no limit", { memory: { limit: -1, swap: -1 }, pids: { limit: -1 } },
    ["memory memory.limit_in_bytes -1", "memory memory.memsw.limit_in_bytes -1", "pids pids.max max"],
    ["memory memory.max max", "memory memory.swap.max max", "pids pids.max max"]],
  ["zeros of managers", { memory: { limit: 0, swap: 0, reservation: 0 }, cpu: { shares: 0, quota: 0, period: 0, cpus: "", mems: "" }, blockIO: { weight: 0 } }, [], []],
  ["shares, least and most", { cpu: { shares: 2 } }, ["cpu cpu.shares 2"], ["cpu cpu.weight 1"]],
  ["shares, the usual", { cpu: { shares: 1024 } }, ["cpu cpu.shares 1024"], ["cpu cpu.weight 39"]],
  ["shares, most", { cpu: { shares: 262_144 } }, ["cpu cpu.shares 262144"], ["cpu cpu.weight 10000"]],
  ["quota alone", { cpu: { quota: 5000 } }, ["cpu cpu.cfs_quota_us 5000"], ["cpu cpu.max 5000 100000"]],
  ["period alone", { cpu: { period: 5000 } }, ["cpu cpu.cfs_period_us 5000"], ["cpu cpu.max max 5000"]],
  ["cpus", { cpu: { cpus: "0-1", mems: "0", idle: 1 } }, ["cpu cpu.idle 1", "cpuset cpuset.cpus 0-1", "cpuset cpuset.mems 0"], ["cpu cpu.idle 1", "cpuset cpuset.cpus 0-1", "cpuset cpuset.mems 0"]],
  ["block I/O", { blockIO: { weight: 100, throttleReadBpsDevice: [device], throttleWriteIOPSDevice: [device] } },
    ["blkio blkio.weight 100", "blkio blkio.throttle.read_bps_device 8:16 1000", "blkio blkio.throttle.write_iops_device 8:16 1000"],
    ["io io.weight 100", "io io.max 8:16 rbps=1000", "io io.max 8:16 wiops=1000"]],
  ["huge pages", { hugepageLimits: [{ pageSize: "2MB", limit: 9 }] }, ["hugetlb hugetlb.2MB.limit_in_bytes 9"], ["hugetlb hugetlb.2MB.max 9"]],
  ["network", { network: { classID: 17, priorities: [{ name: "eth0", priority: 3 }] } }, ["net_cls net_cls.classid 17", "net_prio net_prio.ifpriomap eth0 3"], []],
  ["unified", { unified: { "memory.high": "5", "io.latency": "8:0 target=10" } }, [], ["memory memory.high 5", "io io.latency 8:0 target=10"]],
] as const satisfies readonly (readonly [string, Resources, readonly string[], readonly string[]])[]) {
  test(name, () => {
    assert.deepEqual(lines(resources, "v1"), v1);
    assert.deepEqual(lines(resources, "v2"), v2);
  });
} // prettier-ignore

test("slices as systemd-escape(1) and systemd.slice(5) have them", () => {
  for (const [given, folder] of [
    [
      "kubepods-besteffort-podx.slice:cri-containerd:id",
      "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podx.slice/cri-containerd-id.scope",
    ],
    ["system.slice:docker:id", "/system.slice/docker-id.scope"],
    ["user.slice::a.service", "/user.slice/a.service"],
    ["-.slice:p:n", "/p-n.scope"],
    ["a-b\\x2dc.slice:p:n", "/a.slice/a-b\\x2dc.slice/p-n.scope"],
    ["/a/b", "/a/b"],
    ["a:b:c", "a:b:c"],
  ] as const)
    // prettier-ignore
    assert.equal(slicePath(given), folder);
});

test("limits as systemd's properties, in busctl's words", () => {
  for (const [resources, properties] of [
    [{ cpu: { cpus: "0-1,3,9", mems: "0" } }, ["AllowedCPUs ay 2 11 2", "AllowedMemoryNodes ay 1 1"]],
    [{ cpu: { quota: 1000, period: 3000 } }, ["CPUQuotaPerSecUSec t 340000", "CPUQuotaPeriodUSec t 3000"]],
    [{ cpu: { cpus: "0-9999999999" } }, ["AllowedCPUs ay 0"]],
    [
      { cpu: { quota: -1, period: 5000 } },
      ["CPUQuotaPerSecUSec t 18446744073709551615", "CPUQuotaPeriodUSec t 5000"],
    ],
    [{ memory: { limit: 5 }, unified: { "memory.max": "max" } }, ["MemoryMax t 18446744073709551615"]],
    [{ unified: { "io.weight": "8:0 50", "cpu.uclamp.min": "1" } }, []],
  ] as const satisfies readonly (readonly [Resources, readonly string[]])[])
    assert.deepEqual(
      limitProperties(resources).map((one) => one.join(" ")),
      properties,
    );
});
