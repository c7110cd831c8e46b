// podman, containerd and docker as their users type them, with unikernels for containers: each from an image to nothing.
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { execute, selfTest } from "../command.js";
import { needs } from "../needs.js";
import { projectRoot } from "../project.js";
import { until } from "../until.js";
import { buildWaiting } from "./programs.js";
import { cgroupsNamed } from "./cgroups.js";
import { createRig, startContainerd } from "./managers.js";

const skip = needs.containers();
const { wait } = await buildWaiting("managers");
const web = join(projectRoot, "dist/guest/demo/web.spt");
const says = /Hello, World\nCommand line is: 'one two'\nSUCCESS/;

/** What names of containers still have of the machine. */
const left = (id: string): readonly string[] => [
  ...cgroupsNamed(id),
  ...(existsSync("/run/solo5-oci") ? readdirSync("/run/solo5-oci").filter((name) => name === id) : []),
]; // prettier-ignore

test("podman", { skip }, async () => {
  await using rig = createRig();
  const at = (name: string): string => join(rig.folder, name);
  const podman = ["--root", at("root"), "--runroot", at("run"), "--cgroup-manager", "cgroupfs", "--runtime", rig.runtime];
  const call = (...args: readonly string[]): Promise<string> => rig.done("podman", [...podman, ...args]);
  for (const [name, kernel] of [["hello", selfTest("test_hello.spt")], ["web", web], ["wait", wait], ["blk", selfTest("test_blk.spt")]] as const)
    await call("load", "-q", "-i", await rig.image(name, kernel));
  assert.match(await call("run", "--rm", "--network=none", "localhost/hello", "one", "two"), says);

  const id = (await call("run", "-d", "--name", "web", "--memory", "64m", "localhost/web")).trim();
  const address = (await call("inspect", "web", "--format", "{{.NetworkSettings.IPAddress}}")).trim();
  assert.equal(await rig.done("curl", ["-sS", `http://${address}/`]), "A unikernel says hello.\n");
  assert.match(await call("logs", "web"), /Memory map: 62 MB[^]*Serving/);
  assert.match(await call("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", "web"), /B \/ 67\.11MB 1/);
  assert.match((await rig.execute("podman", [...podman, "exec", "web", "ls"])).stderr, /it is a unikernel, which has one program/);
  await call("pause", "web");
  assert.equal((await call("inspect", "web", "--format", "{{.State.Status}}")).trim(), "paused");
  await call("unpause", "web");
  await call("stop", "web");
  assert.equal((await call("inspect", "web", "--format", "{{.State.ExitCode}}")).trim(), "143");
  await call("start", "web");
  assert.equal(await rig.done("curl", ["-sS", "--retry-connrefused", "--retry", "9", `http://${(await call("inspect", "web", "--format", "{{.NetworkSettings.IPAddress}}")).trim()}/`]), "A unikernel says hello.\n");
  await call("rm", "-f", "web");
  assert.deepEqual(left(id), []);

  // A disk, and a terminal.
  const disk = at("disk");
  writeFileSync(disk, new Uint8Array(0x10000));
  assert.match(await call("run", "--rm", "--network=none", "-v", `${disk}:/dev/storage`, "localhost/blk"), /SUCCESS/);
  // Standard input stays open, as at a keyboard: where it is at its end, podman 4.3 loses the output of one short container in five, runc's too.
  const typed = await execute("script", ["-qec", ["nsenter", `--net=/proc/${process.pid}/ns/net`, "podman", ...podman, "run", "--rm", "-it", "--network=none", "localhost/hello", "one", "two"].join(" "), "/dev/null"], { stdio: "pipe" });
  assert.match(typed.stdout.replaceAll("\r", ""), says);
  assert.match((await rig.execute("podman", [...podman, "run", "--rm", "--network=none", "--entrypoint", "/none", "localhost/hello"])).stderr, /process\.args: \/none: No such file or directory/);
}); // prettier-ignore

test("containerd's ctr", { skip }, async () => {
  await using rig = createRig();
  const ctr = await startContainerd(rig);
  const call = (...args: readonly string[]): Promise<string> => rig.done("ctr", [...ctr, ...args]);
  await call("images", "import", await rig.image("hello", selfTest("test_hello.spt"), "--", "one", "two"));
  await call("images", "import", await rig.image("wait", wait));
  const run = ["run", "--runc-binary", rig.runtime];
  assert.match(await call(...run, "--rm", "localhost/hello:latest", "h"), says);
  await call(...run, "--detach", "localhost/wait:latest", "w");
  await until("it runs", async () => /w +\d+ +RUNNING/.test(await call("task", "ls")));
  assert.match(await call("task", "metrics", "w"), /memory\.usage_in_bytes +\d+/);
  await call("task", "pause", "w");
  assert.match(await call("task", "ls"), /w +\d+ +PAUSED/);
  await call("task", "resume", "w");
  await call("task", "kill", "--signal", "SIGTERM", "w");
  await until("it has ended", async () => /w +\d+ +STOPPED/.test(await call("task", "ls")));
  const { stderr } = await rig.execute("ctr", [...ctr, "task", "rm", "w"]);
  assert.match(stderr, /exit code 143/);
  await call("container", "rm", "w");
  assert.deepEqual(left("default/w"), []);
});

test("docker", { skip }, async () => {
  await using rig = createRig();
  const at = (name: string): string => join(rig.folder, name);
  await startContainerd(rig);
  const host = `unix://${at("docker.sock")}`;
  const settings = {
    "data-root": at("docker"),
    "exec-root": at("docker-exec"),
    pidfile: at("docker.pid"),
    hosts: [host],
    containerd: at("containerd.sock"),
    runtimes: { solo5: { path: rig.runtime } },
  };
  writeFileSync(at("daemon.json"), JSON.stringify(settings));
  // A `docker` that is first in PATH may be another program.
  const docker = (...args: readonly string[]) => rig.execute("/usr/bin/docker", ["--host", host, ...args]);
  const call = (...args: readonly string[]): Promise<string> =>
    rig.done("/usr/bin/docker", ["--host", host, ...args]);
  await rig.daemon(
    "dockerd",
    ["--config-file", at("daemon.json")],
    async () => (await docker("info")).status === 0,
  );
  for (const [name, kernel] of [
    ["hello", selfTest("test_hello.spt")],
    ["web", web],
  ] as const)
    await call("load", "-q", "-i", await rig.image(name, kernel));
  assert.match(await call("run", "--rm", "--runtime=solo5", "localhost/hello", "one", "two"), says);
  const id = (
    await call("run", "-d", "--name=web", "--runtime=solo5", "--memory=64m", "localhost/web")
  ).trim();
  const address = (await call("inspect", "web", "--format", "{{.NetworkSettings.IPAddress}}")).trim();
  assert.equal(
    await rig.done("curl", ["-sS", "--retry-connrefused", "--retry", "9", `http://${address}/`]),
    "A unikernel says hello.\n",
  );
  assert.match(
    await call("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", "web"),
    /B \/ 64MiB 1/,
  );
  assert.match(
    (await docker("exec", "web", "ls")).stdout + (await docker("exec", "web", "ls")).stderr,
    /it is a unikernel/,
  );
  await call("stop", "web");
  assert.equal((await call("inspect", "web", "--format", "{{.State.ExitCode}}")).trim(), "143");
  await call("rm", "web");
  assert.deepEqual(left(id), []);
});
