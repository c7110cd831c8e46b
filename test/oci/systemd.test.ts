// --systemd-cgroup: what systemd is asked for, in busctl's words, and what becomes of the container then; first with a busctl of this
// test's, which does with cgroups what systemd would, then with systemd itself.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { scopeOf } from "../../src/oci/cgroup/systemd.js";
import { commandFile, execute } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { until } from "../until.js";
import { containers, newId, proc } from "./bundle.js";
import { removeCgroups } from "./cgroups.js";
import { buildWaiting } from "./programs.js";
import { startSystemd } from "./systemd-rig.js";

const skip = needs.root();
const { bundle, folder, oci, root, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { wait } = await buildWaiting("systemd");

test("scopes by name, as managers write them", () => {
  for (const [path, isUser, scope] of [
    ["", false, { name: "solo5-i.scope", slice: "system.slice" }],
    ["", true, { name: "solo5-i.scope", slice: "user.slice" }],
    ["machine.slice:libpod:abc", false, { name: "libpod-abc.scope", slice: "machine.slice" }],
    ["-.slice:p:abc", false, { name: "p-abc.scope", slice: "-.slice" }],
    [":docker:abc", false, { name: "docker-abc.scope", slice: "system.slice" }],
    ["a-b.slice::abc", false, { name: "abc.scope", slice: "a-b.slice" }],
  ] as const)
    assert.deepEqual(scopeOf(path, "i", isUser), scope);
  for (const path of ["/a/b", "a:b", "a.slice:b:c:d", "a b.slice:c:d", "a.slice:b:"])
    assert.throws(() => scopeOf(path, "i", false), /is not SLICE:PREFIX:NAME, as --systemd-cgroup has it/);
});

test("a container in a scope that systemd makes", { skip }, async () => {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const busctl = join(bin, "busctl");
  const asked = join(folder, "asked");
  const isUnified = existsSync("/sys/fs/cgroup/cgroup.procs");
  const hierarchy = isUnified ? "" : "memory";
  const slice = `solo5test${process.pid}.slice`;
  const path = join("/sys/fs/cgroup", hierarchy, slice);
  writeFileSync(
    busctl,
    `#!/bin/sh
echo "$@" > ${asked}
mkdir -p ${path}/libpod-x.scope
for word; do [ "$last" = au ] && count=1; [ "$before" = au ] && echo "$word" > ${path}/libpod-x.scope/cgroup.procs; before=$last; last=$word; done
`,
  );
  chmodSync(busctl, 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env["PATH"]}` };
  const id = newId();
  const made = bundle(wait, {
    linux: {
      cgroupsPath: `${slice}:libpod:x`,
      resources: { memory: { limit: 64 * 2 ** 20, reservation: -1 } },
    },
  });
  const { status } = await execute(commandFile("solo5-oci"), ["--root", root, "--systemd-cgroup", "create", "--bundle", made, id], { env, stdio: "ignore" }); // prettier-ignore
  assert.equal(status, 0);
  const { pid } = await state(id);
  const manager = "org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager";
  assert.equal(
    readFileSync(asked, "utf8"),
    `--quiet call ${manager} StartTransientUnit ssa(sv)a(sa(sv)) libpod-x.scope replace 8 Description s solo5-oci container PIDs au 1 ${pid} Slice s ${slice} Delegate b true DefaultDependencies b false CollectMode s inactive-or-failed MemoryMax t 67108864 MemoryLow t 18446744073709551615 0\n`,
  );
  assert.match(proc(pid, "cgroup"), new RegExp(`/${slice}/libpod-x\\.scope$`, "m"));
  const file = isUnified ? "memory.max" : "memory.limit_in_bytes";
  assert.equal(readFileSync(join(path, "libpod-x.scope", file), "latin1"), "67108864\n");
  assert.equal((await oci("delete", "--force", id)).status, 0);
  assert.ok(!existsSync(join(path, "libpod-x.scope")));
  // Its parents are other containers' as well, and stay.
  removeCgroups(slice);
});

test("without systemd there is one line", { skip }, async () => {
  const made = bundle(wait);
  const env = { ...process.env, PATH: "/nowhere" };
  const { status, stderr } = await execute(process.execPath, [commandFile("solo5-oci").replace(".sh", ".cjs"), "--root", root, "--systemd-cgroup", "create", "--bundle", made, newId()], { env }); // prettier-ignore
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^solo5-oci: config\.json: linux\.cgroupsPath: systemd does not make solo5-\S+\.scope: busctl: No such file or directory\n$/,
  );
});

const needsSystemd = needsAll(
  skip,
  needs.file("/lib/systemd/systemd", "systemd is not installed"),
  needs.program("busctl", "dbus-daemon", "nsenter", "ps", "unshare"),
);

test("a scope of a real systemd: its limits, its end, and what systemd leaves to others", { skip: needsSystemd }, async () => {
  await using systemd = await startSystemd();
  const id = newId();
  const scope = `solo5-${id}.scope`;
  const limits = { memory: { limit: 64 * 2 ** 20 }, pids: { limit: 7 } };
  const made = bundle(wait, { linux: { cgroupsPath: `solo5test.slice:solo5:${id}`, resources: limits } });
  const home = join(folder, "of-systemd");
  const call = (...args: readonly string[]) => systemd.execute(commandFile("solo5-oci"), ["--root", home, "--systemd-cgroup", ...args]);
  const show = async (property: string) => (await systemd.execute("systemctl", ["show", scope, "--value", "--property", property])).stdout.trim();
  const create = await systemd.execute("sh", ["-c", `exec "$@" > ${folder}/of-systemd.log 2>&1`, "sh", commandFile("solo5-oci"), "--root", home, "--systemd-cgroup", "create", "--bundle", made, id]);
  assert.equal(create.status, 0, readFileSync(`${folder}/of-systemd.log`, "utf8"));
  const { pid } = JSON.parse((await call("state", id)).stdout) as { pid: number };
  assert.deepEqual(
    [await show("ActiveState"), await show("MemoryMax"), await show("TasksMax"), await show("Slice"), await show("Delegate")],
    ["active", String(limits.memory.limit), "7", "solo5test.slice", "yes"],
  );
  // Also in hierarchies of version 1 that systemd does not use, such as the freezer's.
  const lines = (await systemd.execute("cat", [`/proc/${pid}/cgroup`])).stdout.trim().split("\n");
  for (const line of lines) assert.ok(line.endsWith(`:/solo5test.slice/${scope}`), line);
  for (const command of ["start", "pause", "resume"]) assert.deepEqual(await call(command, id), { status: 0, stdout: "", stderr: "" });
  assert.match((await call("state", id)).stdout, /"status":"running"/);
  assert.equal((await call("delete", "--force", id)).status, 0);
  await until("systemd has forgotten the scope", async () => (await show("LoadState")) === "not-found");
  assert.equal((await systemd.execute("find", ["/sys/fs/cgroup", "-name", scope])).stdout, "");
}); // prettier-ignore
