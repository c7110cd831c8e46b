// The shell's half of the runtime does what the other does, and leaves to it what it cannot: each call once through both.
import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { commandFile, execute, type Outcome } from "../command.js";
import { needs } from "../needs.js";
import { containers, newId } from "./bundle.js";
import { buildWaiting } from "./programs.js";

const skip = needs.root();
const { bundle, create, oci, root, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { wait } = await buildWaiting("quick");
const whole = join(dirname(commandFile("solo5-oci")), "solo5-oci.cjs");
/** Without the shell. */
const wholly = (...args: readonly string[]): Promise<Outcome> =>
  execute(process.execPath, [whole, "--root", root, ...args]);
/** Without Node, which is not to be found. */
const quickly = (...args: readonly string[]): Promise<Outcome> =>
  execute(
    commandFile("solo5-oci"),
    [
      "--root",
      root,
      "--log",
      "/dev/null",
      "--log-format=json",
      "--runtime",
      "runc",
      "--delegate=none",
      ...args,
    ],
    {
      env: { PATH: "/usr/bin:/bin", HIDDEN: "1" },
    },
  );

test("both give the same state, in each status", { skip }, async () => {
  const id = newId();
  await create(id, bundle(wait, { annotations: { "a b": "c\n\"d'%s\\n" } }));
  const same = async (status: string): Promise<void> => {
    const [quick, other] = [await quickly("state", id), await wholly("state", id)];
    assert.deepEqual(quick, other);
    assert.equal((JSON.parse(quick.stdout) as { status: string }).status, status);
  };
  await same("created");
  assert.deepEqual(await quickly("start", id), { status: 0, stdout: "", stderr: "" });
  await same("running");
  await wholly("pause", id);
  await same("paused");
  await wholly("resume", id);
  const { pid } = await state(id);
  await wholly("kill", id, "KILL");
  while (existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "latin1")));
  await same("stopped");
  const cgroup = join(
    "/sys/fs/cgroup",
    existsSync("/sys/fs/cgroup/cgroup.procs") ? "" : "memory",
    `solo5-${id}`,
  );
  assert.ok(existsSync(cgroup));
  assert.deepEqual(await quickly("delete", id), { status: 0, stdout: "", stderr: "" });
  assert.ok(!existsSync(join(root, id)) && !existsSync(cgroup));
  assert.deepEqual(await quickly("delete", "--force", id), { status: 0, stdout: "", stderr: "" });
});

test("what the shell cannot do, the other does", { skip }, async () => {
  const id = newId();
  const hooks = { poststop: [{ path: "/bin/true" }] };
  await create(id, bundle(wait, { hooks }));
  assert.ok(!existsSync(join(root, id, "quick")));
  assert.equal((await oci("start", id)).status, 0);
  assert.match((await oci("start", id)).stderr, /it is running, and cannot be started\n$/);
  assert.equal((await oci("delete", "--force", id)).status, 0);
  // A file that is not whole is not trusted.
  const other = newId();
  await create(other, bundle(wait));
  renameSync(join(root, other, "start"), join(root, other, "quick"));
  assert.match((await oci("start", other)).stderr, /it is running, and cannot be started\n$/);
  assert.equal((await oci("delete", "-f", other)).status, 0);
  for (const args of [["state"], ["state", "../x"], ["start", "none"], ["delete", "a", "b"], ["nothing"]])
    assert.deepEqual(await oci(...args), await wholly(...args), args.join(" "));
});
