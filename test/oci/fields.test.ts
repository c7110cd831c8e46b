// Every field of config.json that is honoured, held by who else knows: /proc, the cgroup file system, the unikernel's own output.
// What is refused or without effect, and every wrong type, is for src/oci/config/check.test.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { configFields } from "../../src/oci/config/fields.js";
import { needs, needsAll } from "../needs.js";
import { until } from "../until.js";
import { containers, newId, proc, type Json } from "./bundle.js";
import { buildWaiting } from "./programs.js";
import { terminalServer } from "./terminal-server.js";

const skip = needsAll(needs.root(), needs.program("nsenter", "stty", "losetup"));
const { bundle, create, folder, oci, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { wait } = await buildWaiting("fields");

/** Where a controller of this host has a cgroup: version 1 has a folder for each, version 2 none. */
const controllerFolder = (controller: string, path: string): string =>
  existsSync("/sys/fs/cgroup/cgroup.controllers")
    ? join("/sys/fs/cgroup", path)
    : join("/sys/fs/cgroup", controller, path);
const isV1 = !existsSync("/sys/fs/cgroup/cgroup.controllers");
const path = `/solo5-fields-${process.pid}`;
const limit = (controller: string, v1: string, v2 = v1): string =>
  readFileSync(join(controllerFolder(controller, path), isV1 ? v1 : v2), "latin1").trim();
const inNamespace = (pid: number, kind: string, ...command: readonly string[]): string =>
  execFileSync("nsenter", [`--target=${pid}`, `--${kind}`, ...command], { encoding: "utf8" }).trim();

const mebibytes = (count: number): number => count * 2 ** 20;
const full: Json = {
  process: {
    args: ["/unikernel.spt", "first", "second"],
    env: ["NAME=value"],
    user: { uid: 1234, gid: 2345, additionalGids: [3, 4567] },
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 64, hard: 128 }],
    oomScoreAdj: 321,
  },
  hostname: "field",
  domainname: "fields",
  annotations: { "org.solo5.args": "{args} --env={env:NAME} --host={hostname} --none={gateway}", "org.solo5.mem": "32" },
  linux: {
    namespaces: [{ type: "mount" }, { type: "network" }, { type: "uts" }, { type: "ipc", path: "/proc/self/ns/ipc" }, { type: "time" }, { type: "cgroup" }],
    timeOffsets: { monotonic: { secs: 86_400, nanosecs: 5 }, boottime: { secs: 7, nanosecs: 6 } },
    cgroupsPath: path,
    sysctl: { "net.ipv4.ip_forward": "1", "kernel.shmmax": "100" },
    resources: {
      memory: { limit: mebibytes(64), reservation: mebibytes(32), swap: mebibytes(128), swappiness: 30, disableOOMKiller: true },
      cpu: { shares: 512, quota: 50_000, period: 100_000, burst: 10_000, cpus: "0", mems: "0", idle: 0 },
      pids: { limit: 7 },
    },
  },
}; // prettier-ignore

interface Row {
  readonly fields: readonly string[];
  readonly holds: (pid: number) => void;
}

const same = (fields: string, actual: (pid: number) => unknown, expected: unknown): Row => ({
  fields: fields.split(" "),
  holds: (pid) => assert.deepEqual(actual(pid), expected),
});
const status = (name: string) => (pid: number) =>
  new RegExp(`^${name}:\\s*(.*?)\\s*$`, "m").exec(proc(pid, "status"))?.[1];

/** About the one container of `full`, which has not been started. */
const rows: readonly Row[] = [
  same("process.user process.user.uid", status("Uid"), "1234\t1234\t1234\t1234"),
  same("process.user.gid", status("Gid"), "2345\t2345\t2345\t2345"),
  same("process.user.additionalGids", status("Groups"), "3 4567"),
  same("process.rlimits process.rlimits[].type process.rlimits[].soft process.rlimits[].hard", (pid) => /^Max open files +(\d+) +(\d+)/m.exec(proc(pid, "limits"))?.slice(1), ["64", "128"]),
  same("process.oomScoreAdj", (pid) => proc(pid, "oom_score_adj"), "321\n"),
  same("hostname", (pid) => inNamespace(pid, "uts", "hostname"), "field"),
  same("domainname", (pid) => inNamespace(pid, "uts", "cat", "/proc/sys/kernel/domainname"), "fields"),
  same("linux.namespaces linux.namespaces[].type linux.namespaces[].path", (pid) => ["mnt", "net", "uts", "ipc", "time", "cgroup", "pid", "user"].map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`)), [false, false, false, true, false, false, true, true]),
  same("linux.timeOffsets linux.timeOffsets.monotonic linux.timeOffsets.monotonic.secs linux.timeOffsets.monotonic.nanosecs linux.timeOffsets.boottime linux.timeOffsets.boottime.secs linux.timeOffsets.boottime.nanosecs", (pid) => proc(pid, "timens_offsets").replaceAll(/ +/g, " ").trim().split(/ *\n */), ["monotonic 86400 5", "boottime 7 6"]),
  same("linux linux.cgroupsPath", (pid) => proc(pid, "cgroup").trim().split("\n").every((line) => line.endsWith(path)), true),
  same("linux.sysctl", (pid) => inNamespace(pid, "net", "cat", "/proc/sys/net/ipv4/ip_forward"), "1"),
  same("linux.resources linux.resources.memory linux.resources.memory.limit", () => limit("memory", "memory.limit_in_bytes", "memory.max"), `${mebibytes(64)}`),
  same("linux.resources.memory.reservation", () => limit("memory", "memory.soft_limit_in_bytes", "memory.low"), `${mebibytes(32)}`),
  same("linux.resources.memory.swap", () => (existsSync(join(controllerFolder("memory", path), isV1 ? "memory.memsw.limit_in_bytes" : "memory.swap.max")) ? limit("memory", "memory.memsw.limit_in_bytes", "memory.swap.max") : "none"), existsSync(join(controllerFolder("memory", "/"), "memory.memsw.limit_in_bytes")) ? `${mebibytes(128)}` : isV1 ? "none" : `${mebibytes(64)}`),
  same("linux.resources.memory.swappiness", () => (isV1 ? limit("memory", "memory.swappiness") : "30"), "30"),
  same("linux.resources.memory.disableOOMKiller", () => (isV1 ? limit("memory", "memory.oom_control").split("\n")[0] : "oom_kill_disable 1"), "oom_kill_disable 1"),
  same("linux.resources.cpu linux.resources.cpu.shares", () => limit("cpu", "cpu.shares", "cpu.weight"), isV1 ? "512" : "20"),
  same("linux.resources.cpu.quota linux.resources.cpu.period", () => (isV1 ? `${limit("cpu", "cpu.cfs_quota_us")} ${limit("cpu", "cpu.cfs_period_us")}` : limit("cpu", "cpu.max")), "50000 100000"),
  same("linux.resources.cpu.burst", () => limit("cpu", "cpu.cfs_burst_us", "cpu.max.burst"), "10000"),
  same("linux.resources.cpu.cpus", () => limit("cpuset", "cpuset.cpus"), "0"),
  same("linux.resources.cpu.mems", () => limit("cpuset", "cpuset.mems"), "0"),
  same("linux.resources.cpu.idle", () => limit("cpu", "cpu.idle"), "0"),
  same("linux.resources.pids linux.resources.pids.limit", () => limit("pids", "pids.max"), "7"),
]; // prettier-ignore

/** Fields that have a test of their own below, or in another file. */
const elsewhere: Readonly<Record<string, RegExp>> = {
  "lifecycle.test.ts: every call has them": /^(ociVersion|root|root\.path|process|process\.cwd)$/,
  "lifecycle.test.ts": /^hooks/,
  "below: the command line": /^(process\.args|process\.env|annotations)$/,
  "below: disks": /^(root\.readonly|mounts.*|linux\.devices.*|linux\.resources\.devices.*)$/,
  "below: a terminal": /^process\.(terminal|consoleSize.*)$/,
  "below: a user namespace": /^linux\.[ug]idMappings/,
  "limits.test.ts: what this kernel has no controller for":
    /^linux\.resources\.(blockIO|hugepageLimits|network|unified)/,
};

test("every field that is honoured has its test", () => {
  const named = new Set(rows.flatMap(({ fields }) => fields));
  const missing = Object.entries(configFields)
    .filter(([name, { effect }]) => effect === "honoured" && !named.has(name))
    .filter(([name]) => !Object.values(elsewhere).some((pattern) => pattern.test(name)));
  assert.deepEqual(missing, []);
});

suite("a container with every field", { skip }, () => {
  const id = newId();
  let pid = 0;
  before(async () => {
    const { status: made, stderr } = await create(id, bundle(wait, full));
    assert.deepEqual([made, stderr], [0, ""]);
    ({ pid } = await state(id));
  });
  after(async () => void (await oci("delete", "--force", id)));
  for (const { fields, holds } of rows) test(fields[0] ?? "", () => holds(pid));

  test("no capability, and nothing mounted but the rootfs", () => {
    for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"])
      assert.match(status(`Cap${set}`)(pid) ?? "", /^0+$/, set);
    assert.equal(proc(pid, "mountinfo").trim().split("\n").length, 1);
    assert.ok(statSync(`/proc/${pid}/root/unikernel.spt`).isFile());
  });

  test("the executable can be written by nobody", () => {
    assert.throws(() => writeFileSync(`/proc/${pid}/exe`, "x"));
  });
});

test("the command line, by template", { skip }, async () => {
  const { stdout } = await oci("run", "--bundle", bundle("test_hello.spt", full), newId());
  assert.match(stdout, /Command line is: 'first second --env=value --host=field'/);
  assert.match(stdout, /Memory map: 32 MB addressable/);
});

test("without an annotation the limit is the memory's, less what the kernel counts", { skip }, async () => {
  const made = bundle("test_hello.spt", { linux: { resources: { memory: { limit: mebibytes(64) } } } });
  assert.match((await oci("run", "--bundle", made, newId())).stdout, /Memory map: 62 MB addressable/);
});

test("disks: a file of the rootfs, a mount, a folder's, a device, and who may write", { skip }, async () => {
  const disk = new Uint8Array(0x10000);
  const host = join(folder, "volume/storage.img");
  mkdirSync(dirname(host));
  writeFileSync(host, disk);
  const run = (config: Json, files = {}) => oci("run", "--bundle", bundle("test_blk.spt", config, files), newId());
  const works = async (config: Json, files = {}): Promise<void> => {
    const { stdout, stderr, status: ended } = await run(config, files);
    assert.match(stdout, /SUCCESS/, stderr);
    assert.equal(ended, 0);
  };
  const isReadOnly = async (config: Json, files = {}): Promise<void> =>
    assert.match((await run(config, files)).stdout, /FAILURE/);
  const image = { "dev/storage.img": disk };
  await works({}, image);
  await isReadOnly({ root: { readonly: true } }, image);
  const mount = { destination: "/dev/storage", source: host, type: "bind", options: ["rbind", "rw"] };
  await works({ mounts: [mount] });
  await isReadOnly({ mounts: [{ ...mount, options: ["bind", "ro"] }] });
  const data = { destination: "/data", source: dirname(host), options: ["bind"] };
  await works({ mounts: [data], annotations: { "org.solo5.block.storage": "/data/storage.img", "org.solo5.block-size.storage": "512" } });
  const loop = execFileSync("losetup", ["--find", "--show", host], { encoding: "utf8" }).trim();
  try {
    const { rdev } = statSync(loop);
    const [major, minor] = [rdev >> 8, rdev & 0xff];
    const device = { type: "b", path: "/dev/storage", major, minor };
    const devices = [{ allow: false, access: "rwm" }, { allow: true, type: "b", major, minor, access: "rw" }];
    await works({ linux: { devices: [device], resources: { devices } } });
    await works({ mounts: [{ ...mount, source: loop }], linux: { resources: { devices } } });
    for (const rules of [[], [...devices, { allow: false }], [devices[0], { ...devices[1], minor: minor + 1 }], [{ ...devices[1], access: "r" }]]) {
      const { stderr } = await run({ linux: { devices: [device], resources: { devices: rules } } });
      assert.equal(stderr, `solo5-oci: config.json: process.args: device 'storage' of type BLOCK_BASIC: /dev/storage: linux.resources.devices does not allow the block device ${major}:${minor}\n`);
    }
  } finally {
    execFileSync("losetup", ["--detach", loop]);
  }
  const { stderr } = await run({});
  assert.match(stderr, /device 'storage' of type BLOCK_BASIC has no disk: \/dev\/storage, .*org\.solo5\.block\.storage\n$/);
}); // prettier-ignore

test("a terminal: the process's own, of its size, its other end sent", { skip }, async () => {
  using server = terminalServer(join(folder, "console"));
  const id = newId();
  const terminalProcess = { terminal: true, consoleSize: { height: 33, width: 99 } };
  const { stderr } = await create(
    id,
    bundle(wait, { process: terminalProcess }),
    "--console-socket",
    server.path,
  );
  assert.equal(stderr, "");
  const terminal = server.receive();
  const { pid } = await state(id);
  assert.match(readlinkSync(`/proc/${pid}/fd/0`), /^\/dev\/pts\/\d+$/);
  assert.equal(
    execFileSync("stty", ["-F", readlinkSync(`/proc/${pid}/fd/0`), "size"], { encoding: "latin1" }),
    "33 99\n",
  );
  const fields = proc(pid, "stat").split(") ")[1]?.split(" ") ?? [];
  assert.notEqual(fields[4], "0");
  await oci("start", id);
  await until("the unikernel speaks", () => terminal.read().includes("\r\n"));
  terminal.write("\x03");
  await until("^C has ended it", async () => (await state(id)).status === "stopped");
  await oci("delete", id);
});

test("a user namespace with its mappings", { skip }, async () => {
  const id = newId();
  const mappings = [{ containerID: 0, hostID: 100_000, size: 65_536 }];
  const made = bundle(wait, {
    process: { user: { uid: 7, gid: 8 } },
    linux: { namespaces: ["user", "uts", "network", "ipc"].map((type) => ({ type })), uidMappings: mappings, gidMappings: mappings },
  });
  const { stderr } = await create(id, made);
  assert.equal(stderr, "");
  const { pid } = await state(id);
  assert.equal(proc(pid, "uid_map").trim().replaceAll(/ +/g, " "), "0 100000 65536");
  assert.equal(proc(pid, "gid_map").trim().replaceAll(/ +/g, " "), "0 100000 65536");
  assert.equal(status("Uid")(pid), "100007\t100007\t100007\t100007");
  assert.equal(status("Gid")(pid), "100008\t100008\t100008\t100008");
  await oci("delete", "--force", id);
  const without = await create(newId(), bundle(wait, { linux: { namespaces: [{ type: "user" }] } }));
  assert.equal(without.stderr, "solo5-oci: config.json: linux.uidMappings: is missing for a new user namespace\n");
}); // prettier-ignore
