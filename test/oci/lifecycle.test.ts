// The life of containers as the specification tells it, each call by a process of its own: what is left after it is what the kernel
// and the file system say. OCI Runtime Specification, "Runtime and Lifecycle".
import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { needs } from "../needs.js";
import { until } from "../until.js";
import { containers, newId, proc } from "./bundle.js";
import { linuxProgram } from "./linux-program.js";
import { buildWaiting } from "./programs.js";

const skip = needs.root();
const { bundle, create, folder, oci, root, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());

const { wait } = await buildWaiting("lifecycle");
const isGone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}`) || /^State:\tZ/m.test(proc(pid, "status"));

test("create waits, start starts, delete leaves nothing", { skip }, async () => {
  const id = newId();
  const pidFile = join(folder, "pid");
  const made = await create(id, bundle("test_hello.spt"), "--pid-file", pidFile);
  assert.deepEqual([made.status, made.stderr], [0, ""]);
  const created = await state(id);
  assert.equal(created.status, "created");
  assert.equal(readFileSync(pidFile, "latin1"), String(created.pid));
  assert.match(proc(created.pid, "status"), /^State:\tS/m);
  const cgroups = proc(created.pid, "cgroup").trim().split("\n");
  assert.ok(
    cgroups.every((line) => line.endsWith(`solo5-${id}`)),
    cgroups.join(),
  );
  assert.equal((await oci("start", id)).status, 0);
  await until("the unikernel has ended", () => isGone(created.pid));
  assert.equal((await state(id)).status, "stopped");
  assert.equal((await oci("delete", id)).status, 0);
  assert.deepEqual(readdirSync(root), []);
  for (const line of cgroups) {
    const [, names = "", path = ""] = line.split(":");
    assert.ok(!existsSync(join("/sys/fs/cgroup", names.replace("name=", ""), path)), line);
  }
  assert.match((await oci("state", id)).stderr, /^solo5-oci: container '.*': it does not exist\n$/);
});

test("run gives the unikernel's status and output", { skip }, async () => {
  const hello = await oci("run", "--bundle", bundle("test_hello.spt", { process: { args: ["/unikernel.spt", "a", "b c"] } }), newId()); // prettier-ignore
  assert.equal(hello.status, 0);
  assert.match(hello.stdout, /Command line is: 'a b c'\nSUCCESS/);
  const aborted = await oci("run", "--bundle", bundle("test_ssp.spt"), newId());
  assert.equal(aborted.status, 255);
  const forbidden = await oci("run", "--bundle", bundle("test_seccomp.spt"), newId());
  assert.equal(forbidden.status, 159);
});

test(
  "an hvt unikernel runs on solo5-hvt in the container's cgroup, with its disk, and no capability",
  { skip },
  async () => {
    const args = ["/unikernel.spt", "one", "two"];
    const hello = await oci("run", "--bundle", bundle("test_hello.hvt", { process: { args } }), newId());
    assert.match(hello.stdout, /Command line is: 'one two'\nSUCCESS/, hello.stderr);
    assert.equal(hello.status, 0);
    const disk = { "dev/storage.img": new Uint8Array(0x10000) };
    const id = newId();
    const log = join(folder, "hvt-log");
    const running = oci("--log", log, "run", "--bundle", bundle("test_blk.hvt", {}, disk), id);
    await until(
      "it is made",
      () =>
        existsSync(join(root, id, "state.json")) &&
        readFileSync(join(root, id, "state.json"), "utf8").includes('"isComplete":true'),
    );
    const { init } = JSON.parse(readFileSync(join(root, id, "state.json"), "utf8")) as {
      init: { pid: number };
    };
    assert.match(proc(init.pid, "cgroup"), new RegExp(`/solo5-${id}$`, "m"));
    assert.match(proc(init.pid, "status"), /^CapEff:\t0+$/m);
    const { stdout, status } = await running;
    assert.match(stdout, /SUCCESS/);
    assert.equal(status, 0);
    assert.match(readFileSync(log, "utf8"), /runs on solo5-hvt/);
    const small = bundle("test_hello.hvt", { linux: { resources: { memory: { limit: 64 * 2 ** 20 } } } });
    assert.match(
      (await create(newId(), small)).stderr,
      /linux\.resources\.memory\.limit: 67108864 bytes are too few for an hvt unikernel/,
    );
  },
);

test("a signal ends it as it ends any process", { skip }, async () => {
  for (const [signal, status] of [
    ["SIGTERM", 143],
    ["9", 137],
    ["usr1", 138],
  ] as const) {
    const id = newId();
    const running = oci("run", "--bundle", bundle(wait), id);
    await until("it runs", async () => (await oci("state", id)).stdout.includes("running"));
    const { pid } = await state(id);
    assert.match(proc(pid, "status"), /^Seccomp:\t2/m);
    assert.equal((await oci("kill", id, signal)).status, 0);
    assert.equal((await running).status, status);
  }
});

test("calls that do not fit the state are refused, and change nothing", { skip }, async () => {
  const id = newId();
  const made = bundle(wait);
  assert.equal((await create(id, made)).status, 0);
  const again = await create(id, made);
  assert.equal(again.status, 1);
  assert.match(again.stderr, /it exists already\n$/);
  assert.match((await oci("pause", id)).stderr, /it is created, and cannot be paused\n$/);
  assert.equal((await state(id)).status, "created");
  assert.equal((await oci("start", id)).status, 0);
  assert.match((await oci("start", id)).stderr, /it is running, and cannot be started\n$/);
  assert.match((await oci("delete", id)).stderr, /it is running, and cannot be deleted/);
  assert.match((await oci("kill", id, "SIGNONE")).stderr, /'SIGNONE' is no signal\n$/);
  assert.equal((await oci("pause", id)).status, 0);
  assert.equal((await state(id)).status, "paused");
  assert.equal((await oci("resume", id)).status, 0);
  assert.match((await oci("exec", id, "ls", "-l")).stderr, /it is a unikernel.*\n$/);
  assert.match((await oci("list")).stdout, new RegExp(`^${id} +\\d+ +running `, "m"));
  const { pid } = await state(id);
  assert.equal((await oci("ps", id)).stdout, `PID\n${pid}\n`);
  assert.equal((await oci("kill", id, "KILL")).status, 0);
  await until("it is stopped", async () => (await state(id)).status === "stopped");
  assert.match((await oci("kill", id, "0")).stderr, /it is stopped, and cannot be killed\n$/);
  assert.match((await oci("start", id)).stderr, /it is stopped, and cannot be started\n$/);
  assert.equal((await oci("delete", id)).status, 0);
});

test("delete --force ends what runs, and forgets what is not there", { skip }, async () => {
  const id = newId();
  await create(id, bundle(wait));
  await oci("start", id);
  const { pid } = await state(id);
  assert.equal((await oci("delete", "--force", id)).status, 0);
  assert.ok(isGone(pid));
  assert.equal((await oci("delete", "--force", id)).status, 0);
  assert.equal((await oci("delete", id)).status, 1);
});

test("ids are names of nothing else", { skip }, async () => {
  const made = bundle("test_hello.spt");
  for (const id of ["../x", "a/b", "", "..", "a b", "~1"]) {
    const { status, stderr } = await create(id, made);
    assert.equal(status, 1, id);
    assert.match(
      stderr,
      /an id has letters, digits, and _ \+ - \. only|an id has letters, digits, and _ \+ \. - only/,
    );
  }
});

const script = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
};

test("hooks run in their order, with the state on stdin", { skip }, async () => {
  const told = join(folder, "told");
  const tell = script(
    "tell",
    `echo "$1 $(cat | grep -o '"status":"[a-z]*"') $(readlink /proc/self/ns/uts)" >> ${told}`,
  );
  const kinds = ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];
  const hooks = Object.fromEntries(kinds.map((kind) => [kind, [{ path: tell, args: ["tell", kind], env: ["PATH=/usr/bin:/bin"] }]])); // prettier-ignore
  // Hooks of the start find their programs in the container: here there is none, so those are left to the next test.
  delete hooks["startContainer"];
  const id = newId();
  assert.deepEqual((await create(id, bundle(wait, { hooks }))).stderr, "");
  const { pid } = await state(id);
  const own = readlinkSync("/proc/self/ns/uts");
  const container = readlinkSync(`/proc/${pid}/ns/uts`);
  await oci("start", id);
  await oci("delete", "--force", id);
  assert.equal(
    readFileSync(told, "utf8"),
    [
      `prestart "status":"creating" ${own}`,
      `createRuntime "status":"creating" ${own}`,
      `createContainer "status":"creating" ${container}`,
      `poststart "status":"running" ${own}`,
      `poststop "status":"stopped" ${own}`,
      "",
    ].join("\n"),
  );
});

test("a hook that fails before the start is the call's failure; nothing stays", { skip }, async () => {
  const failing = script("failing", "echo why >&2; exit 3");
  for (const kind of ["prestart", "createRuntime", "createContainer"]) {
    const id = newId();
    const { status, stderr } = await create(id, bundle(wait, { hooks: { [kind]: [{ path: failing }] } }));
    assert.equal(status, 1);
    assert.equal(stderr, `solo5-oci: ${kind} hook ${failing}: status 3: why\n`);
    assert.equal((await oci("state", id)).status, 1);
  }
  const slow = script("slow", "exec sleep 100");
  const { stderr } = await create(
    newId(),
    bundle(wait, { hooks: { prestart: [{ path: slow, timeout: 1 }] } }),
  );
  assert.equal(stderr, `solo5-oci: prestart hook ${slow}: timed out\n`);
  // Those after it are a line in the log.
  const id = newId();
  const log = join(folder, "log");
  await create(
    id,
    bundle(wait, { hooks: { poststart: [{ path: failing }], poststop: [{ path: failing }] } }),
  );
  assert.equal((await oci("--log", log, "--log-format", "json", "start", id)).status, 0);
  assert.equal((await oci("--log", log, "--log-format", "json", "delete", "--force", id)).status, 0);
  const lines = readFileSync(log, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { msg: string });
  assert.deepEqual(
    lines.map(({ msg }) => msg).filter((msg) => msg.includes("hook")),
    ["poststart", "poststop"].map((kind) => `${kind} hook ${failing}: status 3: why`),
  );
});

test(
  "a hook of the start is the container's program, in its namespaces",
  { skip: skip || needs.program("gcc") },
  async () => {
    const id = newId();
    const hook = { path: "/bin/tell", args: ["tell", "/told"] };
    const made = bundle(
      wait,
      { hostname: "inside", hooks: { startContainer: [hook] } },
      {
        "bin/tell": readFileSync(linuxProgram(folder)),
      },
    );
    chmodSync(join(made, "rootfs/bin/tell"), 0o755);
    await create(id, made);
    assert.deepEqual(await oci("start", id), { status: 0, stdout: "", stderr: "" });
    assert.equal(readFileSync(join(made, "rootfs/told"), "latin1"), "inside");
    await oci("delete", "--force", id);
  },
);

test("what is no unikernel is refused, or the host's own runtime's", { skip }, async () => {
  const made = bundle("test_hello.spt", { process: { args: ["/bin/true"] } }, { "bin/true": "#!/bin/sh\n" });
  const refused = await create(newId(), made);
  assert.match(refused.stderr, /^solo5-oci: config\.json: process\.args: \/bin\/true is no unikernel: .*\n$/);
  const runtime = script("runtime", `echo "$@" >> ${join(folder, "passed")}`);
  const id = newId();
  const passing = ["--delegate=all", "--runtime", runtime];
  assert.equal((await oci(...passing, "create", "--bundle", made, id)).status, 0);
  assert.equal((await oci("kill", id, "9")).status, 0);
  assert.equal((await oci("delete", id)).status, 0);
  assert.equal((await oci("state", id)).status, 1);
  const at = `--root ${root}/~delegated`;
  assert.equal(
    readFileSync(join(folder, "passed"), "utf8"),
    `${at} create --bundle ${made} ${id}\n${at} kill ${id} 9\n${at} delete ${id}\n`,
  );
  const sandbox = bundle(
    "test_hello.spt",
    {
      process: { args: ["/bin/true"] },
      annotations: { "io.kubernetes.cri.container-type": "sandbox" },
    },
    { "bin/true": "" },
  );
  const none = await oci("--delegate", "none", "create", "--bundle", sandbox, newId());
  assert.match(none.stderr, /is no unikernel/);
  assert.equal((await oci("--runtime", runtime, "create", "--bundle", sandbox, newId())).status, 0);
});

test("SIGKILL of what makes a container leaves what the next call takes away", { skip }, async () => {
  const id = newId();
  const block = script("block", `echo $PPID > ${join(folder, "creator")}; exec sleep 1000`);
  const made = bundle(wait, { hooks: { createRuntime: [{ path: block, env: ["PATH=/usr/bin:/bin"] }] } });
  const creating = create(id, made);
  await until(
    "the hook runs",
    () => existsSync(join(folder, "creator")) && readFileSync(join(folder, "creator"), "latin1") !== "",
  );
  assert.equal((await state(id)).status, "creating");
  const { init } = JSON.parse(readFileSync(join(root, id, "state.json"), "utf8")) as {
    init: { pid: number };
  };
  process.kill(Number(readFileSync(join(folder, "creator"), "latin1")), "SIGKILL");
  assert.equal((await creating).status, 137);
  assert.equal((await state(id)).status, "stopped");
  assert.equal((await oci("delete", id)).status, 0);
  assert.ok(isGone(init.pid));
});
