// The lifecycle cases of runtime-tools' validation that a unikernel can be held to, by the names that they have there: what each demands of
// a runtime, asked of this one. What lifecycle.test.ts has already is not here again. github.com/opencontainers/runtime-tools.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { needs } from "../needs.js";
import { until } from "../until.js";
import { containers, newId, proc } from "./bundle.js";
import { buildWaiting } from "./programs.js";

const skip = needs.root();
const { bundle, create, folder, oci, root, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { wait } = await buildWaiting("specification");

async function running(config: Parameters<typeof bundle>[1] = {}): Promise<string> {
  const id = newId();
  assert.equal((await create(id, bundle(wait, config))).stderr, "");
  assert.deepEqual(await oci("start", id), { status: 0, stdout: "", stderr: "" });
  return id;
}
const isStopped = (id: string) =>
  until(`${id} is stopped`, async () => (await state(id)).status === "stopped");

test("create: an id and a bundle that are there, an id that is not taken", { skip }, async () => {
  assert.match((await oci("create", "--bundle", bundle(wait))).stderr, /^solo5-oci: create: ID is missing\n/);
  const none = await oci("create", "--bundle", join(folder, "none"), newId());
  assert.equal(none.status, 1);
  assert.match(none.stderr, /^solo5-oci: \S+\/none\/config\.json: No such file or directory\n$/);
  const id = await running();
  const { pid } = await state(id);
  assert.equal((await create(id, bundle(wait))).status, 1);
  assert.deepEqual([(await state(id)).status, (await state(id)).pid], ["running", pid]);
  await oci("delete", "--force", id);
});

test("start, state, kill, delete: of what is not there", { skip }, async () => {
  for (const command of ["start", "state", "kill", "delete"]) {
    const { status, stdout, stderr } = await oci(command, "nobody");
    const expected = "solo5-oci: container 'nobody': it does not exist\n";
    assert.deepEqual([status, stdout, stderr], [1, "", expected], command);
    assert.match((await oci(command)).stderr, new RegExp(`^solo5-oci: ${command}: ID is missing\\n`));
  }
});

test("state: what the specification has, before and after", { skip }, async () => {
  const id = newId();
  const made = bundle(wait, { annotations: { "org.example.a": "b" } });
  await create(id, made);
  for (const status of ["created", "running", "stopped"]) {
    const seen = await state(id);
    assert.deepEqual([seen["id"], seen.status, seen["bundle"], seen["annotations"]], [id, status, made, { "org.example.a": "b" }]);
    assert.match(String(seen["ociVersion"]), /^1\.\d+\.\d+$/);
    assert.equal(seen.pid > 0, status !== "stopped");
    if (status === "created") await oci("start", id);
    if (status === "running") await oci("kill", id, "KILL").then(() => isStopped(id));
  }
  await oci("delete", id);
}); // prettier-ignore

test("kill: also one that has not been started", { skip }, async () => {
  const id = newId();
  await create(id, bundle(wait));
  assert.deepEqual(await oci("kill", id, "KILL"), { status: 0, stdout: "", stderr: "" });
  await isStopped(id);
  assert.equal((await oci("delete", id)).status, 0);
});

test("killsig: each signal is that one", { skip }, async () => {
  const { SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM } = constants.signals;
  const all = { HUP: SIGHUP, INT: SIGINT, QUIT: SIGQUIT, KILL: SIGKILL, USR1: SIGUSR1, USR2: SIGUSR2, ALRM: SIGALRM, TERM: SIGTERM };
  await Promise.all(
    Object.entries(all).flatMap(([name, number]) =>
      [name, `SIG${name}`, String(number)].slice(0, name === "TERM" ? 3 : 1).map(async (word) => {
        const id = newId();
        const made = bundle(wait);
        const ended = oci("run", "--bundle", made, id);
        await until("it runs", async () => (await oci("state", id)).stdout.includes("running"));
        await oci("kill", id, word);
        assert.equal((await ended).status, 128 + number, word);
      }),
    ),
  );
}); // prettier-ignore

test("kill_no_effect, delete: what does not fit changes nothing", { skip }, async () => {
  const id = await running();
  const { pid } = await state(id);
  assert.equal((await oci("delete", id)).status, 1);
  assert.equal((await oci("kill", id, "WINCH")).status, 0);
  assert.equal((await state(id)).status, "running");
  assert.match(proc(pid, "status"), /^State:\tS/m);
  await oci("kill", id, "KILL");
  await isStopped(id);
  const before = await state(id);
  const refused = await oci("kill", id, "KILL");
  assert.equal(refused.status, 1);
  assert.deepEqual(await state(id), before);
  assert.equal((await oci("delete", id)).status, 0);
  assert.equal((await oci("delete", id)).status, 1);
});

test("misc_props: what is not known is no error, and not shown", { skip }, async () => {
  const id = await running({ unknown: { a: 1 }, process: { unknown: true }, linux: { unknown: [] }, annotations: { "com.example.x": "" } }); // prettier-ignore
  const seen = await state(id);
  assert.equal(seen["unknown"], undefined);
  assert.deepEqual(seen["annotations"], { "com.example.x": "" });
  await oci("delete", "--force", id);
});

test("config_updates_without_affect: a config.json that changes, or goes, is not looked at again", { skip }, async () => {
  const hook = join(folder, "late");
  const told = join(folder, "late-told");
  writeFileSync(hook, `#!/bin/sh\necho ran >> ${told}\n`, { mode: 0o755 });
  const id = newId();
  const made = bundle(wait, { annotations: { a: "b" } });
  await create(id, made);
  const file = join(made, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8")) as object;
  writeFileSync(file, JSON.stringify({ ...config, annotations: { a: "c" }, hooks: { poststart: [{ path: hook }], poststop: [{ path: hook }] } }));
  assert.equal((await oci("start", id)).status, 0);
  assert.deepEqual((await state(id))["annotations"], { a: "b" });
  rmSync(file);
  assert.equal((await state(id)).status, "running");
  assert.equal((await oci("delete", "--force", id)).status, 0);
  assert.ok(!existsSync(told));
}); // prettier-ignore

test("delete_only_create_resources: what was there before stays", { skip }, async () => {
  const isUnified = existsSync("/sys/fs/cgroup/cgroup.procs");
  const path = `/solo5-kept-${process.pid}`;
  const cgroup = join("/sys/fs/cgroup", isUnified ? "" : "memory", path);
  mkdirSync(cgroup);
  try {
    const id = newId();
    const made = bundle(wait, { linux: { cgroupsPath: path } });
    await create(id, made);
    await oci("start", id);
    assert.notEqual(readFileSync(join(cgroup, "cgroup.procs"), "latin1"), "");
    assert.equal((await oci("delete", "--force", id)).status, 0);
    assert.ok(existsSync(cgroup));
    assert.ok(existsSync(join(made, "rootfs/unikernel.spt")));
    assert.ok(!existsSync(join(root, id)));
  } finally {
    rmdirSync(cgroup);
  }
});
