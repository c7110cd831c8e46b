// --systemd-cgroup: what systemd is asked for, in busctl's words, and what becomes of the container then. The busctl of this test does with
// cgroups what systemd would; systemd itself is none of its witnesses.
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { scopeOf } from "../../src/oci/cgroup/systemd.js";
import { commandFile, execute } from "../command.js";
import { needs } from "../needs.js";
import { containers, newId, proc } from "./bundle.js";
import { buildWaiting } from "./programs.js";

const skip = needs.root();
const { bundle, folder, oci, root, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { wait } = await buildWaiting("systemd");

test("scopes by name, as managers write them", () => {
  for (const [path, isUser, scope] of [
    ["", false, { name: "solo5-i.scope", slice: "system.slice" }],
    ["", true, { name: "solo5-i.scope", slice: "user.slice" }],
    ["machine.slice:libpod:abc", false, { name: "libpod-abc.scope", slice: "machine.slice" }],
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
  await execute("rmdir", [path]);
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
