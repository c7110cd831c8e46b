// What makes a container is killed at each thing that it does to the system: what it leaves, the next call takes away. And a hundred
// containers at once.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createNamespace } from "../namespace.js";
import { needs, needsAll } from "../needs.js";
import { until } from "../until.js";
import { containers, isSmall, newId, runtimeCommand } from "./bundle.js";
import { cgroupsNamed } from "./cgroups.js";
import { buildWaiting } from "./programs.js";

const skip = needsAll(needs.containers(), needs.program("strace", "ip", "tc"));
const { bundle, create, oci, root, state, ...rest } = containers();
after(() => rest[Symbol.dispose]());
const { nic, wait } = await buildWaiting("killed");
/** What changes the system, or is waited for; the first thread makes all of these. */
const calls = [...(isSmall() ? ["mkdirat", "renameat2", "clone", "openat", "close"] : ["mkdir", "rename"]), "memfd_create", "pipe2", "socketpair", "sendmsg", "mknodat", "setns", "ioctl", "write", "read"]; // prettier-ignore
/** Of frequent ones a part. */
const samplesMax = 8;

test("SIGKILL at every call", { skip }, async () => {
  using pod = createNamespace();
  pod.ip("link", "add", "eth0", "type", "veth", "peer", "name", "far");
  pod.ip("address", "add", "10.1.1.2/24", "dev", "eth0");
  for (const name of ["far", "eth0"]) pod.ip("link", "set", name, "up");
  const made = bundle(nic, { linux: { namespaces: [{ type: "network", path: `/run/netns/${pod.name}` }, { type: "mount" }] } });
  const strace = (id: string, ...options: readonly string[]) =>
    spawnSync("strace", [...options, ...runtimeCommand(), "--root", root, "create", "--bundle", made, id], { stdio: ["ignore", "ignore", "ignore"] });
  const counted = newId();
  const table = join(made, "counts");
  strace(counted, "-c", "-o", table, "-e", `trace=${calls.join(",")}`);
  await oci("delete", "--force", counted);
  // Share, seconds, microseconds a call, calls, errors if any, name.
  const counts = new Map(
    readFileSync(table, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/ +/))
      .map((columns) => [columns.at(-1), Number(columns[3])]),
  );
  let killed = 0;
  for (const call of calls) {
    const count = counts.get(call) ?? 0;
    assert.ok(count > 0, `${call} is not made`);
    const step = Math.max(1, count / samplesMax);
    for (let at = count; at >= 1; at -= step) {
      const when = Math.ceil(at);
      const id = newId();
      const { signal, status } = strace(id, "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:signal=KILL:when=${when}`);
      if (signal === "SIGKILL" || status === 137) killed++;
      const place = `${call} ${when} of ${count}`;
      // Whatever is there has a state, or is not there; delete takes it away; then there is nothing, and the id is free.
      const { stdout } = await oci("state", id);
      if (stdout !== "") assert.match(stdout, /"status":"(stopped|created)"/, place);
      assert.equal((await oci("delete", "--force", id)).status, 0, place);
      assert.deepEqual(readdirSync(root).filter((name) => name === id), [], place);
      assert.deepEqual(cgroupsNamed(`solo5-${id}`), [], place);
      assert.doesNotMatch(execFileSync("ip", ["-n", pod.name, "-br", "link"], { encoding: "utf8" }), /solo5/, place);
      assert.equal(execFileSync("tc", ["-n", pod.name, "qdisc", "show", "ingress"], { encoding: "utf8" }), "", place);
      assert.match(execFileSync("ip", ["-n", pod.name, "route", "show", "table", "local", "10.1.1.2"], { encoding: "utf8" }), /dev eth0/, place);
    }
  }
  assert.ok(killed > 3 * calls.length, `${killed} were killed`);
  // Nothing of them runs: none of our unikernels is in the pod's namespace.
  assert.equal(execFileSync("ip", ["netns", "pids", pod.name], { encoding: "utf8" }), "");
  const last = newId();
  assert.equal((await create(last, made)).stderr, "");
  await oci("delete", "--force", last);
  assert.deepEqual(readdirSync(root), []);
}); // prettier-ignore

test("a hundred containers at once", { skip }, async () => {
  const made = bundle(wait);
  const ids = Array.from({ length: 100 }, newId);
  const each = async (work: (id: string) => Promise<{ readonly status: number; readonly stderr: string }>): Promise<void> => {
    const left = [...ids];
    const worker = async (): Promise<void> => {
      for (let id; (id = left.pop()) !== undefined;) {
        const { status, stderr } = await work(id);
        assert.deepEqual([status, stderr], [0, ""]);
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
  };
  await each((id) => create(id, made));
  await each((id) => oci("start", id));
  const { stdout } = await oci("list");
  assert.equal(stdout.match(/ running /g)?.length, ids.length);
  await each((id) => oci("kill", id, "KILL"));
  await each((id) => oci("delete", "--force", id));
  assert.deepEqual(readdirSync(root), []);
  assert.ok(!ids.some((id) => existsSync(`/sys/fs/cgroup/memory/solo5-${id}`)));
}); // prettier-ignore

test("a child that speaks before its parent has told of it", { skip }, async () => {
  const made = bundle(wait, { linux: { namespaces: [{ type: "pid", path: "/proc/self/ns/pid" }] } });
  const id = newId();
  // The one who forks comes back from it late.
  const late = ["-f", "-o", "/dev/null", "-e", "trace=clone", "-e", "inject=clone:delay_exit=100000"];
  const args = [...late, ...runtimeCommand(), "--root", root, "create", "--bundle", made, id];
  const child = spawn("strace", args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  const isThere = () => existsSync(join(root, id, "quick")) || child.exitCode !== null;
  await until("it is made, or has failed", isThere);
  assert.equal((await state(id)).status, "created");
  // strace goes with the last that it follows.
  assert.equal((await oci("delete", "--force", id)).status, 0);
  await ended;
});
