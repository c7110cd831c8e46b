// The command line as users of other runtimes know it: each of their options is taken, or its command is refused with one line.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { needs } from "../needs.js";
import { containers, newId } from "./bundle.js";
import { buildWaiting } from "./programs.js";

const skip = needs.root();
const { bundle, create, folder, oci, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { wait } = await buildWaiting("command-line");

const isUnified = existsSync("/sys/fs/cgroup/cgroup.procs");
/** What the kernel has for a limit of the container. */
const limit = (id: string, controller: string, v1: string, v2 = v1): string => {
  const folders = isUnified ? [`solo5-${id}`, v2] : [controller, `solo5-${id}`, v1];
  return readFileSync(join("/sys/fs/cgroup", ...folders), "latin1").trim();
};

test("update: limits on the command line, and in a file", { skip }, async () => {
  const id = newId();
  assert.equal((await create(id, bundle(wait))).status, 0);
  const options = ["--memory", "64m", "--pids-limit=5", "--cpu-quota", "20000", "--kernel-memory", "1g"];
  assert.deepEqual(await oci("update", ...options, id), { status: 0, stdout: "", stderr: "" });
  const memory = () => limit(id, "memory", "memory.limit_in_bytes", "memory.max");
  assert.equal(memory(), String(64 << 20));
  assert.equal(limit(id, "pids", "pids.max"), "5");
  assert.match(limit(id, "cpu", "cpu.cfs_quota_us", "cpu.max"), /^20000\b/);
  const file = join(folder, "limits.json");
  writeFileSync(file, '{"memory":{"limit":33554432},"cpu":null}');
  assert.equal((await oci("update", "-r", file, id)).status, 0);
  assert.equal(memory(), String(32 << 20));
  for (const [content, reason] of [
    ['{"memory":{"limit":"x"}}', "config.json: linux.resources.memory.limit: must be an integer"],
    ["[]", "config.json: linux.resources: must be an object"],
    ["{", /^update: \S+limits\.json: [^\n]*JSON[^\n]*$/],
  ] as const) {
    writeFileSync(file, content);
    const { status, stderr } = await oci("update", "--resources", file, id);
    assert.equal(status, 1);
    const line = stderr.slice("solo5-oci: ".length, -1);
    if (typeof reason === "string") assert.equal(line, reason);
    else assert.match(line, reason);
  }
  assert.equal(
    (await oci("update", "--memory", "64q", id)).stderr,
    "solo5-oci: update: --memory: '64q' is no number\n",
  );
  assert.equal(memory(), String(32 << 20));
  assert.equal((await oci("delete", "--force", id)).status, 0);
});

test("options and commands of other runtimes", { skip }, async () => {
  const id = newId();
  const creation = ["--no-pivot", "--no-new-keyring", "--no-subreaper", "--preserve-fds", "0"];
  assert.equal((await create(id, bundle(wait), ...creation)).status, 0);
  assert.match((await oci("ps", id, "-ef")).stdout, /^PID\n\d+\n$/);
  const one = `solo5-oci: container '${id}': `;
  const program = `${one}it is a unikernel, which has one program: exec cannot add another\n`;
  const checkpoints = `${one}it is a unikernel, which has no checkpoints\n`;
  const format = "solo5-oci: --format: 'yaml' is neither table nor json\n";
  for (const [args, stderr] of [
    [["exec", "--cap", "CAP_SYS_ADMIN", "--tty", "--ignore-paused", id, "ls", "--all"], program],
    [["exec", id], program],
    [["checkpoint", "--image-path", "/x", "--leave-running", id], checkpoints],
    [["restore", "--image-path", "/x", "--bundle", "/y", id], checkpoints],
    [["events", "--interval=5s", "--stats", id], `${one}there are no events: the files of its cgroup have the figures\n`],
    [["list", "--format=yaml"], format],
    [["ps", "-f", "yaml", id], format],
  ] as const)
    assert.deepEqual(await oci(...args), { status: 1, stdout: "", stderr });
  assert.equal((await oci("delete", "--force", id)).status, 0);
}); // prettier-ignore
